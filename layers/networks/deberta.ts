import { sizeOf } from "../../core/mod.ts";
import { disentangled, type Distances } from "../attention/disentangled.ts";
import { layerNorm } from "../group_norm.ts";
import { normalOf } from "../initialisers.ts";
import { linear } from "../linear.ts";
import { weightSpec } from "../weights.ts";
import { type BertOptions, encoderBlock } from "./bert.ts";
import { type Encoder, encoder, firstTokens } from "./encoder.ts";
import { requireTokens } from "./language_model.ts";

/** Settings of {@linkcode deberta}. */
export interface DebertaOptions
  extends Omit<BertOptions, "attention" | "types" | "context">, Distances {
}

/**
 * DeBERTa-v2 and v3 for classification (He, Gao, Chen, arXiv 2111.09543): post-norm blocks whose
 * scores know distances of tokens in place of their positions.
 *
 * @returns A network from ids, B×T int32, with a mask (B×T, may be left out) to logits.
 * @throws {RangeError} When a setting makes no sense.
 *
 * @example What it is made of
 * ```ts
 * import { deberta } from "@rankflow/rankflow/layers";
 * import { assertEquals } from "@std/assert";
 *
 * const sizes = { vocabulary: 100, classes: 2, width: 8, heads: 2, blocks: 1 };
 * const { weights } = deberta({ ...sizes, buckets: 8, farthest: 48 });
 * assertEquals(weights.find((w) => w.name === "distances.weight")!.shape, [16, 8]);
 * ```
 */
export function deberta(options: DebertaOptions): Encoder {
  const { vocabulary, classes, width, blocks, buckets, epsilon = 1e-7 } = options;
  const start = normalOf(options.deviation ?? 0.02);
  const tokens = weightSpec("tokens.weight", [vocabulary, width], start);
  const far = weightSpec("distances.weight", [2 * buckets, width], start);
  const norm = layerNorm({ name: "embedding.norm", channels: width, epsilon });
  const farNorm = layerNorm({ name: "distances.norm", channels: width, epsilon });
  const map = { initialiser: start, inputs: width };
  const pooler = linear({ ...map, name: "pooler", outputs: width });
  const logits = linear({ ...map, name: "classifier", outputs: classes });
  const attention = disentangled(
    options,
    (pass) => farNorm.forward(pass, pass.dense(far.name)),
  );
  return encoder({
    input: { vocabulary, context: options.farthest },
    weights: [
      ...[tokens, far],
      ...[norm, farNorm, pooler, logits].flatMap((layer) => [...layer.weights]),
    ],
    blocks: Array.from(
      { length: blocks },
      (_, i) => encoderBlock(`block${i + 1}`, { ...options, epsilon, attention }),
    ),
    // Published code also sets rows of padding to zero, which nothing that is seen depends on.
    embed(pass, ids, mask) {
      const [batch, length] = requireTokens(ids);
      const rows = pass.engine.reshape(pass.lookup(tokens.name, ids), [sizeOf(ids.shape), width]);
      const sequences = { batch, tokens: length, ...(mask ? { mask } : {}) };
      return { x: norm.forward(pass, rows), sequences };
    },
    head(pass, x, sequences) {
      const first = pooler.forward(pass, firstTokens(pass, x, sequences));
      return logits.forward(pass, pass.engine.gelu(first, "exact"));
    },
  });
}
