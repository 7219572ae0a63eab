/** Reports of runs whose files somebody changed: the page, or one line that says what was wrong. */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { inFolder } from "../../support/command_line.ts";
import { pathsIn, replaced } from "../../support/mutations.ts";
import {
  REPORTED_RUNS as RUNS,
  type ReportedRun as Part,
  reportOf,
} from "../../support/reported_runs.ts";

for (const run of RUNS) {
  Deno.test(`the ${run.kind} report of whole files is a page`, () =>
    inFolder(async (path) => {
      assertMatch(await reportOf(path, run), /^<!DOCTYPE html>/);
    }));

  Deno.test(`the ${run.kind} report of damaged files is a page or one line that names the file`, () =>
    inFolder(async (path) => {
      const variants = [
        ...pathsIn(run.summary).map((at) => (by: unknown): Part => ({
          ...run,
          summary: replaced(run.summary, at, by),
        })),
        ...pathsIn(run.settings).map((at) => (by: unknown): Part => ({
          ...run,
          settings: replaced(run.settings, at, by),
        })),
        ...pathsIn(run.file?.[1] ?? {}).map((at) => (by: unknown): Part => ({
          ...run,
          file: [run.file![0], replaced(run.file![1], at, by)],
        })),
      ];
      let refused = 0;
      for (const variant of variants) {
        for (const junk of [null, { x: [1] }]) {
          const message = await reportOf(path, variant(junk)).then(() => "", (e) => e.message);
          if (message === "") continue;
          refused++;
          assertMatch(message, /^Cannot (read|draw|find) [^\n]+: [^\n]+$/);
          if (/^Cannot read/.test(message)) assert(message.includes(path), message);
          assert(message.length < path.length + 200, message);
        }
      }
      assert(refused >= variants.length, `${refused} of ${2 * variants.length}`);
    }));
}

Deno.test("a report says which part of a result is wrong and where", () =>
  inFolder(async (path) => {
    const damaged = replaced(RUNS[1]!.summary, ["problems", "0", "curves", "0", "errors"], "x");
    const { message } = await assertRejects(
      () => reportOf(path, { ...RUNS[1]!, summary: damaged }),
      Error,
    );
    assertEquals(
      message,
      `Cannot read ${path}/summary.json: expected a list "problems.0.curves.0.errors", got "x"`,
    );
  }));
