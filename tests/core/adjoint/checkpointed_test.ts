/** Sweeps backwards: memory, repetitions, ownership of states. */

import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import {
  arrayKeeper,
  checkpointedAdjoint,
  type CheckpointedAdjointOptions,
  forwardSteps,
  type StateKeeper,
} from "../../../core/adjoint/mod.ts";
import { hostAlgebra, type Matrix, matrix } from "../../../core/algebra/mod.ts";

type Vector = Float64Array;

/** u ↦ 3.7 u (1 − u), whose derivative is the product of the slopes along the way. */
const logistic: Omit<CheckpointedAdjointOptions<Vector, number>, "steps"> = {
  get initial() {
    return Float64Array.of(0.3);
  },
  step: (u) => u.map((x) => 3.7 * x * (1 - x)),
  finalAdjoint: () => 1,
  adjointStep: (u, _n, lambda) => 3.7 * (1 - 2 * u[0]!) * lambda,
  keeper: arrayKeeper<Vector>(),
};

function logisticSlope(steps: number): number {
  let [x, slopes] = [0.3, [] as number[]];
  for (let n = 0; n < steps; n++) {
    slopes = [...slopes, 3.7 * (1 - 2 * x)];
    x = 3.7 * x * (1 - x);
  }
  return slopes.reverse().reduce((a, b) => a * b, 1);
}

Deno.test("any number of snapshots gives the same bits, in as many steps as the formula says", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(60), fc.integer({ min: 1, max: 70 }), async (steps, snapshots) => {
      const { initial } = logistic;
      const found = await checkpointedAdjoint({ ...logistic, initial, steps, snapshots });
      assertEquals(found.adjoint, logisticSlope(steps));
      assertEquals(found.forwardSteps, forwardSteps(steps + 1, snapshots));
      assert(found.peakSnapshots <= snapshots);
    }),
  );
});

Deno.test("steps, outputs and visits may overwrite the state", async () => {
  const keeper = arrayKeeper<Vector>();
  const overwritten: typeof logistic = {
    ...logistic,
    initial: Float64Array.of(0.3),
    keeper,
    step: (u) => {
      u[0] = 3.7 * u[0]! * (1 - u[0]!);
      return u;
    },
    finalAdjoint: (u) => {
      u[0] = NaN;
      return 1;
    },
    adjointStep: (u, _n, lambda) => {
      const slope = 3.7 * (1 - 2 * u[0]!);
      u[0] = NaN;
      return slope * lambda;
    },
  };
  const found = await checkpointedAdjoint({ ...overwritten, steps: 40, snapshots: 4 });
  assertEquals(found.adjoint, logisticSlope(40));
});

Deno.test("every state is observed once, in order, whatever the repetitions", async () => {
  const seen: number[] = [];
  const states: number[] = [];
  await checkpointedAdjoint({
    ...logistic,
    initial: logistic.initial,
    steps: 25,
    snapshots: 2,
    observe: (u, n) => void (seen.push(n), states.push(u[0]!)),
  });
  assertEquals(seen, Array.from({ length: 26 }, (_, n) => n));
  states.slice(1).forEach((x, n) => assertEquals(x, 3.7 * states[n]! * (1 - states[n]!)));
});

Deno.test("no step at all: the adjoint is that of the last state", async () => {
  const found = await checkpointedAdjoint({ ...logistic, initial: logistic.initial, steps: 0 });
  assertEquals(found, { adjoint: 1, forwardSteps: 0, peakSnapshots: 0 });
});

Deno.test("a memory limit bounds the snapshots", async () => {
  const initial = new Float64Array(1000).fill(0.3);
  const o = { ...logistic, initial, steps: 200, memoryLimit: 5 * 8000 + 7999 };
  const found = await checkpointedAdjoint(o);
  assertEquals(found.peakSnapshots, 5);
  assertEquals(found.forwardSteps, forwardSteps(201, 5));
});

Deno.test("no room for a snapshot is refused", async () => {
  const o = { ...logistic, initial: new Float64Array(1000), steps: 3 };
  const message = "Cannot sweep backwards: expected ";
  await assertRejects(
    () => checkpointedAdjoint({ ...o, memoryLimit: 7999 }),
    RangeError,
    `${message}room for one snapshot at least, got 7999 bytes where a state takes 8000`,
  );
  await assertRejects(
    () => checkpointedAdjoint({ ...o, snapshots: 0 }),
    RangeError,
    `${message}snapshots to be an integer ≥ 1, got 0`,
  );
  await assertRejects(
    () => checkpointedAdjoint({ ...o, steps: 1.5 }),
    RangeError,
    `${message}steps to be an integer ≥ 0, got 1.5`,
  );
});

