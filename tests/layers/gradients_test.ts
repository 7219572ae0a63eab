/** Every layer's derivatives, in its input and its weights, against difference quotients. */

import { assert, assertEquals } from "@std/assert";
import { type Layer, matrix, Random } from "../../core/mod.ts";
import * as layers from "../../layers/mod.ts";
import {
  activate,
  attentions,
  averagePool,
  batchNorm,
  conservations,
  conv2d,
  conv2dTranspose,
  deepOnet,
  depthwiseConv2d,
  disentangled,
  dropout,
  flatten,
  gatedMlp,
  globalAveragePool,
  groupNorm,
  inputConvex,
  kaimingNormal,
  layerNorm,
  linear,
  maxPool,
  mlp,
  normalise,
  perceptron,
  planesToImages,
  postNormBlock,
  preNormBlock,
  residual,
  resizeImages,
  rmsNorm,
  type SequenceLayer,
  sequential,
  toImages,
  vit,
} from "../../layers/mod.ts";
import { cpuBackends, onBackend } from "../support/algebras.ts";
import { slopesOf, spacedValues } from "../support/layer_gradients.ts";
import { methodOf } from "../support/training.ts";

/** A row of the table: a layer and the shape of what comes in. */
interface Row {
  readonly of: string;
  readonly layer: Layer;
  readonly shape: readonly number[];
}

const activation = "tanh";
const IMAGES = [2, 5, 6, 4] as const;
const rank = 2;
const conv = (more: Partial<Parameters<typeof conv2d>[0]>): Layer =>
  conv2d({ name: "a", inputs: 4, outputs: 6, size: 3, activation, ...more });

/** A layer over rows of tokens, as two sequences of five. */
const over = (layer: SequenceLayer): Layer => ({
  weights: layer.weights,
  forward: (pass, x) => layer.forward(pass, x, { batch: 2, tokens: 5 }),
});
const TOKENS = [10, 8] as const;
const attention = (kind: string, rotary = false): SequenceLayer =>
  attentions.get(kind).create({
    // Without positions softmax does not see the biases of keys.
    ...{ name: "a", width: 8, heads: 2, causal: true, bias: rotary },
    ...(rotary ? { rotary: {} } : {}),
    initialiser: kaimingNormal,
  });
/** Attention with vectors of distances, which are a weight, too. */
function byDistance(): Layer {
  const { weights } = linear({ name: "far", inputs: 8, outputs: 8, bias: false });
  const kind = disentangled({ buckets: 4, farthest: 5 }, (pass) => pass.dense("far.weight"));
  const layer = kind.create({ name: "a", width: 8, heads: 2, initialiser: kaimingNormal });
  return over({ ...layer, weights: [...layer.weights, ...weights] });
}
const blockParts = {
  norm1: layerNorm({ name: "n1", channels: 8 }),
  attention: attention("mqa", true),
  norm2: rmsNorm({ name: "n2", channels: 8 }),
  mlp: mlp({ name: "m", width: 8, inner: 9 }),
};

