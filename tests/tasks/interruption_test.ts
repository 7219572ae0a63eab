/** Runs that are told to end, whose output nobody takes, that cannot start, or that are two. */

import { assert, assertEquals, assertMatch, assertNotEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { blobs, datasets, readRecord, readRun } from "../../core/mod.ts";
import { runPath } from "../../tasks/run_path.ts";
import {
  blobsPlugin,
  inFolder,
  runMain,
  runMainUnread,
  runMainUntil,
} from "../support/command_line.ts";
import { runRecipe } from "../support/recipes.ts";

const TRIAL = ["train", "trial", "--plugin", blobsPlugin];
const LONG = [...TRIAL, "--epochs", "400", "--train-count", "100"];

const signals = Deno.build.os !== "windows";
const unless = signals ? "" : " (skipped: Windows has no such signals for children)";

for (const [signal, code] of [["SIGTERM", 143], ["SIGHUP", 129]] as const) {
  Deno.test({
    name: `${signal} saves and exits with ${code}, also when it comes twice${unless}`,
    ignore: !signals,
    fn: () =>
      inFolder(async (folder) => {
        const run = join(folder, "run");
        const twice = (child: Deno.ChildProcess): void => {
          child.kill(signal);
          child.kill(signal);
        };
        const stopped = await runMainUntil(/epoch +2\//, twice, ...LONG, "--out", run);
        assertEquals([stopped.code, stopped.err], [code, ""], stopped.out);
        assertMatch(stopped.out, /the checkpoint is saved\. Go on with the same options and\n/);
        const { step } = await readRecord(join(run, "checkpoint.safetensors"));
        assert(step as number >= 5 && step as number < 2000, `step ${step}`);
      }),
  });
}

const full = Deno.build.os === "linux";

Deno.test({
  name: `a run under nohup goes on when its terminal closes${
    full ? "" : " (skipped: only Linux tells what is ignored)"
  }`,
  ignore: !full,
  fn: async () => {
    const url = new URL("../../tasks/interruption.ts", import.meta.url);
    const source = `const { interruptible } = await import("${url}");
      Deno.exit(await interruptible(async (signal) => {
        console.log("ready");
        await new Promise((resolve) => setTimeout(resolve, 300));
        return signal.aborted ? 8 : 7;
      }));`;
    const args = ["-c", 'trap "" HUP; exec "$0" eval "$1"', Deno.execPath(), source];
    await using child = new Deno.Command("sh", { args, stdout: "piped" }).spawn();
    for await (const _ of child.stdout) child.kill("SIGHUP");
    assertEquals((await child.status).code, 7);
  },
});

/** Work beside training that signals end, how far it has come by then, and what it leaves. */
const OTHERS: readonly [name: string, args: string[], pattern: RegExp, left: string[]][] = [
  [
    "a sweep",
    ["sweep", "trial", "--plugin", blobsPlugin, "--rank", "3,4", "--epochs", "400"],
    /epoch +2\//,
    ["config.json", "method-dense"],
  ],
  ["flow", ["train", "flow", "--grids", "16", "--time", "500"], /Flow past/, ["config.json"]],
  [
    "shape",
    ["train", "shape", "--windows", "square,bump", "--threads", "2"],
    /searches at a time: 2/,
    ["config.json"],
  ],
];

for (const [name, args, pattern, left] of OTHERS) {
  Deno.test({
    name: `SIGTERM ends ${name} with 143${unless}`,
    ignore: !signals,
    fn: () =>
      inFolder(async (folder) => {
        const run = join(folder, "run");
        const { code, err, out } = await runMainUntil(pattern, "SIGTERM", ...args, "--out", run);
        assertEquals([code, err], [143, ""], out);
        assertMatch(out, /Interrupted/);
        assertEquals([...Deno.readDirSync(run)].map((entry) => entry.name).sort(), left);
      }),
  });
}

Deno.test({
  name: `SIGTERM ends a download, and leaves nothing${unless}`,
  ignore: !signals,
  fn: () =>
    inFolder(async (folder) => {
      const plugin = join(folder, "stuck.ts");
      const core = new URL("../../core/mod.ts", import.meta.url);
      await Deno.writeTextFile(
        plugin,
        `import { datasets } from "${core}";
        const load = ({ signal, onProgress }) => new Promise((_, reject) => {
          setTimeout(() => {}, 60_000);
          onProgress({ file: "first", received: 1, total: 1 });
          signal.addEventListener("abort", () => reject(new Error("Cannot load stuck: told to")));
        });
        datasets.add({ name: "stuck", description: "never there", load });`,
      );
      const run = ["train", "lenet-mnist", "--plugin", plugin, "--dataset", "stuck"];
      const end = await runMainUntil(
        /downloaded first/,
        "SIGTERM",
        ...[...run, "--backend", "cpu", "--out", join(folder, "run")],
      );
      assertEquals([end.code, end.err], [143, ""]);
      assertMatch(end.out, /\nInterrupted before the run began\.\n$/);
      assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["stuck.ts"]);
    }),
});

Deno.test({
  name: `a second Ctrl-C ends a job at once, but not the same one heard twice${unless}`,
  ignore: !signals,
  fn: async () => {
    const url = new URL("../../tasks/interruption.ts", import.meta.url);
    const source = `const { interruptible } = await import("${url}");
      await interruptible((signal) => new Promise(() => {
        signal.addEventListener("abort", () => {
          console.log("asked");
          setTimeout(() => console.log("still there"), 400);
        });
        console.log("ready");
      }));`;
    const args = ["eval", source];
    const job = new Deno.Command(Deno.execPath(), { args, stdout: "piped" });
    await using child = job.spawn();
    let out = "";
    for await (const line of child.stdout.pipeThrough(new TextDecoderStream())) {
      out += line;
      child.kill("SIGINT");
    }
    assertEquals([(await child.status).code, out], [130, "ready\nasked\nstill there\n"]);
  },
});

Deno.test("a run whose output nobody reads goes on to its end", () =>
  inFolder(async (folder) => {
    const [read, unread] = [join(folder, "read"), join(folder, "unread")];
    assertEquals((await runMain(...TRIAL, "--out", read)).code, 0);
    const { code, err } = await runMainUnread(...TRIAL, "--out", unread);
    assertEquals(code, 0);
    assertMatch(err, /^Warning: the output is lost \([^\n]*\); the run goes on without it\n$/);
    const [one, other] = [await readRun(read), await readRun(unread)];
    assertEquals(other.summary!.testLoss, one.summary!.testLoss);
    assertEquals(other.metrics.length, one.metrics.length);
    const names = (path: string) => [...Deno.readDirSync(path)].map(({ name }) => name).sort();
    assertEquals(names(unread), names(read));
  }));

Deno.test("a command that comes to nothing but text ends in silence when nobody reads it", async () => {
  assertEquals(await runMainUnread("list"), { code: 0, err: "" });
});

const unlessFull = full ? "" : " (skipped: only Linux has a device that is full)";

/** Runs the command line with its output on a device that is always full. */
async function runMainFull(...args: string[]): Promise<{ code: number; err: string }> {
  const { code, stderr } = await new Deno.Command("sh", {
    args: ["-c", 'exec "$0" run -A tasks/main.ts "$@" > /dev/full', Deno.execPath(), ...args],
    cwd: new URL("../../", import.meta.url),
    env: { NO_COLOR: "1" },
    stderr: "piped",
  }).output();
  return { code, err: new TextDecoder().decode(stderr) };
}

Deno.test({
  name: `a full disk under the output stops no run, but fails what is text alone${unlessFull}`,
  ignore: !full,
  fn: () =>
    inFolder(async (folder) => {
      const run = join(folder, "run");
      const trained = await runMainFull(...TRIAL, "--out", run);
      assertEquals(trained.code, 0);
      assertMatch(trained.err, /^Warning: the output is lost \(No space [^\n]*\n$/);
      assertEquals((await readRun(run)).summary!.steps, 40);
      const listed = await runMainFull("list", "window");
      assertEquals(listed.code, 1);
      assertMatch(listed.err, /^Cannot write standard output: No space [^\n]*\n$/);
    }),
});

/** Starts that are refused at different depths. */
const REFUSED: readonly [what: string, recipe: string, args: string[], message: RegExp][] = [
  ["a batch that is too large", "robust", ["--batch", "5000"], /a batch of 5000 needs as many/],
  [
    "a network that is too deep for its images",
    "lenet-mnist",
    ["--dataset", "blobs"],
    /too small for its layers/,
  ],
  [
    "ranks of a run that is not there",
    "lenet-mnist",
    ["--dataset", "digits", "--ranks-from", "nowhere"],
    /^Cannot read a run from nowhere/,
  ],
];

for (const [what, recipe, args, message] of REFUSED) {
  Deno.test({
    name: `a start that is refused for ${what} leaves no folder`,
    sanitizeResources: false,
    sanitizeOps: false,
    fn: () =>
      inFolder(async (folder) => {
        if (!datasets.has("blobs")) datasets.add(blobs);
        const small = ["--backend", "cpu", "--train-count", "50", "--test-count", "20"];
        const own = recipe === "robust" ? ["--dataset", "blobs", "--network", "perceptron"] : [];
        const all = [...small, ...own, ...args, "--out", join(folder, "deep", "run")];
        const error = await assertRejects(() => runRecipe(recipe, all), Error);
        assertMatch(error.message, message);
        assertEquals([...Deno.readDirSync(folder)], []);
      }),
  });
}

Deno.test("a second process is kept out of a run's folder, the first one is not disturbed", () =>
  inFolder(async (folder) => {
    const run = join(folder, "run");
    const others: { code: number; err: string }[] = [];
    const first = await runMainUntil(
      /epoch +2\//,
      async (child) => {
        others.push(await runMain(...LONG, "--out", run, "--resume"));
        others.push(await runMain(...LONG, "--out", run));
        const [before] = [await readRun(run)];
        assertEquals(before.config.recipe, "trial");
        child.kill("SIGKILL");
      },
      ...[...LONG, "--out", run],
    );
    assertNotEquals(first.code, 0);
    for (const { code, err } of others) {
      assertEquals(code, 1);
      assertMatch(err, /^Cannot write into \S+: process \d+ is writing there\n$/);
    }
    // The killed process holds no lock any more.
    const last = await runMainUntil(/resumed at step/, "SIGINT", ...LONG, "--out", run, "--resume");
    assertEquals(last.code, 130);
  }));

Deno.test("runs that are started in the same second have names of their own", () => {
  const names = Array.from({ length: 20 }, () => runPath("", "mnist"));
  assertEquals(new Set(names).size, 20);
  for (const name of names) assertMatch(name, /^runs\/mnist-\d{4}-\d\d-\d\d-\d{6}-[0-9a-f]{4}$/);
  assertEquals(runPath("here", "mnist"), "here");
});
