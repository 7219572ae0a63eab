/** The demo as a stranger runs it, only smaller: what it promises must hold. */

import { assert, assertEquals, assertGreater, assertLess, assertMatch } from "@std/assert";
import { join } from "node:path";
import { readRun } from "../../core/mod.ts";
import { inFolder, runMain } from "../support/command_line.ts";

Deno.test("demo trains a low-rank net about as accurate as its dense twin, far smaller", () =>
  inFolder(async (folder) => {
    const path = join(folder, "run");
    const { code, out, err } = await runMain(
      "demo",
      ...["--train-count", "3000", "--test-count", "1000", "--width", "128", "--depth", "4"],
      ...["--rank", "24", "--batch", "64", "--epochs", "5", "--out", path],
    );
    assertEquals({ code, err }, { code: 0, err: "" }, out);
    assertMatch(out, /^(Passed over .*\n)*Backend \w+: /, "it says what computes, and why");
    assertMatch(out, /\nReport: .*report\.html\n$/);

    const { config, metrics, summary, baseline } = await readRun(path);
    assert(summary && baseline?.summary, "both networks came to a result");
    assertEquals(config.dataset!.name, "digits");
    assertGreater(summary.testAccuracy!, 0.85);
    assertGreater(summary.testAccuracy!, baseline.summary.testAccuracy! - 0.04);
    assertGreater(summary.compression, 60);
    assertEquals(summary.steps, 5 * Math.floor(3000 / 64));
    const dense = 784 * 128 + 128 + 2 * (128 * 128 + 128) + 128 * 10 + 10;
    assertEquals(baseline.summary.parameters, dense);
    assertEquals(summary.denseParameters, dense);

    const epochs = metrics.filter((line) => line.testAccuracy !== undefined);
    assertEquals(epochs.map((line) => line.epoch), [1, 2, 3, 4, 5]);
    assertLess(epochs.at(-1)!.loss, 0.3 * epochs[0]!.loss);
    assertEquals(epochs.at(-1)!.testAccuracy, summary.testAccuracy);
    for (const line of epochs) {
      for (const [name, sigma] of Object.entries(line.singularValues!)) {
        assertEquals(sigma.length, line.ranks![name]);
      }
    }
    const total = summary.confusion!.flat().reduce((a, b) => a + b, 0);
    const correct = summary.confusion!.reduce((sum, row, i) => sum + row[i]!, 0);
    assertEquals([total, correct / total], [1000, summary.testAccuracy]);
    assertGreater((await Deno.stat(join(path, "report.html"))).size, 10_000);
  }));
