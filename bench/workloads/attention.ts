import type { Engine, Tensor } from "../../core/mod.ts";
import { fixed, integers, type Workload, type WorkloadKind } from "./workload.ts";

/** Sequences, heads, tokens and entries of a head. */
type Shape = [number, number, number, number];

/** Flops of a token pair and entry: two products forward, five backward, two flops each. */
const FORWARD = 4;
const STEP = 14;

/** Causal attention of as many queries as keys, as one operation or from products and a softmax. */
class AttentionWork {
  readonly #engine: Engine;
  readonly #operands: readonly [Tensor, Tensor, Tensor];
  readonly #up: Tensor;
  readonly #hide: Tensor | undefined;
  readonly #scale: number;

  constructor(engine: Engine, shape: Shape, composed: boolean) {
    const [, , tokens, width] = shape;
    this.#engine = engine;
    this.#operands = [1, 2, 3].map((seed) => fixed(engine, shape, 1, seed)) as [
      ...[Tensor, Tensor, Tensor],
    ];
    this.#up = fixed(engine, shape, 1, 4);
    this.#scale = 1 / Math.sqrt(width);
    if (composed) this.#hide = engine.keep(causalBias(engine, tokens));
  }

  forward(): Tensor {
    const [q, k, v] = this.#operands;
    const e = this.#engine;
    if (!this.#hide) return e.attention(q, k, v, { scale: this.#scale, causal: true });
    const scores = e.scale(this.#scale, e.batchMatMul(q, k, { transposeRight: true }));
    return e.batchMatMul(e.softmax(e.add(scores, this.#hide)), v);
  }

  /** Forward and backward pass for queries, keys and values. */
  step(): Tensor {
    const e = this.#engine;
    return e.gradients(() => e.sum(e.mul(this.forward(), this.#up)), this.#operands).value;
  }
}

/** −1e30 where a key comes after the query, tokens×tokens. */
function causalBias(engine: Engine, tokens: number): Tensor {
  const values = Float32Array.from(
    { length: tokens ** 2 },
    (_, i) => i % tokens > Math.floor(i / tokens) ? -1e30 : 0,
  );
  return engine.tensor(values, [tokens, tokens]);
}

/** Causal attention. */
export const attention: WorkloadKind = {
  name: "attention",
  usage: "attention fused|composed forward|step batch heads tokens width",
  create(engine, words): Workload {
    const [form, pass, ...rest] = words;
    const shape = integers(rest, 4, this.usage) as Shape;
    const known = ["fused", "composed"].includes(form!) && ["forward", "step"].includes(pass!);
    if (!known) throw new RangeError(`Cannot read the workload: expected "${this.usage}"`);
    const work = new AttentionWork(engine, shape, form === "composed");
    const [batch, heads, tokens, width] = shape;
    let last: Tensor | undefined;
    return {
      flops: (pass === "step" ? STEP : FORWARD) * batch * heads * tokens ** 2 * width / 2,
      step(): void {
        last?.dispose();
        last = engine.keep(engine.tidy(() => pass === "step" ? work.step() : work.forward()));
      },
      async finish(): Promise<void> {
        if (last) await engine.read(engine.tidy(() => engine.sum(last!)));
      },
    };
  },
};
