import { fileURLToPath } from "node:url";
import { assertEquals, assertGreater, assertRejects, assertStringIncludes } from "@std/assert";
import { findPyTorch, startPyTorch } from "../../bench/peers/mod.ts";
import { startOwn } from "../../bench/support/own_worker.ts";
import { Worker } from "../../bench/support/worker_client.ts";
import { adapters } from "../../core/mod.ts";

const script = fileURLToPath(new URL("fixture_worker.ts", import.meta.url));
const fixture = (...args: string[]): string[] => [Deno.execPath(), "run", "-A", script, ...args];

Deno.test("a worker answers one request after another", async () => {
  await using worker = await Worker.start(fixture());
  assertEquals(worker.description, "fixture");
  assertEquals(await worker.variant("x", "good").run(5), 0.005);
  await assertRejects(() => worker.ask({ workload: "bad", steps: 1 }), Error, "bad workload");
  assertEquals(await worker.variant("x", "good").run(7), 0.007);
});

Deno.test("a worker that cannot start says why", async () => {
  await assertRejects(() => Worker.start(fixture("refuse")), Error, "no such engine");
  await assertRejects(() => Worker.start([Deno.execPath(), "eval", ""]), Error, "ended at once");
});

Deno.test("a worker that dies fails the request", async () => {
  await using worker = await Worker.start(fixture());
  await assertRejects(() => worker.ask({ workload: "die", steps: 1 }), Error, "it ended");
});

Deno.test("our worker measures products and training steps on wasm", async () => {
  await using worker = await startOwn("wasm");
  for (
    const work of [
      "product 8 8 8 tn",
      "train augmented-bug 4 16",
      "pass geolora 4 16",
      "train held 4 16",
    ]
  ) {
    assertGreater(await worker.variant(work, work).run(2), 0, work);
  }
  const error = await assertRejects(() => worker.ask({ workload: "prodct 8", steps: 1 }), Error);
  assertStringIncludes(error.message, 'did you mean "product"');
});

Deno.test("our worker takes a step with every adapter, whatever that begins with", async () => {
  await using worker = await startOwn("wasm");
  for (const { name } of adapters.list()) {
    const work = `adapter 12 10 ${name}`;
    assertGreater(Number((await worker.ask({ workload: work, steps: 1 })).numbers), 0, work);
  }
});

const torch = await findPyTorch();

Deno.test({
  name: `the PyTorch worker takes every step of the bench${
    torch.reason ? ` (skipped: ${torch.reason})` : ""
  }`,
  ignore: torch.python === undefined,
  async fn(): Promise<void> {
    await using worker = await startPyTorch(torch.python!, 1);
    assertStringIncludes(worker.description, "PyTorch");
    for (const work of ["dense", "factors-2", "factors-3", "dlrt-3-pass"]) {
      assertGreater(await worker.variant(work, work).run(1), 0, work);
    }
    await assertRejects(() => worker.ask({ workload: "x", steps: 1 }), Error, "unknown workload");
  },
});
