/** GeoLoRA: what its step is, which ranks it finds, and what they share. */

import { assert, assertEquals, assertGreater, assertLess, assertThrows } from "@std/assert";
import {
  adaptedNetwork,
  adapters,
  type Algebra,
  choose,
  disposeStates,
  initialStates,
  type LowRank,
  type Matrix,
  meanSquare,
  NonFiniteError,
  Random,
  type Settings,
  type Task,
  type Tensor,
  tensorsIn,
  tune,
  type WeightStates,
} from "../../../core/mod.ts";
import { keptRanks } from "../../../core/training/shared_ranks.ts";
import { perceptron } from "../../../layers/mod.ts";
import { adam, sgd } from "../../../optimizers/mod.ts";
import { onBackend } from "../../support/algebras.ts";
import { learnShift, type Student } from "../../support/low_rank_shift.ts";
import {
  dense,
  gaussian,
  host,
  minus,
  plus,
  randomLowRank,
  relativeError,
  tangentProjection,
} from "../../support/matrices.ts";
import { methodOf, readMatrix, stepOn } from "../../support/training.ts";

const NAME = "classifier.weight";

for (const scale of [1, 0.5]) {
  Deno.test({
    ...await onBackend(
      "cpu",
      `a step with SGD is W₀ − λ σ² P(W₀) G before truncation, σ = ${scale}`,
    ),
    fn: async () => {
      const [m, n, count, rate] = [12, 8, 40, 0.3];
      const settings = { rank: 3, steps: 1, tolerance: 0, per: "weight", scale };
      const network = adaptedNetwork(perceptron({ sizes: [m, n] }), {
        groups: [{ match: NAME, adapter: "geolora", settings }],
      });
      const method = await methodOf({ rule: sgd.create() });
      const { engine } = method;
      const random = new Random(4);
      const [x, y] = [gaussian(random, count, m), gaussian(random, count, n)];
      const batch = Object.fromEntries(
        Object.entries({ x, y }).map((
          [name, t],
        ) => [name, engine.tensor(Float32Array.from(t.data), [t.rows, t.cols])]),
      );
      const factorsOf = async (states: WeightStates): Promise<LowRank<Matrix>> => {
        const { u, s, v } = states[NAME]!.trained as unknown as Record<"u" | "s" | "v", Tensor>;
        const [p, q, r] = await Promise.all([u, s, v].map((t) => readMatrix(engine, t)));
        return { u: p!, s: q!, v: r! };
      };
      let states = await initialStates(method, network, 2);
      const base = await readMatrix(engine, (states[NAME]!.base as { value: Tensor }).value);
      // From the start, where the core is zero, and from where it is not.
      for (let i = 0; i < 2; i++) {
        const before = await factorsOf(states);
        const w = host.lincomb(1, base, scale, dense(before));
        const residual = minus(host.multiply(x, w), y);
        const g = host.scale(2 / (count * n), host.multiply(x, residual, { transposeLeft: true }));
        const step = { rate, final: true };
        const { states: next } = await stepOn(method, network, states, batch, step, meanSquareOf);
        const moved = host.scale(scale, minus(dense(await factorsOf(next)), dense(before)));
        const wanted = host.scale(-rate * scale ** 2, tangentProjection(before, g));
        assertLess(relativeError(moved, wanted), 1e-5);
        disposeStates(states, next);
        states = next;
      }
      for (const t of [...tensorsIn(batch), ...tensorsIn(states)]) t.dispose();
    },
  });
}

