import { type Pass, type Tensor, tunable } from "../../core/mod.ts";
import { multiHead } from "../attention/grouped.ts";
import type { AttentionKind } from "../attention/types.ts";
import { conv2d } from "../conv2d.ts";
import { dropout } from "../dropout.ts";
import { layerNorm } from "../group_norm.ts";
import { normalOf, zeros } from "../initialisers.ts";
import { linear } from "../linear.ts";
import { mlp, type MlpActivation } from "../mlp.ts";
import { normalise, type NormaliseOptions } from "../normalise.ts";
import { toImages } from "../reshape.ts";
import { preNormBlock, type SequenceLayer, type Sequences } from "../sequences.ts";
import { type WeightOptions, weightSpec } from "../weights.ts";
import { type Encoder, encoder, firstTokens } from "./encoder.ts";
import { withPlaces } from "./gpt.ts";
import { formatsOf, type NetworkFamily, networks, scaled } from "./types.ts";

/**
 * Settings of {@linkcode vit}.
 *
 * @example Blocks in low rank
 * ```ts
 * import { vit, type VitOptions } from "@rankflow/rankflow";
 * import { assertGreater } from "@std/assert";
 *
 * const options: VitOptions = {
 *   ...{ image: [8, 8, 1], patch: 4, classes: 2, width: 16, heads: 2, blocks: 1 },
 *   matrices: { format: "low-rank", rank: 4 },
 * };
 * assertGreater(vit(options).weights.filter((w) => w.format === "low-rank").length, 3);
 * ```
 */
export interface VitOptions {
  /** Height, width and channels of the images. */
  readonly image: readonly [number, number, number];
  /** Height and width of a patch; what is left of an image at the right and below is not seen. */
  readonly patch: number;
  /** Number of classes. */
  readonly classes: number;
  /** Entries of a token; default 64. */
  readonly width?: number;
  /** Heads; default 4. */
  readonly heads?: number;
  /** Blocks; default 4. */
  readonly blocks?: number;
  /** Entries between the maps of a perceptron; default 4 times the width. */
  readonly inner?: number;
  /** Kind of attention; default "mha". */
  readonly attention?: AttentionKind;
  /** Whether the maps to queries, keys and values have biases; default true. */
  readonly bias?: boolean;
  /** What follows the first map of a perceptron; default "gelu". */
  readonly activation?: MlpActivation;
  /** Added to the variances of norms; default 1e-12. */
  readonly epsilon?: number;
  /** Share of entries that dropout sets to zero; default 0. */
  readonly dropout?: number;
  /** Standard deviation of matrices and positions at the start; default 0.02. */
  readonly deviation?: number;
  /** How the matrices of blocks are stored; default in full. */
  readonly matrices?: WeightOptions;
  /** How the classifier is stored; default in full. */
  readonly classifier?: WeightOptions;
  /** Constants by which the images are normalised; default: they are taken as they are. */
  readonly normalisation?: NormaliseOptions;
}

/**
 * The vision transformer (Dosovitskiy et al., ICLR 2021): patches as tokens, row by row behind a
 * token for the class, places added, pre-norm blocks in which all see all, and a map from the token
 * for the class to logits.
 *
 * @returns A network from images, batch×(h w c), to logits.
 * @throws {RangeError} When a patch is larger than the image, or a setting makes no sense.
 *
 * @example For drawn digits
 * ```ts
 * import { vit } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const { weights } = vit({ image: [28, 28, 1], patch: 7, classes: 10 });
 * assertEquals(weights.find((w) => w.name === "positions.weight")!.shape, [17, 64]);
 * ```
 */
