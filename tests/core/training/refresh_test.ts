/** Steps between two refreshes of the bases: when they come, what they move, that they descend. */

import { assert, assertEquals, assertLess } from "@std/assert";
import {
  choose,
  type CyclePlace,
  disposeStates,
  eachStep,
  type Engine,
  initialStates,
  integrators,
  type Layer,
  type LowRank,
  type Matrix,
  meanSquare,
  Random,
  ranksOf,
  type RefreshRule,
  refreshRules,
  relativeFrobenius,
  representationOf,
  type Task,
  type Tensor,
  tensorsIn,
  type TrainingMethod,
  weightFormats,
  type WeightState,
  type WeightStates,
} from "../../../core/mod.ts";
import { linear, perceptron } from "../../../layers/mod.ts";
import { adam, sgd } from "../../../optimizers/mod.ts";
import { onBackend } from "../../support/algebras.ts";
import { imageBatch, KERNEL, kernelNet } from "../../support/kernels.ts";
import { dense, host, minus, norm, tangentProjection, times } from "../../support/matrices.ts";
import { methodOf, randomBatch, readMatrix, stepOn } from "../../support/training.ts";

/** Steps at which a rule has the integrator take over, when no share within the bases suffices. */
function refreshing(rule: RefreshRule, total: number): number[] {
  return walk(rule, total, (enough) => enough > 0).refreshed;
}

/** The same, and the steps that end by truncation; `misses` answers looks. */
function walk(rule: RefreshRule, total: number, misses: (enough: number) => boolean) {
  const [refreshed, truncated]: [number[], number[]] = [[], []];
  let held = Infinity;
  for (let step = 0; step < total; step++) {
    const at: CyclePlace = { held, progress: step / total, final: step + 1 === total };
    const due = rule.refreshes(at);
    const now = typeof due === "object" ? misses(due.enough) : due;
    if (now) refreshed.push(step);
    held = now ? 0 : held;
    if (rule.truncates({ ...at, held })) truncated.push(step);
    held++;
  }
  return { refreshed, truncated };
}

/** Every rule with the steps of 20 at which it refreshes. */
const ROWS: Readonly<Record<string, readonly [choice: string, steps: readonly number[]][]>> = {
  "each-step": [["each-step", [...Array(20).keys()]]],
  "every": [
    ["every", [0, 10]],
    ["every:steps=7", [0, 7, 14]],
    ["every:steps=6,first=0.2,last=0.25", [0, 1, 2, 3, 9]],
  ],
  "when-it-pays": [
    ["when-it-pays", [0, 5, 10, 15]],
    ["when-it-pays:inside=0,look=3,most=8", [0, 8, 16]],
    ["when-it-pays:look=6,first=0.1,last=0.5", [0, 1, 7]],
  ],
};

Deno.test("every refresh rule has a row, and refreshes at the steps that it says", () => {
  assertEquals(refreshRules.names().sort(), Object.keys(ROWS).sort());
  for (const [choice, steps] of Object.values(ROWS).flat()) {
    assertEquals(refreshing(choose(refreshRules, choice), 20), steps, choice);
  }
});

Deno.test("grown bases are truncated once in each cycle, and before a run or its last phase ends", () => {
  const truncations = (choice: string) => {
    const { refreshed, truncated } = walk(choose(refreshRules, choice), 20, () => true);
    // From the refresh on ranks are grown; what comes after a truncation finds nothing to do.
    return refreshed.map((step) => truncated.find((t) => t >= step));
  };
  assertEquals(truncations("every:steps=8,truncateAt=0"), [0, 8, 16]);
  assertEquals(truncations("every:steps=8,truncateAt=0.75"), [6, 14, 19]);
  assertEquals(truncations("every:steps=8,truncateAt=1"), [7, 15, 19]);
  assertEquals(truncations("every:steps=8,truncateAt=1,last=0.5"), [7, 10]);
  assertEquals(truncations("when-it-pays:look=9"), [3, 12, 19]);
  assertEquals(truncations("when-it-pays:look=9,truncateAfter=0"), [0, 9, 18]);
});

/** Steps of a network, with what the states were before and after each. */
async function steps(
  method: TrainingMethod,
  network: Layer,
  batches: readonly Readonly<Record<string, Tensor>>[],
  rate: number,
): Promise<WeightStates[]> {
  const all = [await initialStates(method, network, 2)];
  for (const [i, batch] of batches.entries()) {
    const progress = i / batches.length;
    const settings = { rate, progress, final: i + 1 === batches.length };
    all.push((await stepOn(method, network, all.at(-1)!, batch, settings)).states);
  }
  return all;
}

