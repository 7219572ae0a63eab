import { assert, assertAlmostEquals, assertEquals, assertLess, assertRejects } from "@std/assert";
import {
  currentPoints,
  denseTensor,
  hostAlgebra,
  initialStates,
  type Layer,
  Pass,
  Random,
  sequentialHosvd,
  type Tensor,
  type TrainingMethod,
  type WeightStates,
} from "../../../core/mod.ts";
import {
  type AttentionKind,
  attentions,
  gpt,
  tuckerOfHeads,
  withTuckerAttention,
} from "../../../layers/mod.ts";
import { cpuBackends, onBackend } from "../../support/algebras.ts";
import { normal } from "../../support/attention_products.ts";
import { methodOf } from "../../support/training.ts";

const size = { vocabulary: 9, context: 6, width: 8, heads: 4, blocks: 2, deviation: 0.3 };
const tucker = (ranks: object): AttentionKind => attentions.get("tucker").tuned!({ ...ranks });

async function logits(
  { engine }: TrainingMethod,
  network: Layer,
  states: WeightStates,
): Promise<Float32Array> {
  return await engine.scope(async () => {
    const pass = new Pass(engine, network, currentPoints(network, states), { training: false });
    const ids = engine.tensor(Int32Array.of(1, 5, 2, 8, 0, 3), [1, 6]);
    return await engine.read(network.forward(pass, ids)) as Float32Array;
  });
}

/** Biases start at zero, where a forgotten one would not show. */
async function shaken(method: TrainingMethod, network: Layer): Promise<WeightStates> {
  const states = { ...await initialStates(method, network, 3) };
  for (const { name, shape } of network.weights.filter(({ name }) => name.endsWith(".bias"))) {
    const noise = new Random(7).fork(name).fillNormal(new Float32Array(shape[0]!), 0, 0.3);
    states[name] = { ...states[name]!, value: method.engine.tensor(noise, shape) as Tensor };
  }
  return states;
}

for (const backend of cpuBackends) {
  for (const kind of ["mha", "gqa", "mqa"]) {
    Deno.test({
      ...await onBackend(backend, `a GPT with ${kind} is one with Tucker attention at full ranks`),
      fn: async () => {
        const method = await methodOf({ backend });
        await method.engine.scope(async () => {
          const network = gpt({ ...size, attention: attentions.get(kind) });
          const states = await shaken(method, network);
          const to = gpt({ ...size, attention: tucker({ heads: 4, query: 8, key: 8 }) });
          const own = await withTuckerAttention(method, { network, states }, to, 4);
          for (const both of Object.values(own.discarded)) assertLess(Math.max(...both), 1e-6);
          const [found, expected] = [
            await logits(method, to, own.states),
            await logits(method, network, states),
          ];
          found.forEach((x, i) => assertAlmostEquals(x, expected[i]!, 1e-4));
        });
      },
    });
  }
}

Deno.test("what is left out is the error of the truncated tensor", async () => {
  const a = hostAlgebra();
  const random = new Random(4);
  const w = {
    ...{ heads: 3, groups: 3, query: normal(random, 6, 12), key: normal(random, 6, 12) },
    ...{ value: normal(random, 6, 12), output: normal(random, 12, 6) },
  };
  const ranks = { heads: 2, query: 4, key: 3 };
  const { discarded, query, key } = await tuckerOfHeads(w, ranks);
  assertEquals([a.rows(query), a.cols(query), a.cols(key)], [6, 9, 3]);
  const data: number[] = [];
  for (let r = 0; r < 6; r++) {
    for (let i = 0; i < 3; i++) {
      for (let c = 0; c < 6; c++) {
        let sum = 0;
        for (let s = 0; s < 4; s++) {
          sum += w.query.data[r * 12 + 4 * i + s]! * w.key.data[c * 12 + 4 * i + s]!;
        }
        data.push(sum);
      }
    }
  }
  const norm = Math.hypot(...data);
  const kept = a.multiply(a.reshape(query, 18, 3), key, { transposeRight: true });
  const left = Math.hypot(...kept.data.map((x, i) => x - data[i]!)) / norm;
  assertAlmostEquals(discarded[0], left, 1e-12);
  const best = await sequentialHosvd.decompose(a, denseTensor(a, data, [6, 3, 6]), {
    maxRanks: [4, 2, 3],
  });
  assertAlmostEquals(left, best.discarded / norm, 1e-12);
});

Deno.test({
  ...await onBackend("wasm", "at lower ranks the network changes by little where the tensors do"),
  fn: async () => {
    const method = await methodOf({ backend: "wasm" });
    await method.engine.scope(async () => {
      const network = gpt(size);
      const states = await shaken(method, network);
      const expected = await logits(method, network, states);
      const far = async (ranks: object): Promise<number> => {
        const to = gpt({ ...size, attention: tucker(ranks) });
        const own = await withTuckerAttention(method, { network, states }, to, 4);
        const found = await logits(method, to, own.states);
        return Math.hypot(...found.map((x, i) => x - expected[i]!));
      };
      const [most, less] = [
        await far({ heads: 4, query: 8, key: 6 }),
        await far({ heads: 4, query: 4, key: 2 }),
      ];
      assert(most > 0 && most < less, `${most} < ${less}`);
    });
  },
});

Deno.test({
  ...await onBackend("wasm", "what has no place in the new network is refused by name"),
  fn: async () => {
    const method = await methodOf({ backend: "wasm" });
    await method.engine.scope(async () => {
      const network = gpt(size);
      const states = await shaken(method, network);
      const refused = async (to: Layer, message: string) =>
        await assertRejects(
          () => withTuckerAttention(method, { network, states }, to, 4),
          RangeError,
          message,
        );
      const ranks = { heads: 4, query: 8, key: 8 };
      await refused(
        gpt({ ...size, attention: tucker({ ...ranks, shared: true }) }),
        'expected a weight "block1.attention.value.weight" in the new network, got none',
      );
      await refused(
        gpt({ ...size, attention: tucker(ranks), bias: false }),
        'expected a weight "block1.attention.query.bias" in the new network, got none',
      );
    });
  },
});
