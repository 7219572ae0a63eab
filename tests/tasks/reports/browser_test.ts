/** Pages of every kind of report in a browser, on a desk and on a telephone. */

import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { reports } from "../../../core/mod.ts";
import { appendMetric } from "../../../core/io/metrics.ts";
import { Browser, chromium } from "../../support/browser.ts";
import { inFolder } from "../../support/command_line.ts";
import { REPORTED_RUNS, reportOf } from "../../support/reported_runs.ts";

const reason = chromium === undefined ? " (skipped: no Chromium)" : "";

Deno.test("every kind of report has a run that tests look at", () => {
  assertEquals(REPORTED_RUNS.map((run) => run.kind).sort(), reports.names().sort());
});

Deno.test({
  name: `reports open without errors or requests, and nothing is cut off${reason}`,
  ignore: chromium === undefined,
  fn: () =>
    inFolder(async (folder) => {
      await using browser = await Browser.start();
      for (const run of REPORTED_RUNS) {
        const path = join(folder, run.kind);
        await Deno.mkdir(path);
        for (const epoch of [1, 2, 3]) {
          appendMetric(join(path, "metrics.jsonl"), {
            ...{ step: 10 * epoch, epoch, loss: 1 / epoch, learningRate: 0.1 / epoch },
            ...{ testLoss: 1.1 / epoch, testAccuracy: 1 - 0.1 / epoch },
            ranks: { "dense1.weight": 8 - epoch, "conv2.kernel/in": 6 },
            singularValues: { "dense1.weight": [2, 1 / epoch], "conv2.kernel/in": [1, 0.5] },
          });
        }
        await reportOf(path, run);
        for (const width of [1280, 390]) {
          const seen = await browser.visit(join(path, "report.html"), width);
          const [content, inner] = seen.widths;
          assertEquals(
            { ...seen, widths: content <= inner },
            { errors: [], requests: [], widths: true, cut: [] },
            `${run.kind} at ${width} pixels: ${content} in ${inner}`,
          );
        }
      }
    }),
});

Deno.test({
  name: `a page with errors, requests and cut texts is seen to have them${reason}`,
  ignore: chromium === undefined,
  fn: () =>
    inFolder(async (folder) => {
      await using browser = await Browser.start();
      const path = join(folder, "bad.html");
      await Deno.writeTextFile(
        path,
        `<!DOCTYPE html><body><script>console.error("a"); setTimeout(() => { throw 1; });</script>
        <svg width="40" height="20"><text x="0" y="15">far too long for it</text></svg>
        <div style="width: 3000px">wide</div><img src="http://127.0.0.1:9/x.png"></body>`,
      );
      const { errors, requests, widths, cut } = await browser.visit(path, 390);
      assertEquals(errors.length >= 2, true, `${errors}`);
      assertEquals(requests, ["http://127.0.0.1:9/x.png"]);
      assertEquals(widths[0] > widths[1], true, `${widths}`);
      assertEquals(cut.length, 1, `${cut}`);
    }),
});
