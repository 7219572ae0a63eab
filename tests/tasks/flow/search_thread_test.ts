import { assertEquals, assertRejects } from "@std/assert";
import { inThread, type SearchOrder, threadsOf } from "../../../tasks/flow/search_thread.ts";

const settings = {
  window: "hann",
  body: "no such body",
  start: [],
  resolution: 8,
  reynolds: 50,
  velocity: 0.05,
  length: 8,
  transient: 1,
  horizon: 1,
  steps: 1,
  bound: 1,
  stepLimit: 1,
  minLift: 0,
  liftWeight: 0,
  memoryLimit: 1e9,
};
const order: SearchOrder = { settings, threads: 1 };

const running = (program: string): Promise<unknown> =>
  inThread(order, () => {}, new Set(), new URL(`data:text/javascript,${program}`));

Deno.test("a search whose thread ends early fails and is not waited for", async () => {
  await assertRejects(
    () => running("process.exit();"),
    Error,
    'Cannot search under the window "hann": its thread has ended early',
  );
});

Deno.test("a search whose thread throws fails with what it threw", async () => {
  await assertRejects(() => running("throw new Error('on purpose');"), Error, "on purpose");
});

Deno.test("a thread that does not know a plugin says so and ends", async () => {
  const workers: Parameters<typeof inThread>[2] = new Set();
  assertEquals(await inThread(order, () => {}, workers), undefined);
  assertEquals(workers.size, 0);
});

Deno.test("threadsOf() leaves no thread without work in the last searches", () => {
  const shares = (count: number, threads: number): number[] =>
    Array.from({ length: count }, (_, k) => threadsOf(k, count, threads));
  assertEquals(shares(3, 2), [1, 1, 2]);
  assertEquals(shares(3, 1), [1, 1, 1]);
  assertEquals(shares(3, 8), [2, 2, 2]);
  assertEquals(shares(5, 4), [1, 1, 1, 1, 4]);
  assertEquals(shares(4, 2), [1, 1, 1, 1]);
});