const NET = perceptron({ sizes: [12, 10, 9, 4], format: "low-rank", rank: 3 });
const NAME = "dense1.weight";
const bounded = { rule: relativeFrobenius, tolerance: 0.05, minRank: 2, maxRank: 5 };

for (const integrator of integrators.list()) {
  Deno.test({
    ...await onBackend(
      "cpu",
      `${integrator.name} refreshes, cores move alone between, and it trains`,
    ),
    fn: async () => {
      const refresh = choose(refreshRules, "every:steps=4,truncateAt=0.5");
      const rule = adam.create();
      const method = await methodOf({ integrator, rule, truncation: bounded, refresh });
      const { engine } = method;
      const before = engine.memory().numTensors;
      let states = await initialStates(method, NET, 2);
      const batch = randomBatch(engine, 24, 12, 4);
      const losses: number[] = [];
      for (let step = 0; step < 12; step++) {
        const out = await stepOn(method, NET, states, batch, { rate: 0.01, progress: step / 12 });
        const refreshed = step % 4 === 0;
        assertEquals(out.evaluations, refreshed ? integrator.evaluations : 1, `step ${step}`);
        const [old, now] = [states[NAME]!, out.states[NAME]!];
        // Refreshed at 0, truncated at 2 of each cycle, and else the very same tensors.
        const turns = refreshed || (step % 4 === 2 && integrator.adaptive);
        assertEquals([now.u !== old.u, now.v !== old.v], [turns, turns], `step ${step}`);
        assert(now.s !== old.s, "the core moves in every step");
        if (step % 4 >= 2) assertLess(ranksOf(NET, out.states)[NAME]!, 6);
        losses.push(out.loss);
        disposeStates(states, out.states);
        states = out.states;
      }
      assertLess(losses.at(-1)!, 0.95 * losses[0]!, `${losses}`);
      for (const t of [...Object.values(batch), ...tensorsIn(states)]) t.dispose();
      assertEquals(engine.memory().numTensors, before);
    },
  });
}

const FORMATS = weightFormats.list()
  .filter(({ mover, representation }) => mover.keepsBases && representation.conv2d);

for (const { name: format } of FORMATS) {
  Deno.test({
    ...await onBackend(
      "wasm",
      `${format}: in held bases a kernel moves by its core, as they have grown`,
    ),
    fn: async () => {
      const refresh = choose(refreshRules, "every:steps=4,truncateAt=0.75");
      const method = await methodOf({
        backend: "wasm",
        rule: adam.create(),
        truncation: bounded,
        refresh,
      });
      const { engine } = method;
      await engine.scope(async () => {
        const network = kernelNet({ inputs: 6, outputs: 7, size: 3, format, rank: 2 }, [4, 4]);
        const batch = imageBatch(method, [8, 4, 4, 6]);
        const all = await steps(method, network, Array(8).fill(batch), 0.01);
        const ranks = all.map((s) => Math.max(...Object.values(ranksOf(network, s))));
        // Two, grown by the refresh, truncated three steps later; the bound is five.
        for (const at of [1, 2, 3, 5, 6, 7]) assert(ranks[at]! > ranks[0]!, `${ranks}`);
        for (const at of [4, 8]) assert(ranks[at]! <= 5, `${ranks}`);
        const whole = (s: WeightStates) => {
          const spec = network.weights.find((w) => w.name === KERNEL)!;
          return representationOf(spec).toDense!(method, spec, s[KERNEL]!);
        };
        for (const [i, s] of all.slice(1).entries()) {
          const moved = engine.norm(engine.sub(whole(s), whole(all[i]!)));
          assert((await engine.read(moved))[0]! > 1e-4, `step ${i}`);
        }
        for (const at of [1, 2, 5, 6]) {
          const held = [all[at]!, all[at + 1]!].map((s) => basesOf(s[KERNEL]!));
          assertEquals(await readAll(engine, held[0]!), await readAll(engine, held[1]!));
        }
      });
    },
  });
}

for (const { name: format } of FORMATS) {
  Deno.test({
    ...await onBackend(
      "wasm",
      `${format}: a look that refreshes is the integrator's step, of one pass`,
    ),
    fn: async () => {
      const network = kernelNet({ inputs: 6, outputs: 7, size: 3, format, rank: 2 }, [4, 4]);
      const ended = async (refresh: RefreshRule) => {
        const rule = adam.create();
        const method = await methodOf({ backend: "wasm", rule, truncation: bounded, refresh });
        const { engine } = method;
        return await engine.scope(async () => {
          const batch = imageBatch(method, [8, 4, 4, 6]);
          let states = await initialStates(method, network, 2);
          for (let step = 0; step < 3; step++) {
            const out = await stepOn(method, network, states, batch, { rate: 0.01 });
            assertEquals(out.evaluations, 1);
            states = out.states;
          }
          return await readAll(engine, tensorsIn(states));
        });
      };
      const looking = choose(
        refreshRules,
        "when-it-pays:inside=1,look=1,most=100,truncateAfter=0,judge=batch",
      );
      assertEquals(await ended(looking), await ended(eachStep));
    },
  });
}