for (const integrator of ["parallel-bug", "augmented-bug"]) {
  Deno.test({
    ...await onBackend(
      "cpu",
      `a core is decomposed once in a cycle of ${integrator}, and the core alone costs no product`,
    ),
    fn: async () => {
      const [m, n, count] = [12, 8, 20];
      const settings = { rank: 2, steps: 3, truncateAt: 0.75, tolerance: 0.3, integrator };
      const network = adaptedNetwork(perceptron({ sizes: [m, n] }), {
        groups: [{ match: NAME, adapter: "geolora", settings }],
      });
      const plain = await methodOf({ rule: adam.create() });
      const { engine } = plain;
      const calls: string[] = [];
      const algebra = counted(plain.algebra, (name, args) => {
        // A product over the rows of the batch is one that the pass has formed already.
        const rows = args.some((x) => (x as Tensor)?.shape?.[0] === count);
        if (name === "svd" || name === "multiply" && rows) calls.push(name);
      });
      const random = new Random(4);
      const batch = {
        x: engine.tensor(random.fillNormal(new Float32Array(count * m)), [count, m]),
        y: engine.tensor(random.fillNormal(new Float32Array(count * n)), [count, n]),
      };
      const states: WeightStates[] = [await initialStates(plain, network, 2)];
      const ends: string[] = [];
      for (let i = 0; i < 6; i++) {
        calls.length = 0;
        const method = { ...plain, algebra };
        const out = await stepOn(
          method,
          network,
          states.at(-1)!,
          batch,
          { rate: 0.1 },
          meanSquareOf,
        );
        states.push(out.states);
        ends.push(calls.join());
      }
      const refresh = ends[3]!.split(",");
      assert(refresh.length > 1 && !refresh.includes("svd"), ends.join(" | "));
      assertEquals(ends[4], "", "a core alone");
      assertEquals(ends[5], "svd", "a core alone, then truncation");
      for (const t of new Set([...tensorsIn(batch), ...tensorsIn(states)])) t.dispose();
    },
  });
}

/** An algebra that tells what it is asked for. */
function counted(
  a: Algebra<Tensor>,
  tell: (name: string, args: readonly unknown[]) => void,
): Algebra<Tensor> {
  return new Proxy(a, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => {
        tell(String(name), args);
        return value.apply(target, args);
      };
    },
  });
}

const meanSquareOf: Task["loss"] = (model, { x, y }) => meanSquare(model, model.forward(x!), y!);

/** ½ ‖W − (W₀ + T)‖² after steps of SGD at the rate 1/L = 1, T of singular values 20 and 10. */
async function fitted(adapter: string, settings: Settings): Promise<number[]> {
  const [m, n] = [12, 8];
  const network = adaptedNetwork(perceptron({ sizes: [m, n] }), {
    groups: [{ match: NAME, adapter, settings }],
  });
  const method = await methodOf({ rule: sgd.create() });
  const { engine } = method;
  let states = await initialStates(method, network, 2);
  const base = await readMatrix(engine, (states[NAME]!.base as { value: Tensor }).value);
  const target = plus(base, dense(await randomLowRank(new Random(7), m, n, [20, 10])));
  const put = (t: Matrix) => engine.tensor(Float32Array.from(t.data), [t.rows, t.cols]);
  const batch = { x: put(host.identity(m)), y: put(target) };
  const loss: Task["loss"] = (model, { x, y }) =>
    model.engine.scale(
      0.5,
      model.engine.sum(model.engine.square(model.engine.sub(model.forward(x!), y!))),
    );
  const losses: number[] = [];
  try {
    for (let step = 0; step < 30; step++) {
      const out = await stepOn(method, network, states, batch, { rate: 1 }, loss);
      disposeStates(states, out.states);
      states = out.states;
      losses.push(out.loss);
    }
  } catch (error) {
    if (!(error instanceof NonFiniteError)) throw error;
    losses.push(Infinity);
  }
  for (const t of [...tensorsIn(batch), ...tensorsIn(states)]) t.dispose();
  return losses;
}

Deno.test({
  ...await onBackend(
    "cpu",
    "at the rate 1/L geolora descends whatever the singular values, where adalora and lora diverge",
  ),
  fn: async () => {
    for (const integrator of ["parallel-bug", "augmented-bug"]) {
      const losses = await fitted("geolora", { rank: 2, steps: 1, tolerance: 1e-3, integrator });
      losses.slice(1).forEach((x, i) => assertLess(x, losses[i]! * (1 + 1e-5) + 1e-6, `${losses}`));
      assertLess(losses.at(-1)!, 1e-4 * losses[0]!, integrator);
    }
    const others = { adalora: { rank: 3, target: 2 }, lora: { rank: 2, alpha: 2 } };
    for (const [name, settings] of Object.entries(others)) {
      const losses = await fitted(name, settings);
      assertGreater(losses.at(-1)!, losses[0]!, `${name}: ${losses}`);
    }
  },
});