const ROWS: Readonly<Record<string, Row>> = {
  "linear": { of: "linear", layer: linear({ name: "a", inputs: 7, outputs: 5 }), shape: [3, 7] },
  "input-convex network": {
    of: "inputConvex",
    layer: inputConvex({ inputs: 7, widths: [6, 5] }),
    shape: [3, 7],
  },
  ...Object.fromEntries(
    ["bias", "hard-gram", "hard-special"].map((conservation) => [
      `operator network, ${conservation}`,
      {
        of: "deepOnet",
        layer: deepOnet({
          domain: {
            nodes: matrix([-0.9, -0.5, -0.1, 0.2, 0.6, 0.8], 6, 1),
            weights: Float64Array.of(0.2, 0.4, 0.4, 0.3, 0.3, 0.4),
            invariants: matrix(new Float64Array(6).fill(1), 6, 1),
          },
          branch: [4],
          trunk: [5],
          modes: 2,
          conservation: conservations.get(conservation),
        }),
        shape: [3, 6],
      },
    ]),
  ),
  "perceptron": {
    of: "perceptron",
    layer: perceptron({ sizes: [7, 6, 5], activation }),
    shape: [3, 7],
  },
  "conv2d": { of: "conv2d", layer: conv({}), shape: IMAGES },
  "conv2d, stride 2, valid": {
    of: "conv2d",
    layer: conv({ strides: 2, padding: "valid" }),
    shape: IMAGES,
  },
  "conv2d, dilated, uneven": {
    of: "conv2d",
    layer: conv({ dilations: [2, 1], padding: { top: 1, bottom: 2, left: 0, right: 1 } }),
    shape: IMAGES,
  },
  "conv2d, groups": { of: "conv2d", layer: conv({ groups: 2 }), shape: IMAGES },
  "conv2d, low-rank": { of: "conv2d", layer: conv({ format: "low-rank", rank }), shape: IMAGES },
  "conv2d, tucker": { of: "conv2d", layer: conv({ format: "tucker", rank }), shape: IMAGES },
  "conv2d, tucker, stride 2": {
    of: "conv2d",
    layer: conv({ format: "tucker", rank, strides: 2, padding: 1 }),
    shape: IMAGES,
  },
  "conv2d, factored-low-rank": {
    of: "conv2d",
    layer: conv({ format: "factored-low-rank", rank }),
    shape: IMAGES,
  },
  "conv2d, factored-tucker": {
    of: "conv2d",
    layer: conv({ format: "factored-tucker", rank }),
    shape: IMAGES,
  },
  "depthwiseConv2d": {
    of: "depthwiseConv2d",
    layer: depthwiseConv2d({ name: "a", inputs: 4, multiplier: 2, size: 3, activation }),
    shape: IMAGES,
  },
  "conv2dTranspose": {
    of: "conv2dTranspose",
    layer: conv2dTranspose({ name: "a", inputs: 4, outputs: 3, size: 3, strides: 2, activation }),
    shape: IMAGES,
  },
  "batchNorm": {
    of: "batchNorm",
    layer: batchNorm({ name: "a", channels: 4, activation }),
    shape: IMAGES,
  },
  "groupNorm": {
    of: "groupNorm",
    layer: groupNorm({ name: "a", channels: 4, groups: 2, activation }),
    shape: IMAGES,
  },
  "layerNorm": {
    of: "layerNorm",
    layer: layerNorm({ name: "a", channels: 6, activation }),
    shape: [4, 6],
  },
  "layerNorm without shift": {
    of: "layerNorm",
    layer: layerNorm({ name: "a", channels: 6, shift: false }),
    shape: [4, 6],
  },
  "rmsNorm": { of: "rmsNorm", layer: rmsNorm({ name: "a", channels: 6 }), shape: [4, 6] },
  "mlp": { of: "mlp", layer: mlp({ name: "a", width: 8, activation: "gelu" }), shape: TOKENS },
  "gatedMlp": { of: "gatedMlp", layer: gatedMlp({ name: "a", width: 8, inner: 6 }), shape: TOKENS },
  ...Object.fromEntries(
    ["mha", "gqa", "mqa", "mla", "tucker"].flatMap((kind) =>
      [false, true].map((rotary) => [
        `attention ${kind}${rotary ? ", rotary" : ""}`,
        { of: "scaledAttention", layer: over(attention(kind, rotary)), shape: TOKENS },
      ])
    ),
  ),
  "attention disentangled": { of: "disentangled", layer: byDistance(), shape: TOKENS },
  "preNormBlock": { of: "preNormBlock", layer: over(preNormBlock(blockParts)), shape: TOKENS },
  "postNormBlock": { of: "postNormBlock", layer: over(postNormBlock(blockParts)), shape: TOKENS },
  "vit": {
    of: "vit",
    layer: vit({
      ...{
        image: [5, 6, 4],
        patch: 2,
        classes: 3,
        width: 8,
        heads: 2,
        blocks: 1,
        deviation: 0.3,
        bias: false,
      },
      classifier: { initialiser: kaimingNormal },
    }),
    shape: IMAGES,
  },
  "maxPool": { of: "maxPool", layer: maxPool({ size: 2 }), shape: IMAGES },
  "maxPool, overlapping": {
    of: "maxPool",
    layer: maxPool({ size: 3, strides: 2, padding: 1 }),
    shape: IMAGES,
  },
  "averagePool": {
    of: "averagePool",
    layer: averagePool({ size: 3, strides: 2, padding: "same" }),
    shape: IMAGES,
  },
  "resizeImages": {
    of: "resizeImages",
    layer: resizeImages([3, 4, 3], [5, 3, 1]),
    shape: [2, 3, 4, 3],
  },
  "globalAveragePool": { of: "globalAveragePool", layer: globalAveragePool(), shape: IMAGES },
  "dropout": { of: "dropout", layer: dropout({ name: "a", rate: 0.4 }), shape: IMAGES },
  "activate": { of: "activate", layer: activate("softplus"), shape: IMAGES },
  "normalise": {
    of: "normalise",
    layer: normalise({ mean: [0.1, 0.2, 0.3, 0.4], deviation: [0.5, 1, 2, 0.25] }),
    shape: IMAGES,
  },
  "toImages": { of: "toImages", layer: toImages([5, 6, 4]), shape: [2, 120] },
  "flatten": { of: "flatten", layer: flatten(), shape: IMAGES },
  "planesToImages": { of: "planesToImages", layer: planesToImages([4, 5, 6]), shape: [2, 120] },
  "residual": {
    of: "residual",
    layer: residual({ body: conv({ outputs: 4 }), activation: "sigmoid" }),
    shape: IMAGES,
  },
  "residual with a shortcut": {
    of: "residual",
    layer: residual({ body: conv({}), shortcut: conv({ name: "b", size: 1 }) }),
    shape: IMAGES,
  },
  "sequential": {
    of: "sequential",
    layer: sequential([conv({}), batchNorm({ name: "n", channels: 6 }), averagePool({ size: 2 })]),
    shape: IMAGES,
  },
};