for (const format of ["low-rank", "tucker"]) {
  Deno.test({
    ...await onBackend("wasm", `${format}: a look is compared with none in bases that are no more`),
    fn: async () => {
      const refresh: RefreshRule = {
        name: "looking",
        description: "",
        refreshes: ({ held }) => held >= 6 || { enough: 0, agreeing: true },
        truncates: ({ held }) => held >= 3,
      };
      const method = await methodOf({ backend: "wasm", truncation: bounded, refresh });
      await method.engine.scope(async () => {
        const network = kernelNet({ inputs: 6, outputs: 7, size: 3, format, rank: 2 }, [4, 4]);
        const all = await steps(
          method,
          network,
          Array(9).fill(imageBatch(method, [8, 4, 4, 6])),
          0.1,
        );
        const seen = all.map((s) => (s[KERNEL]!.cycle as { seen?: unknown } | undefined)?.seen);
        // Refreshed in the steps to 1 and 7, truncated in that to 4.
        const remembers = [false, false, true, true, false, true, true, false, true, true];
        assertEquals(seen.map((sight) => sight !== undefined), remembers);
      });
    },
  });
}

/** What passes compute with beside the core. */
function basesOf(state: WeightState): Tensor[] {
  const { anchor, point } = representationOf(state);
  return Object.entries(point(state)).flatMap(([name, t]) => name === anchor ? [] : [t]);
}

function readAll(engine: Engine, tensors: readonly Tensor[]) {
  return Promise.all(tensors.map((t) => engine.read(t)));
}

/** A matrix that is to be one of half the rank, far from where it starts. */
const LEAST_SQUARES = linear({
  name: "a",
  inputs: 9,
  outputs: 7,
  bias: false,
  format: "low-rank",
  rank: 3,
});

for (const enough of [0.2, 0.5]) {
  Deno.test({
    ...await onBackend("cpu", `where a look holds the bases, ${enough} of the descent is kept`),
    fn: async () => {
      const refresh = choose(
        refreshRules,
        `when-it-pays:inside=${enough},look=1,most=1000,truncateAfter=0,judge=batch`,
      );
      const method = await methodOf({ refresh, rule: sgd.create() });
      const { engine } = method;
      await engine.scope(async () => {
        const random = new Random(5);
        const tensor = (rows: number, cols: number) =>
          engine.tensor(random.fillNormal(new Float32Array(rows * cols)), [rows, cols]);
        const batch = { x: tensor(40, 9), z: tensor(40, 7) };
        const x = await readMatrix(engine, batch.x);
        const gram = host.multiply(x, x, { transposeLeft: true });
        // ½ mean ‖x W − z‖²: its gradient has the Lipschitz constant ‖XᵀX‖ / 40.
        const smooth = (await host.svd(gram)).sigma[0]! / 40;
        const loss: Task["loss"] = (model, { x, z }) =>
          engine.scale(3.5, meanSquare(model, model.forward(x!), z!));
        const rate = 1 / smooth;
        let states = await initialStates(method, LEAST_SQUARES, 1);
        let held = 0;
        for (let step = 0; step < 60; step++) {
          const start = await matrixIn(engine, states);
          const out = await stepOn(method, LEAST_SQUARES, states, batch, { rate }, loss);
          const end = await stepOn(method, LEAST_SQUARES, out.states, batch, { rate: 0 }, loss);
          const z = await readMatrix(engine, batch.z);
          const rest = minus(times(x, dense(start)), z);
          const g = host.scale(1 / 40, host.multiply(x, rest, { transposeLeft: true }));
          const all = norm(tangentProjection(start, g)) ** 2;
          const turned = out.states["a.weight"]!.u !== states["a.weight"]!.u;
          const share = turned ? 1 : enough;
          // Bases of all directions miss nothing.
          held += Number(!turned && start.u.cols < 7);
          const least = share * rate * (1 - rate * smooth / 2) * all;
          assertLess(end.loss, out.loss - least + 1e-6 * out.loss, `step ${step}`);
          states = out.states;
        }
        assert(held > 0, "a look held bases that miss directions");
      });
    },
  });
}

async function matrixIn(engine: Engine, states: WeightStates): Promise<LowRank<Matrix>> {
  const { u, s, v } = states["a.weight"] as unknown as LowRank<Tensor>;
  const [left, core, right] = await Promise.all([u, s, v].map((t) => readMatrix(engine, t)));
  return { u: left!, s: core!, v: right! };
}