Deno.test({
  ...await onBackend(
    "wasm",
    "geolora finds rank 2 where the teacher moved and 1 elsewhere, from 2, 8 and 64 alike",
  ),
  fn: async () => {
    const method = await methodOf({ backend: "wasm", rule: adam.create() });
    const before = method.engine.memory().numTensors;
    const ranksFrom = async (rank: number, student: Pick<Student, "rate" | "steps" | "sizes">) =>
      await learnShift(method, {
        ...student,
        adapter: "geolora",
        settings: { rank, steps: 4, tolerance: student.sizes ? 0.2 : 0.12 },
      });
    const wide = { rate: 0.02, steps: 400, sizes: [64, 64, 64, 64, 4] };
    for (const rank of [2, 8, 64]) {
      const { ranks } = await ranksFrom(rank, wide);
      assertEquals(ranks, [1, 2, 1], `from rank ${rank}`);
    }
    const { loss, ranks } = await ranksFrom(16, { rate: 0.03, steps: 800 });
    assertEquals(ranks, [1, 2, 1], "longer, in a small network");
    assertLess(loss, 2e-3);
    assertEquals(method.engine.memory().numTensors, before);
  },
});

for (const integrator of ["parallel-bug", "augmented-bug"]) {
  Deno.test({
    ...await onBackend("wasm", `geolora by ${integrator} keeps to a budget over the network`),
    fn: async () => {
      const method = await methodOf({ backend: "wasm", rule: adam.create() });
      const settings = { rank: 1, steps: 4, tolerance: 0, budget: 5, integrator };
      const student = { adapter: "geolora", settings, rate: 0.03, steps: 60 };
      const { ranks, most } = await learnShift(method, student);
      assertEquals([ranks.reduce((a, b) => a + b, 0), most], [5, 5]);
      // By the tolerance of each weight there is a budget as well.
      const each = { ...settings, per: "weight", minRank: 1 };
      assertEquals((await learnShift(method, { ...student, settings: each })).most, 5);
    },
  });
}

Deno.test("the largest singular values of all weights stay, within budget, tolerance and bounds", () => {
  const spectra = [[9, 1, 0.1], [5, 4], [0.2, 0.1, 0.05]].map((x) => Float64Array.from(x));
  const of = (o: Partial<Parameters<typeof keptRanks>[1]>) =>
    keptRanks(spectra, { budget: Infinity, tolerance: 0, minRank: 1, maxRank: Infinity, ...o });
  assertEquals(of({}), [3, 2, 3]);
  assertEquals(of({ budget: 4 }), [1, 2, 1]);
  assertEquals(of({ budget: 5 }), [2, 2, 1]);
  assertEquals(of({ budget: 1 }), [1, 1, 1], "every weight keeps its least rank");
  // 0.1² + 0.1² + 0.05² = 0.15², and ‖all‖² = 81 + 1 + 25 + 16 + … = 11.1².
  assertEquals(of({ tolerance: 0.151 / 11.1 }), [2, 2, 1]);
  assertEquals(of({ tolerance: 0.14 / 11.1 }), [3, 2, 1]);
  assertEquals(of({ maxRank: 2 }), [2, 2, 2]);
  assertEquals(of({ minRank: 2, budget: 0 }), [2, 2, 2]);
  assertEquals(keptRanks([], { budget: 3, tolerance: 0, minRank: 1, maxRank: 9 }), []);
  const zero = keptRanks([new Float64Array(3)], {
    budget: 9,
    tolerance: 0.1,
    minRank: 1,
    maxRank: 9,
  });
  assertEquals(zero, [1], "of nothing the least rank stays");
});

Deno.test("geolora refuses settings that make no sense", () => {
  assert(adapters.has("geolora"));
  assertThrows(() => choose(adapters, "geolora:per=layer"), RangeError, '"per"');
  assertThrows(() => choose(adapters, "geolora:integrator=bug"), RangeError, '"integrator"');
  assertThrows(() => choose(adapters, "geolora:minRank=5,maxRank=3"), RangeError, "minRank");
  assertThrows(() => choose(adapters, "geolora:budget=-1"), RangeError, '"budget"');
  const { trainables } = tune(adapters, adapters.get("geolora"), { rank: 64 });
  assertEquals(trainables([12, 8]), 8 * (12 + 8 + 8), "no rank beyond the smaller dimension");
});