/** Exports that make no layer, or one whose input has no derivative. */
const NO_LAYERS = [
  ...["channelsLast", "embedding", "initialisers", "networks", "normalOf", "rotaryFrequencies"],
  // Networks of these layers, most of them from tokens.
  ...[
    "bert",
    "deberta",
    "distanceRow",
    "encoder",
    "gpt",
    "isEncoder",
    "isLanguageModel",
    "languageModel",
    "llama",
    "AttentionMemory",
  ],
  ...["drawToken", "generateTokens", "tuckerOfHeads", "withTuckerAttention"],
  ...["asBert", "asDeberta", "asLlama", "asVit", "gptAsGpt2"],
  ...["forImagesOf", "pretrainedBase", "pretrainedOf", "pretrainedStates", "pretrainedTensors"],
  ...["attachedAdapter", "exportedAdapter"],
];

Deno.test("every layer is in the table", () => {
  const made = Object.entries(layers)
    .filter(([name, value]) => typeof value === "function" && !NO_LAYERS.includes(name))
    .map(([name]) => name);
  assertEquals([...new Set(Object.values(ROWS).map((row) => row.of))].sort(), made.sort());
});

for (const backend of cpuBackends) {
  for (const [title, { layer, shape }] of Object.entries(ROWS)) {
    Deno.test({
      ...await onBackend(backend, `derivatives of ${title}`),
      fn: async () => {
        const method = await methodOf({ backend });
        const before = method.engine.memory().numTensors;
        const size = shape.reduce((n, d) => n * d, 1);
        const x = spacedValues(new Random(4), size);
        for (const training of [true, false]) {
          for (const s of await slopesOf(method, layer, x, shape, training)) {
            const error = Math.abs(s.gradient - s.quotient);
            assert(
              error <= 5e-4 * s.scale,
              `${s.of}, training ${training}: slope ${s.gradient}, quotient ${s.quotient}`,
            );
            assert(s.scale > 1e-3, `${s.of} has no derivative to speak of`);
          }
        }
        assertEquals(method.engine.memory().numTensors, before);
      },
    });
  }
}
