/** Every kind of attention through the same properties. */

import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import {
  currentPoints,
  disposeStates,
  type Engine,
  initialStates,
  type Layer,
  Pass,
  Random,
  type Tensor,
  type TrainingMethod,
  type WeightStates,
} from "../../../core/mod.ts";
import { AttentionMemory, attentions, kaimingNormal, type Sequences } from "../../../layers/mod.ts";
import { cpuBackends, onBackend } from "../../support/algebras.ts";
import { methodOf } from "../../support/training.ts";

/** What is particular to a kind. */
interface Row {
  /** Settings other than its own. */
  readonly settings?: Readonly<Record<string, number | boolean>>;
  /** Numbers that are kept of a token, of 4 heads of 4 entries. */
  readonly kept: number;
}

const ROWS: Readonly<Record<string, Row>> = {
  "mha": { kept: 2 * 16 },
  "gqa": { kept: 2 * 2 * 4 },
  "mqa": { kept: 2 * 4 },
  "mla": { settings: { query: 6, key: 8 }, kept: 8 },
  "tucker": { settings: { heads: 3, query: 7, key: 8 }, kept: 2 * 8 },
};

Deno.test("every kind of attention has a row", () => {
  assertEquals(attentions.names().sort(), Object.keys(ROWS).sort());
});

const [BATCH, TOKENS, WIDTH] = [2, 6, 16] as const;

/** A layer with random weights, and ways to run it. */
class Trial {
  readonly engine: Engine;
  readonly kept: number;
  readonly #network: Layer;
  readonly #states: WeightStates;
  readonly #forward: (pass: Pass, x: Tensor, sequences: Sequences) => Tensor;

  private constructor(method: TrainingMethod, states: WeightStates, kind: string, causal: boolean) {
    const layer = layerOf(kind, causal);
    this.engine = method.engine;
    this.kept = layer.kept;
    this.#states = states;
    this.#network = { weights: layer.weights, forward: (_, x) => x };
    this.#forward = layer.forward;
  }

  static async of(backend: string, kind: string, causal: boolean): Promise<Trial> {
    const method = await methodOf({ backend });
    const { weights } = layerOf(kind, causal);
    const states = await initialStates(method, { weights, forward: (_, x) => x }, 4);
    return new Trial(method, states, kind, causal);
  }

  /** Outputs for tokens, B×T×width, one sequence after the other. */
  async run(
    x: Float32Array,
    more: Partial<Sequences> = {},
    batch: number = BATCH,
  ): Promise<Float32Array> {
    const tokens = x.length / (batch * WIDTH);
    return await this.engine.scope(async () => {
      const pass = new Pass(
        this.engine,
        this.#network,
        currentPoints(this.#network, this.#states),
        {
          training: false,
        },
      );
      const rows = this.engine.tensor(x, [batch * tokens, WIDTH]);
      const y = this.#forward(pass, rows, { batch, tokens, ...more });
      return await this.engine.read(y) as Float32Array;
    });
  }

  [Symbol.dispose](): void {
    disposeStates(this.#states, {});
  }
}

function layerOf(kind: string, causal: boolean) {
  const plugin = attentions.get(kind);
  const { settings } = ROWS[kind]!;
  return (settings ? plugin.tuned!(settings) : plugin).create({
    ...{ name: "a", width: WIDTH, heads: 4, causal, rotary: {}, initialiser: kaimingNormal },
  });
}

const inputs = new Random(6).fillNormal(new Float32Array(BATCH * TOKENS * WIDTH));
const token = (x: Float32Array, sequence: number, t: number): Float32Array =>
  x.subarray((sequence * TOKENS + t) * WIDTH, (sequence * TOKENS + t + 1) * WIDTH);
const far = (x: Float32Array, y: Float32Array): number =>
  x.reduce((most, v, i) => Math.max(most, Math.abs(v - y[i]!)), 0);

for (const backend of cpuBackends) {
  for (const kind of Object.keys(ROWS)) {
    Deno.test({
      ...await onBackend(backend, `${kind}: a later token changes no earlier output by a bit`),
      fn: async () => {
        using trial = await Trial.of(backend, kind, true);
        const before = await trial.run(inputs);
        const changed = Float32Array.from(inputs);
        token(changed, 0, 3).fill(2);
        const after = await trial.run(changed);
        for (let t = 0; t < TOKENS; t++) {
          const same = far(token(before, 0, t), token(after, 0, t)) === 0;
          assertEquals(same, t < 3, `token ${t}`);
          assertEquals(token(before, 1, t), token(after, 1, t));
        }
      },
    });

    Deno.test({
      ...await onBackend(backend, `${kind}: what goes on from a memory is what sees all at once`),
      fn: async () => {
        using trial = await Trial.of(backend, kind, true);
        const tensors = trial.engine.memory().numTensors;
        const whole = await trial.run(inputs);
        {
          using memory = new AttentionMemory(trial.engine);
          for (const [from, to] of [[0, 3], [3, 4], [4, 6]] as const) {
            const part = [0, 1].flatMap((
              b,
            ) => [...inputs.subarray((b * TOKENS + from) * WIDTH, (b * TOKENS + to) * WIDTH)]);
            const found = await trial.run(Float32Array.from(part), { memory });
            memory.advance(to - from);
            for (let t = from; t < to; t++) {
              for (const b of [0, 1]) {
                const own = (b * (to - from) + t - from) * WIDTH;
                assertLess(far(found.subarray(own, own + WIDTH), token(whole, b, t)), 1e-5);
              }
            }
          }
          assertEquals(memory.length, TOKENS);
          assertEquals(memory.bytesPerToken, 4 * ROWS[kind]!.kept);
          assertEquals(trial.kept, ROWS[kind]!.kept);
        }
        assertEquals(trial.engine.memory().numTensors, tensors);
      },
    });

    Deno.test({
      ...await onBackend(backend, `${kind}: padding is as if it were not there`),
      fn: async () => {
        using trial = await Trial.of(backend, kind, false);
        const short = inputs.slice(0, 4 * WIDTH);
        const alone = await trial.run(short, {}, 1);
        const { engine } = trial;
        const mask = engine.tensor(Float32Array.of(1, 1, 1, 1, 0, 0), [1, TOKENS]);
        const padded = await trial.run(inputs.slice(0, TOKENS * WIDTH), { mask }, 1);
        const open = await trial.run(inputs.slice(0, TOKENS * WIDTH), {}, 1);
        mask.dispose();
        assertLess(far(alone, padded.subarray(0, 4 * WIDTH)), 1e-5);
        assertGreater(far(alone, open.subarray(0, 4 * WIDTH)), 1e-3);
        assert(padded.every(Number.isFinite));
      },
    });
  }
}