/** A keeper that counts what lives, of states that are made and freed by hand. */
function countingKeeper() {
  const alive = new Set<{ x: number }>();
  const make = (x: number) => {
    const state = { x };
    alive.add(state);
    return state;
  };
  const free = (s: { x: number }) => assert(alive.delete(s), "freed twice");
  const keeper: StateKeeper<{ x: number }> = {
    save: (s) => make(s.x),
    load(snapshot, current, last) {
      free(current);
      return last ? snapshot : make(snapshot.x);
    },
    drop: free,
    free,
  };
  return { alive, make, keeper };
}

for (const steps of [0, 1, 2, 13, 50]) {
  Deno.test(`states made by hand are freed once each, ${steps} steps, also after an error`, async () => {
    const { alive, make, keeper } = countingKeeper();
    let most = 0;
    const sweep = (failAt: number) =>
      checkpointedAdjoint({
        steps,
        initial: make(0.3),
        keeper,
        snapshots: 3,
        step: (s) => {
          most = Math.max(most, alive.size);
          return make(3.7 * s.x * (1 - s.x));
        },
        finalAdjoint: () => 1,
        adjointStep: (s, n, lambda: number) => {
          if (n === failAt) throw new Error("out of luck");
          return 3.7 * (1 - 2 * s.x) * lambda;
        },
      });
    assertEquals((await sweep(-1)).adjoint, logisticSlope(steps));
    assertEquals(alive.size, 0);
    assert(most <= 4, `${most} states at a time`);
    if (steps > 2) await assertRejects(() => sweep(steps >> 1), Error, "out of luck");
    assertEquals(alive.size, 0);
  });
}

Deno.test("matrices of the host algebra: ½‖X_N‖² of X ↦ X + dt A X, against (I + dt A)ᵀ…", async () => {
  const a = hostAlgebra();
  const generator = matrix([0, 1, -1, -0.3], 2, 2);
  const start = matrix([1, 2, 3, 4, 5, 6], 2, 3);
  const map = a.lincomb(1, a.identity(2), 0.1, generator);
  const { adjoint } = await checkpointedAdjoint<Matrix, Matrix>({
    steps: 30,
    snapshots: 4,
    initial: start,
    keeper: arrayKeeper<Matrix>(),
    step: (x) => a.multiply(map, x),
    // The state may be reused; what outlives the visit is a copy.
    finalAdjoint: (x) => a.scale(1, x),
    adjointStep: (_x, _n, lambda) => a.multiply(map, lambda, { transposeLeft: true }),
  });
  let power = a.identity(2);
  for (let n = 0; n < 30; n++) power = a.multiply(map, power);
  const gram = a.multiply(power, power, { transposeLeft: true });
  const expected = a.multiply(gram, matrix([1, 2, 3, 4, 5, 6], 2, 3));
  adjoint.data.forEach((x, i) => assertAlmostEquals(x, expected.data[i]!, 1e-12));
});

Deno.test("arrayKeeper() copies records and lists of arrays into the arrays that are there", () => {
  const keeper = arrayKeeper<{ t: number; parts: Float64Array[]; flags: Uint8Array }>();
  const state = { t: 1, parts: [Float64Array.of(1, 2)], flags: Uint8Array.of(1) };
  const snapshot = keeper.save(state);
  state.parts[0]![0] = 9;
  assertEquals(snapshot, { t: 1, parts: [Float64Array.of(1, 2)], flags: Uint8Array.of(1) });
  const loaded = keeper.load(snapshot, state, false);
  assertEquals(loaded, snapshot);
  assert(loaded.parts[0] === state.parts[0] && loaded.parts[0] !== snapshot.parts[0]);
  assertEquals(keeper.bytes!(state), 8 + 16 + 1);
  keeper.load(snapshot, state, true);
  assert(keeper.save(state).parts[0] === snapshot.parts[0], "arrays of snapshots are used again");
  const other = { t: 0, parts: [new Float64Array(3)], flags: new Uint8Array(0) };
  assertEquals(keeper.load(keeper.save(loaded), other, false), loaded);
});
