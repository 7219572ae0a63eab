import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertGreaterOrEqual,
  assertLess,
} from "@std/assert";
import { measure, timed, timing, type Variant } from "../../bench/harness.ts";

/** A variant that takes no time and claims some, and notes its turns. */
function claimed(name: string, seconds: (turn: number) => number, turns: string[]): Variant {
  let turn = 0;
  return {
    name,
    run(count: number): Promise<number> {
      turns.push(name);
      return Promise.resolve(count * seconds(turn++));
    },
  };
}

const BRIEF = { rounds: 4, turnSeconds: 0.01, rest: 0 };

Deno.test("timing() takes the nearest-rank quantiles", () => {
  assertEquals(timing([4, 1, 3, 2]), { median: 2, p75: 3, min: 1 });
  assertEquals(timing([5, 1, 4, 2, 3]), { median: 3, p75: 4, min: 1 });
  assertEquals(timing([7]), { median: 7, p75: 7, min: 7 });
});

Deno.test("measure() gives the seconds of one piece of work", async () => {
  const timings = await measure([
    claimed("a", () => 0.002, []),
    claimed("b", () => 0.001, []),
  ], BRIEF);
  assertEquals([...timings.keys()], ["a", "b"]);
  assertAlmostEquals(timings.get("a")!.median, 0.002, 1e-12);
  assertAlmostEquals(timings.get("b")!.median, 0.001, 1e-12);
});

Deno.test("measure() lets the variants take turns, each round in the other order", async () => {
  const turns: string[] = [];
  await measure([claimed("a", () => 0.01, turns), claimed("b", () => 0.01, turns)], BRIEF);
  assertEquals(turns.slice(-8).join(""), "abbaabba");
});

Deno.test("measure() drops a slow first call", async () => {
  const slowStart = claimed("a", (turn) => turn === 0 ? 5 : 0.001, []);
  const { median } = (await measure([slowStart], BRIEF)).get("a")!;
  assertLess(median, 0.002);
});

Deno.test("measure() ends when work takes no measurable time", async () => {
  const timings = await measure([claimed("a", () => 0, [])], BRIEF);
  assertEquals(timings.get("a")!.median, 0);
});

Deno.test("timed() measures a function of this process", async () => {
  let calls = 0;
  const wait = timed("wait", () => {
    calls++;
    return new Promise((resolve) => setTimeout(resolve, 5));
  });
  const seconds = await wait.run(3);
  assertEquals(calls, 3);
  assertGreaterOrEqual(seconds, 0.014);
  assert(seconds < 1);
});
