import { assert, assertEquals, assertGreater, assertRejects, assertThrows } from "@std/assert";
import { fileURLToPath } from "node:url";
import { clock, OutOfTime } from "../../bench/device_kit/clock.ts";
import { placeOf } from "../../bench/device_kit/packages.ts";
import { planOf } from "../../bench/device_kit/plan.ts";
import { makeKit } from "../../bench/device_kit.ts";
import { Worker } from "../../bench/support/worker_client.ts";

const fixture = fileURLToPath(new URL("fixture_worker.ts", import.meta.url));
const startFixture = () => Worker.start([Deno.execPath(), "run", "-A", fixture]);

Deno.test("the plan compares ours with PyTorch's in every group, each line once", () => {
  for (const small of [true, false]) {
    const plan = planOf(small);
    const groups = Map.groupBy(plan, ({ group }) => group);
    for (const [group, items] of groups) {
      const isOurs = items.map(({ side }) => side === "ours");
      assert(isOurs.includes(true) && isOurs.includes(false), group);
    }
    assertEquals(new Set(plan.map(({ work, side }) => `${side} ${work}`)).size, plan.length);
  }
  const works = planOf(false).map(({ work }) => work);
  for (const width of [500, 8192]) {
    for (const rank of [32, 64, 128]) {
      assert(works.includes(`train augmented-bug ${rank} ${width}`));
      assert(works.includes(`factors-2 ${rank} ${width}`));
    }
  }
  assert(works.includes("convnet step vgg-16 dense") && works.includes("net nchw step resnet-18"));
});

Deno.test("placeOf() finds package, folder and path of a file in Deno's cache", () => {
  const own = "/cache/npm/registry.example/@a/b-c/4.22.0/dist/b.node.js";
  assertEquals(placeOf(own), {
    root: "/cache/npm/registry.example/@a/b-c/4.22.0",
    name: "@a/b-c",
    path: "dist/b.node.js",
  });
  assertEquals(placeOf("/npm/r/long/4.0.0/src/long.js").name, "long");
  assertThrows(() => placeOf("/somewhere/else.js"), Error, "a file of a package in Deno's cache");
});

Deno.test("clock() measures a worker, and passes on why it cannot", async () => {
  await using worker = await startFixture();
  assertEquals(await clock(worker, "good", 60), { median: 0.001, min: 0.001 });
  await assertRejects(() => clock(worker, "bad", 60), Error, "bad workload");
});

Deno.test("clock() ends a worker that does not answer in its time", async () => {
  await using worker = await startFixture();
  await assertRejects(() => clock(worker, "hang", 0.2), OutOfTime);
  await assertRejects(() => worker.ask({ workload: "good", steps: 1 }), Error);
});

Deno.test({
  name: "a kit is made whole, and measures without network and without Deno's cache",
  ignore: Deno.build.os === "windows",
  async fn() {
    const folder = `${await Deno.makeTempDir()}/kit`;
    // In place of Deno, which takes long to pack.
    const small = await Deno.makeTempFile();
    assertGreater(await makeKit(folder, small), 2 ** 20);
    await Deno.symlink(Deno.execPath(), `${folder}/deno`);
    await assertRejects(() => makeKit(folder, small), Error, "expected a new folder");
    const nowhere = "http://127.0.0.1:9";
    const run = (...args: string[]) =>
      new Deno.Command("sh", {
        args: [`${folder}/run.sh`, ...args],
        env: { HTTP_PROXY: nowhere, HTTPS_PROXY: nowhere, RANKFLOW_PYTHON: "/no/python" },
        stderr: "piped",
        stdout: "piped",
      }).output();
    const out = `${folder}/device.json`;
    const args = ["--small", "--backend", "wasm", "--doctor", "0", "--out", out];
    const { code, stderr } = await run(...args);
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    const { lines, leftOut } = JSON.parse(await Deno.readTextFile(out));
    assertEquals([lines.length, leftOut], [planOf(true).length, []]);
    for (const { side, seconds, error } of lines) {
      if (side === "ours") assertGreater(seconds?.median, 0, error);
      else assertEquals(error.startsWith("RANKFLOW_PYTHON=/no/python cannot import torch"), true);
    }
    const refused = await run("--minute", "3");
    assertEquals(refused.code, 1);
    assertEquals(
      new TextDecoder().decode(refused.stderr).trim(),
      'Cannot read "--minute": known are --out, --minutes, --backend, --doctor, --small',
    );
    await Deno.remove(folder, { recursive: true });
  },
});