export function vit(options: VitOptions): Encoder {
  const { image, patch, classes, width = 64, blocks = 4, epsilon = 1e-12 } = options;
  const { deviation = 0.02, normalisation } = options;
  const [rows, columns] = [image[0], image[1]].map((n) => Math.floor(n / patch)) as [
    number,
    number,
  ];
  if (rows < 1 || columns < 1) {
    throw new RangeError(
      `Cannot make the network: expected patches within ${image.join("×")}, got ${patch}×${patch}`,
    );
  }
  const tokens = rows * columns + 1;
  const images = toImages(image);
  const constants = normalisation && normalise(normalisation);
  const cut = { size: patch, strides: patch, padding: "valid" } as const;
  const patches = conv2d({ ...cut, name: "patches", inputs: image[2], outputs: width });
  const token = weightSpec("class", [width], normalOf(1e-6));
  const places = weightSpec("positions.weight", [tokens, width], normalOf(deviation));
  const norm = layerNorm({ name: "norm", channels: width, epsilon });
  const logits = linear({
    ...{ initialiser: zeros, ...options.classifier },
    ...{ name: "classifier", inputs: width, outputs: classes },
  });
  const drop = dropout({ name: "embedding.dropout", rate: options.dropout ?? 0 });
  return encoder({
    input: { image },
    weights: [...patches.weights, token, places, ...norm.weights, ...logits.weights],
    blocks: Array.from({ length: blocks }, (_, i) => block(`block${i + 1}`, options)),
    embed(pass, x) {
      const batch = x.shape[0]!;
      const sequences = { batch, tokens };
      const seen = images.forward(pass, x);
      const cells = patches.forward(pass, constants ? constants.forward(pass, seen) : seen);
      const all = behindToken(pass, cells, pass.dense(token.name), sequences);
      return {
        x: drop.forward(pass, withPlaces(pass, all, pass.dense(places.name), sequences)),
        sequences,
      };
    },
    head: (pass, x, sequences) =>
      logits.forward(pass, norm.forward(pass, firstTokens(pass, x, sequences))),
  });
}

/** Patches of images, B×rows×columns×width, as rows of tokens with one for the class in front. */
function behindToken(
  { engine }: Pass,
  cells: Tensor,
  token: Tensor,
  { batch, tokens }: Sequences,
): Tensor {
  const width = token.size;
  const first = engine.add(engine.zeros([batch, 1, width]), token);
  const patches = engine.reshape(cells, [batch, tokens - 1, width]);
  return engine.reshape(engine.concat([first, patches], 1), [batch * tokens, width]);
}

function block(name: string, options: VitOptions): SequenceLayer {
  const { width = 64, heads = 4, bias = true, epsilon = 1e-12, matrices = {} } = options;
  const { attention = multiHead, activation = "gelu", deviation = 0.02 } = options;
  const initialiser = normalOf(deviation);
  const norm = (part: string) => layerNorm({ name: `${name}.${part}`, channels: width, epsilon });
  const drop = (part: string) =>
    dropout({ name: `${name}.${part}.dropout`, rate: options.dropout ?? 0 });
  return preNormBlock({
    norm1: norm("norm1"),
    attention: attention.create({
      ...{ name: `${name}.attention`, width, heads, bias, outputBias: true },
      ...{ matrices, initialiser },
    }),
    norm2: norm("norm2"),
    mlp: mlp({
      ...{ ...matrices, initialiser, name: `${name}.mlp`, width, activation },
      ...(options.inner === undefined ? {} : { inner: options.inner }),
    }),
    dropout: [drop("attention"), drop("mlp")],
  });
}

const count = (description: string) => ({ integer: true, min: 1, description });

/** Small vision transformers, for images of any kind. */
export const vitFamily: NetworkFamily = tunable(networks, {
  name: "vit",
  description: "vision transformer: patches as tokens, four blocks of 64 entries and 4 heads",
  defaults: { patch: 4, size: 64, heads: 4, blocks: 4 },
  limits: {
    patch: count("height and width of a patch"),
    size: count("entries of a token at width 1"),
    heads: count("heads"),
    blocks: count("blocks"),
  },
  make: ({ patch, size, heads, blocks }) => ({
    create(o) {
      const { matrices, classifier } = formatsOf(o);
      const { initialiser: _, ...own } = matrices;
      return vit({
        ...{ image: o.shape, patch, classes: o.classes, heads, blocks },
        width: heads * Math.max(1, Math.round(scaled(size, o) / heads)),
        matrices: own,
        classifier,
        ...(o.dropout === undefined ? {} : { dropout: o.dropout }),
        ...(o.normalisation ? { normalisation: o.normalisation } : {}),
      });
    },
  }),
});
