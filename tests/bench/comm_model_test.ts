import { assertAlmostEquals, assertEquals } from "@std/assert";
import { middle, networkOf, predicted } from "../../bench/support/comm_model.ts";

const network = { latency: 1e-3, bandwidth: 1e6 };

Deno.test("a step by one machine takes what was measured", () => {
  const alone = { seconds: 3, pass: 2 };
  assertEquals(predicted(alone, { calls: 5, bytes: 1e6 }, 1, network), 3);
});

Deno.test("passes are divided, updates are not, sums cost latency and bandwidth", () => {
  const alone = { seconds: 3, pass: 2 };
  // 1 + 2 / 4, five sums of two rounds, 1.5 of the bytes.
  const expected = 1.5 + 5 * 2 * 1e-3 + 1.5;
  assertAlmostEquals(predicted(alone, { calls: 5, bytes: 1e6 }, 4, network), expected, 1e-12);
});

Deno.test("latency and bandwidth follow from a short and a long sum of two", () => {
  const { latency, bandwidth } = networkOf(1e-6, { seconds: 1e-6 + 2e-3, bytes: 4e6 });
  assertEquals(latency, 1e-6);
  assertAlmostEquals(bandwidth / 2e9, 1, 1e-12);
  const alone = { seconds: 0, pass: 0 };
  const told = { calls: 1, bytes: 4e6 };
  assertAlmostEquals(predicted(alone, told, 2, { latency, bandwidth }), 1e-6 + 2e-3, 1e-12);
});

Deno.test("middle() takes the upper of two", () => {
  assertEquals([middle([3, 1, 2]), middle([1, 2]), middle([])], [2, 2, NaN]);
});
