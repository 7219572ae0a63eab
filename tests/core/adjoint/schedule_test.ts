/** The schedule visits every state backwards, within its memory, with the fewest steps there are. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { binomialSchedule, forwardSteps } from "../../../core/adjoint/mod.ts";

/** Carries a schedule out on numbers, and checks that each action is possible. */
function carryOut(count: number, snapshots: number) {
  const saved: number[] = [];
  const visits: number[] = [];
  let state: number | undefined = 0;
  let [steps, peak] = [0, 0];
  for (const action of binomialSchedule(count, snapshots)) {
    if (action.type === "save") {
      assertEquals(state, action.at);
      saved.push(action.at);
      peak = Math.max(peak, saved.length);
    } else if (action.type === "load") {
      state = action.last ? saved.pop() : saved.at(-1);
      assertEquals(state, action.at);
    } else if (action.type === "advance") {
      assertEquals(state, action.from);
      assert(action.to > action.from);
      steps += action.to - action.from;
      state = action.to;
    } else {
      assertEquals(state, action.at);
      visits.push(action.at);
      state = undefined; // a visit may destroy the state
    }
  }
  return { visits, steps, peak, left: saved.length };
}

/** Fewest steps by dynamic programming over the first place that is saved. */
function fewest(counts: number, snapshots: number): number[][] {
  const t: number[][] = [[], []];
  for (let s = 1; s <= snapshots; s++) {
    t[s] = [0, 0];
    for (let l = 2; l <= counts; l++) {
      let best = l * (l - 1) / 2;
      for (let m = 1; s > 1 && m < l; m++) best = Math.min(best, m + t[s - 1]![l - m]! + t[s]![m]!);
      t[s]![l] = best;
    }
  }
  return t;
}

Deno.test("no schedule takes fewer steps: dynamic programming over all of them agrees", () => {
  const best = fewest(70, 9);
  for (let s = 1; s <= 9; s++) {
    for (let l = 1; l <= 70; l++) {
      assertEquals(carryOut(l, s).steps, best[s]![l], `${l} states, ${s} snapshots`);
    }
  }
});

Deno.test("every state is visited once, backwards, with as many steps as the formula says", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 1, max: 40 }), (l, s) => {
      const { visits, steps, peak, left } = carryOut(l, s);
      assertEquals(visits, Array.from({ length: l }, (_, i) => l - 1 - i));
      assertEquals(steps, forwardSteps(l, s));
      assert(peak <= s, `${peak} snapshots`);
      assertEquals(left, 0);
    }),
  );
});

Deno.test("forwardSteps() is r l − C(s + r, s + 1) for C(s + r − 1, s) < l ≤ C(s + r, s)", () => {
  const choose = (n: number, k: number): number => k === 0 ? 1 : choose(n - 1, k - 1) * n / k;
  for (const s of [1, 2, 3, 7]) {
    for (const r of [1, 2, 3, 5]) {
      const l = choose(s + r, s);
      assertEquals(forwardSteps(l, s), r * l - choose(s + r, s + 1));
      assertEquals(forwardSteps(l + 1, s), (r + 1) * (l + 1) - choose(s + r + 1, s + 1));
    }
  }
});

Deno.test("long simulations cost little to plan and to sweep", () => {
  const { steps, peak } = carryOut(100_001, 100_000);
  assertEquals([steps, peak], [100_000, 100_000]);
  assertEquals(carryOut(100_001, 30).steps, forwardSteps(100_001, 30));
  assert(forwardSteps(100_001, 30) < 5 * 100_001);
});

Deno.test("numbers that are not positive and whole are refused", () => {
  const message = "Cannot plan a sweep backwards: expected ";
  assertThrows(
    () => forwardSteps(0, 1),
    RangeError,
    `${message}the number of states to be an integer ≥ 1, got 0`,
  );
  assertThrows(
    () => [...binomialSchedule(3, 0.5)],
    RangeError,
    `${message}snapshots to be an integer ≥ 1, got 0.5`,
  );
});
