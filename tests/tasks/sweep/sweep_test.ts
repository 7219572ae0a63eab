/** Whole sweeps from the command line, on blobs: artefacts, interruption, resumption, refusal. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { readRun } from "../../../core/mod.ts";
import type { CellResult } from "../../../tasks/sweep/results.ts";
import {
  blobsPlugin,
  type Finished,
  inFolder,
  runMain,
  runMainUntil,
} from "../../support/command_line.ts";

const TRIAL = ["sweep", "trial", "--plugin", blobsPlugin];

function sweep(out: string, ...options: string[]): Promise<Finished> {
  return runMain(...TRIAL, "--out", out, ...options);
}

async function resultsIn(out: string): Promise<CellResult[]> {
  return (await readRun(out)).summary!.cells as CellResult[];
}

/** Results without the times that they took. */
async function timeless(out: string): Promise<unknown[]> {
  return (await resultsIn(out)).map(({ summary, ...cell }) => {
    const { seconds: _, secondsPerStep: _s, spent: _t, ...rest } = summary ?? {};
    return { ...cell, ...rest };
  });
}

Deno.test("a sweep leaves runs, a table with means, and a report that can be rebuilt", () =>
  inFolder(async (folder) => {
    const out = join(folder, "sweep");
    const done = await sweep(out, "--tolerance", "0.1,0.6", "--seed", "1,2", "--epochs", "1");
    assertEquals([done.code, done.err], [0, ""], done.out);
    assertMatch(done.out, /\ndense +\d+\.\d\d ± \d+\.\d\d %/);
    assertMatch(done.out, /\ntolerance 0\.6 +\d+\.\d\d ± \d+\.\d\d % +\d+\.\d %/);
    const results = await resultsIn(out);
    assertEquals(results.length, 6);
    for (const { folder: own, summary } of results) {
      const run = await readRun(join(out, own));
      assertEquals(run.summary!.testAccuracy, summary!.testAccuracy);
      assertEquals(run.baseline, undefined);
    }
    const page = await Deno.readTextFile(join(out, "report.html"));
    assertStringIncludes(page, "Test accuracy over parameters saved");
    assertStringIncludes(page, "Learning curves");
    assert(!/(src|href)="https?:/.test(page), "the report needs no network");
    await Deno.remove(join(out, "report.html"));
    assertEquals((await runMain("report", out)).out, `${out}/report.html\n`);
    assertEquals(await Deno.readTextFile(join(out, "report.html")), page);
  }));

Deno.test("a run that diverges is a result of its sweep", () =>
  inFolder(async (folder) => {
    const out = join(folder, "sweep");
    const rates = ["--optimizer", "sgd", "--learning-rate", "0.01,1e9", "--no-dense"];
    const done = await sweep(out, ...rates, "--epochs", "1");
    assertEquals([done.code, done.err], [0, ""], done.out);
    const [fine, lost] = await resultsIn(out);
    assert(fine!.summary && !lost!.summary);
    assertMatch(lost!.failure!, /^Training diverged/);
    assertMatch(done.out, /learning-rate 1e9 +diverged/);
  }));

const signals = Deno.build.os !== "windows";
const unless = signals ? "" : " (skipped: Windows has no SIGINT for children)";

Deno.test({
  name: `an interrupted sweep is resumed where it was and ends as if it had not been${unless}`,
  ignore: !signals,
  fn: () =>
    inFolder(async (folder) => {
      const [whole, parts] = [join(folder, "whole"), join(folder, "parts")];
      const options = ["--tolerance", "0.1,0.6", "--epochs", "12", "--train-count", "200"];
      assertEquals((await sweep(whole, ...options)).code, 0);
      const stopped = await runMainUntil(
        /tolerance-0\.1\n(.|\n)*epoch +2\//,
        "SIGINT",
        ...[...TRIAL, "--out", parts, ...options],
      );
      assertEquals(stopped.code, 130, stopped.out);
      assertStringIncludes(stopped.out, `deno task sweep trial --out ${parts} --resume`);
      const refused = await sweep(parts, ...options);
      assertEquals(refused.code, 1);
      assertMatch(refused.err, /^Cannot start a run in [^\n]*\n$/);
      const again = await sweep(parts, ...options, "--resume");
      assertEquals([again.code, again.err], [0, ""], again.out);
      assertMatch(again.out, /method-dense\n {2}finished before\n/);
      assertMatch(again.out, /resumed at step/);
      assertEquals(await timeless(parts), await timeless(whole));
    }),
});

Deno.test("a sweep says what is wrong before it starts anything", () =>
  inFolder(async (folder) => {
    const out = join(folder, "sweep");
    const cases: [string[], string][] = [
      [["--rank", "3"], "Cannot sweep over nothing: give some option a list"],
      [["--rank", "3,x"], 'Cannot set --rank: expected a finite number, got "x"'],
      [["--method", "low-rank,tuker"], 'Cannot set --method to "tuker": did you mean "tucker"'],
    ];
    for (const [options, why] of cases) {
      const { code, err } = await sweep(out, ...options);
      assertEquals(code, 1);
      assertStringIncludes(err, why);
      assertEquals([...Deno.readDirSync(folder)], []);
    }
  }));
