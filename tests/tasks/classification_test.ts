/** Whole runs from the command line, on blobs: artefacts, interruption, resumption, refusal. */

import {
  assert,
  assertEquals,
  assertGreater,
  assertLess,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { join } from "node:path";
import { readMetrics, readRecord } from "../../core/mod.ts";
import { defaults } from "../../tasks/recipes/mnist.ts";
import {
  blobsPlugin,
  type Finished,
  inFolder,
  runMain,
  runMainUntil,
} from "../support/command_line.ts";

const TRIAL = ["train", "trial", "--plugin", blobsPlugin];

function trial(out: string, ...options: string[]): Promise<Finished> {
  return runMain(...TRIAL, "--out", out, ...options);
}

async function json(...path: string[]): Promise<Record<string, unknown>> {
  return JSON.parse(await Deno.readTextFile(join(...path)));
}

function succeeded({ code, out, err }: Finished): string {
  assertEquals({ code, err }, { code: 0, err: "" }, out);
  return out;
}

/** The record without the times that a run took. */
function timeless(record: Record<string, unknown>): Record<string, unknown> {
  const { seconds: _s, secondsPerStep: _p, spent: _t, ...rest } = record;
  return rest;
}

Deno.test("a run leaves every artefact, with a dense twin when asked", () =>
  inFolder(async (folder) => {
    const run = join(folder, "deep", "run");
    const out = succeeded(await trial(run, "--baseline", "--train-count", "200"));
    assertStringIncludes(out, `Report: ${run}/report.html\n`);
    assertMatch(out, /\nlow rank +\d+\.\d\d %/);
    assertMatch(out, /\ndense baseline +\d+\.\d\d %/);
    for (const line of out.split("\n")) assert(!line.includes("\u001b"), "no colours in a pipe");

    const config = await json(run, "config.json");
    assertEquals([config.recipe, config.seed, config.backend], ["trial", 1, "cpu"]);
    const settings = config.settings as Record<string, unknown>;
    assertEquals([settings.trainCount, settings.width, settings.baseline], [200, 12, true]);
    assertEquals(
      Object.keys(settings).length,
      Object.keys(defaults).length,
      "every setting, also those left alone",
    );
    const { name, sha256 } = config.dataset as Record<string, string>;
    assertEquals(name, "blobs");
    assertMatch(sha256!, /^[0-9a-f]{64}$/);
    const environment = config.environment as Record<string, string>;
    assertEquals(environment.deno, Deno.version.deno);
    assertStringIncludes(environment.backend!, "TensorFlow.js");

    const summary = await json(run, "summary.json");
    const ranks = summary.ranks as Record<string, number>;
    assertEquals(Object.keys(ranks), ["dense1.weight", "dense2.weight"]);
    const [r1, r2] = Object.values(ranks) as [number, number];
    const dense = 36 * 12 + 12 + 12 * 12 + 12 + 12 * 4 + 4;
    const own = r1 * (36 + 12) + 12 + r2 * (12 + 12) + 12 + 12 * 4 + 4;
    assertEquals([summary.denseParameters, summary.parameters], [dense, own]);
    assertLess(Math.abs(summary.compression as number - 100 * (1 - own / dense)), 1e-9);
    assertEquals(
      [summary.recipe, summary.backend, summary.dataset, summary.epochs, summary.steps],
      ["trial", "cpu", "blobs", 2, 20],
    );
    assertGreater(summary.testAccuracy as number, 0.5);
    for (const key of ["trainLoss", "testLoss", "secondsPerStep", "seconds"]) {
      assert(summary[key] as number > 0, key);
    }

    const spent = Object.values(summary.spent as Record<string, number>);
    assert(spent.every((s) => s > 0), `${spent}`);
    assertLess(spent.reduce((sum, s) => sum + s, 0), summary.seconds as number);

    const metrics = await readMetrics(join(run, "metrics.jsonl"));
    const ends = metrics.filter((line) => line.testAccuracy !== undefined);
    assertEquals(ends.map((line) => [line.step, line.epoch]), [[10, 1], [20, 2]]);
    assertEquals(ends[1]!.testAccuracy, summary.testAccuracy as number);
    assertEquals(ends[1]!.ranks, ranks);
    assertGreater(metrics.length, 10);

    const checkpoint = await readRecord(join(run, "checkpoint.safetensors"));
    assertEquals(checkpoint.step, 20);
    const twin = await json(run, "baseline", "summary.json");
    assertEquals([twin.parameters, twin.compression, twin.method], [dense, 0, "dense"]);
    assertEquals((await json(run, "baseline", "config.json")).recipe, "trial");

    const page = await Deno.readTextFile(join(run, "report.html"));
    assertMatch(page, /^<!doctype html>/i);
    assert(!/(src|href)="https?:/.test(page), "the report needs no network");
    assertStringIncludes(page, "<svg");

    await Deno.remove(join(run, "report.html"));
    assertEquals(succeeded(await runMain("report", run)), `${run}/report.html\n`);
    assertEquals(await Deno.readTextFile(join(run, "report.html")), page);
  }));

Deno.test("a dense run has no twin and saves nothing", () =>
  inFolder(async (folder) => {
    const run = join(folder, "run");
    succeeded(await trial(run, "--method", "dense", "--baseline", "--epochs", "1"));
    const summary = await json(run, "summary.json");
    assertEquals([summary.ranks, summary.compression], [{}, 0]);
    assertEquals([...Deno.readDirSync(run)].map((f) => f.name).includes("baseline"), false);
  }));

Deno.test("a new run refuses the folder of another one", () =>
  inFolder(async (folder) => {
    const run = join(folder, "run");
    succeeded(await trial(run, "--epochs", "1"));
    const before = await Deno.readTextFile(join(run, "summary.json"));
    const { code, err } = await trial(run, "--epochs", "1");
    assertEquals(code, 1);
    assertEquals(
      err,
      `Cannot start a run in ${run}: it holds config.json of another run; ` +
        `choose another --out, or go on with that run by --resume\n`,
    );
    assertEquals(await Deno.readTextFile(join(run, "summary.json")), before);
  }));

Deno.test("a run cannot be resumed with other settings, nor where there is none", () =>
  inFolder(async (folder) => {
    const run = join(folder, "run");
    succeeded(await trial(run, "--epochs", "1"));
    const other = await trial(run, "--epochs", "1", "--resume", "--rank", "5");
    assertEquals(other.code, 1);
    assertEquals(
      other.err,
      `Cannot resume the run in ${run}: expected the settings it began with, ` +
        `got other values of rank (4, now 5)\n`,
    );
    const nowhere = await trial(join(folder, "nowhere"), "--resume");
    assertEquals(nowhere.code, 1);
    assertMatch(nowhere.err, /^Cannot resume a run in [^\n]*nowhere: expected a config\.json/);
  }));

const signals = Deno.build.os !== "windows";
const unless = signals ? "" : " (skipped: Windows has no SIGINT for children)";

Deno.test({
  name: `Ctrl-C saves, exits with 130, and --resume ends as if nothing had happened${unless}`,
  ignore: !signals,
  fn: () =>
    inFolder(async (folder) => {
      const [whole, parts] = [join(folder, "whole"), join(folder, "parts")];
      const options = ["--epochs", "40", "--train-count", "200", "--baseline"];
      succeeded(await trial(whole, ...options));
      const stopped = await runMainUntil(
        /epoch +2\//,
        "SIGINT",
        ...[...TRIAL, "--out", parts, ...options],
      );
      assertEquals({ code: stopped.code, err: stopped.err }, { code: 130, err: "" }, stopped.out);
      assertStringIncludes(stopped.out, `deno task train trial --out ${parts} --resume`);
      const { step } = await readRecord(join(parts, "checkpoint.safetensors"));
      assertLess(step as number, 400);
      // Now the twin is interrupted: what was finished before stays as it is.
      const again = await runMainUntil(
        /dense baseline(.|\n)*epoch +2\//,
        "SIGINT",
        ...[...TRIAL, "--out", parts, "--resume", ...options],
      );
      assertEquals(again.code, 130, again.out);
      const half = await json(parts, "summary.json");
      succeeded(await trial(parts, "--resume", ...options));
      for (const sub of ["", "baseline"]) {
        const own = await json(parts, sub, "summary.json");
        assertEquals(timeless(own), timeless(await json(whole, sub, "summary.json")));
        assert(own.secondsPerStep as number > 0);
        const lines = async (run: string) =>
          (await readMetrics(join(run, sub, "metrics.jsonl")))
            .map(({ secondsPerStep: _, seconds: _s, ...line }) => line);
        assertEquals(await lines(parts), await lines(whole));
        const record = async (run: string) =>
          timeless(await readRecord(join(run, sub, "checkpoint.safetensors")));
        assertEquals(await record(parts), await record(whole));
      }
      assertEquals(timeless(await json(parts, "summary.json")), timeless(half));
    }),
});

for (
  const [backend, ...prefetch] of [
    ["cpu"],
    ["wasm"],
    ["cpu", "--prefetch", "--augmentation", "flip,pad-crop:1"],
  ] as const
) {
  Deno.test({
    name: `Ctrl-C is heard within an epoch, on ${[backend, ...prefetch].join(" ")}${unless}`,
    ignore: !signals,
    fn: () =>
      inFolder(async (folder) => {
        const run = join(folder, "run");
        const { code, out } = await runMainUntil(
          /steps\n/,
          "SIGINT",
          ...[...TRIAL, "--out", run, "--backend", backend],
          ...["--epochs", "1", "--batch", "2", "--train-count", "20000", ...prefetch],
        );
        assertEquals(code, 130, out);
        const { step } = await readRecord(join(run, "checkpoint.safetensors"));
        assertLess(step as number, 9000);
      }),
  });
}

Deno.test("a run that diverges says so in one line, with exit code 1", () =>
  inFolder(async (folder) => {
    const run = join(folder, "run");
    const { code, err } = await trial(run, "--optimizer", "sgd", "--learning-rate", "1e9");
    assertEquals(code, 1);
    assertMatch(
      err,
      /^Training diverged after step \d+: [^\n]*\. Lower the learning rate \(now 1000000000\) or clip the gradient\n$/,
    );
    assertEquals([...Deno.readDirSync(run)].map((f) => f.name).includes("summary.json"), false);
  }));

Deno.test("options reach the training: rank bounds, integrator, early stop", () =>
  inFolder(async (folder) => {
    const run = join(folder, "run");
    succeeded(
      await trial(
        run,
        ...["--integrator", "geolora", "--min-rank", "3", "--max-rank", "3", "--epochs", "60"],
        ...["--patience", "2", "--clip", "1", "--warmup", "5", "--schedule", "constant"],
        ...["--optimizer", "heavy-ball", "--train-count", "200", "--core-steps", "2"],
      ),
    );
    const summary = await json(run, "summary.json");
    assertEquals(summary.ranks, { "dense1.weight": 3, "dense2.weight": 3 });
    assertEquals(summary.method, "geolora");
    assertLess(summary.epochs as number, 60);
    // A tenth is held out for the early stop: 9 steps an epoch.
    assertEquals(summary.steps, 9 * (summary.epochs as number));
    const long = join(folder, "long");
    succeeded(await trial(long, "--train-count", "200", "--patience", "99", "--epochs", "12"));
    const { epochs, steps } = await json(long, "summary.json");
    assertEquals([epochs, steps], [12, 108]);
  }));

Deno.test("settings that no run can have are refused before anything is written", () =>
  inFolder(async (folder) => {
    const run = join(folder, "run");
    const { code, err } = await trial(run, "--min-rank", "12", "--max-rank", "3");
    assertEquals(code, 1);
    assertEquals(
      err,
      "Cannot train: expected --min-rank to be at most --max-rank, got 12 and 3\n",
    );
    const twin = await trial(run, "--baseline", "--baseline-learning-rate", "0");
    assertEquals(twin.code, 1);
    assertEquals(
      twin.err,
      "Cannot set --baseline-learning-rate: expected a number > 0, got 0\n",
    );
    assertEquals([...Deno.readDirSync(folder)], []);
  }));
