import {
  batchEvaluator,
  disposeStates,
  type Engine,
  initialStates,
  nextToken,
  type Tensor,
  trainStep,
  windowsOf,
} from "../../core/mod.ts";
import { gpt as network } from "../../layers/mod.ts";
import { adamw } from "../../optimizers/mod.ts";
import { methodOf } from "./network.ts";
import { integers, numbers, type WorkloadKind } from "./workload.ts";

/** Texts in a batch, and their tokens. */
const [BATCH, CONTEXT] = [8, 128];

/** Tokens that there are: bytes. */
const VOCABULARY = 256;

const BLOCKS = 4;

/** Entries of a head at every width. */
const HEAD = 32;

/** A batch of random bytes: the same in every step. */
function bytes(engine: Engine, seed: number): Tensor {
  const values = numbers(BATCH * CONTEXT, seed).map((v) => Math.floor((v + 1) * VOCABULARY / 2));
  return engine.keep(engine.tensor(Int32Array.from(values), [BATCH, CONTEXT]));
}

/** Training steps of a small GPT with rotary positions, by AdamW. */
export const gpt: WorkloadKind = {
  name: "gpt",
  usage: "gpt dense|held|<integrator> rank width",
  async create(engine, words) {
    const [integrator = ""] = words;
    const [rank, width] = integers(words.slice(1), 2, this.usage) as [number, number];
    const method = methodOf(engine, integrator, rank, adamw.create());
    const model = network({
      ...{ vocabulary: VOCABULARY, context: CONTEXT, width, heads: width / HEAD, blocks: BLOCKS },
      ...{ positions: {}, bias: false },
      ...(integrator === "dense" ? {} : { matrices: { format: "low-rank", rank } }),
    });
    const examples = windowsOf(new Int32Array(2 * CONTEXT), CONTEXT);
    const { loss } = nextToken({ train: examples, test: examples });
    const batch = { x: bytes(engine, 1), y: bytes(engine, 7) };
    const evaluator = batchEvaluator(engine, model, loss, batch);
    let states = await initialStates(method, model, 1);
    return {
      async step() {
        const before = states;
        states = (await trainStep(method, model, before, evaluator, { rate: 1e-4 })).states;
        disposeStates(before, states);
      },
    };
  },
};
