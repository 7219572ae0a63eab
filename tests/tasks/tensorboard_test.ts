/** Event files of whole runs from the command line, read by a reader of ours and by TensorBoard. */

import { assert, assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { findPython } from "../../bench/peers/mod.ts";
import { type MetricLine, readMetrics } from "../../core/mod.ts";
import { findFont } from "../../core/io/report/png.ts";
import { blobsPlugin, inFolder, runMain, runMainUntil } from "../support/command_line.ts";
import { curve, readEvents } from "../support/event_file.ts";

const TRIAL = ["train", "trial", "--plugin", blobsPlugin, "--tensorboard"];

async function metricsOf(folder: string): Promise<MetricLine[]> {
  return await readMetrics(join(folder, "metrics.jsonl"));
}

/** A quantity of metrics.jsonl in the precision of an event file. */
function logged(
  lines: readonly MetricLine[],
  value: (line: MetricLine) => number | undefined,
): [number, number][] {
  return lines.flatMap((line) => {
    const y = value(line);
    return y === undefined ? [] : [[line.step, Math.fround(y)]];
  });
}

const font = await findFont().then(() => true, () => false);

Deno.test("event files tell what metrics.jsonl tells, the dense twin apart, and have the report's figures", () =>
  inFolder(async (folder) => {
    const run = join(folder, "run");
    const { code, out, err } = await runMain(...TRIAL, "--out", run, "--baseline");
    assertEquals({ code, err }, { code: 0, err: "" });
    assertStringIncludes(out, `TensorBoard: tensorboard --logdir ${run}\n`);
    for (const path of [run, join(run, "baseline")]) {
      const [lines, events] = [await metricsOf(path), readEvents(path)];
      assertGreater(lines.length, 2);
      assertEquals(curve(events, "loss/train"), logged(lines, (l) => l.loss));
      assertEquals(curve(events, "accuracy/test"), logged(lines, (l) => l.testAccuracy));
      const name = "dense1.weight";
      assertEquals(curve(events, `rank/${name}`), logged(lines, (l) => l.ranks?.[name]));
      const spectra = events.flatMap((e) => e.histograms[`singular values/${name}`] ?? []);
      const sigma = lines.flatMap((l) => l.singularValues?.[name] ? [l.singularValues[name]] : []);
      assertEquals(spectra.map((h) => h.num), sigma.map((values) => values.length));
      assertEquals(spectra.map((h) => h.max), sigma.map((values) => Math.max(...values)));
    }
    const pictures = readEvents(run).flatMap(({ images }) => Object.keys(images));
    if (font) assert(pictures.includes("report/Loss") && pictures.includes("report/Ranks"));
    else assertStringIncludes(out, "left out of TensorBoard: Cannot letter pictures: ");
  }));

Deno.test("a run that was killed and resumed has every step once in its event files", () =>
  inFolder(async (folder) => {
    const run = join(folder, "run");
    const options = ["--out", run, "--epochs", "30", "--learning-rate", "0.001"];
    await runMainUntil(/^epoch 2/m, "SIGKILL", ...TRIAL, ...options);
    const { code, err } = await runMain(...TRIAL, ...options, "--resume");
    assertEquals({ code, err }, { code: 0, err: "" });
    const lines = await metricsOf(run);
    assertEquals(lines.at(-1)!.epoch, 30);
    assertEquals(curve(readEvents(run), "loss/train"), logged(lines, (l) => l.loss));
    const names = Array.from(Deno.readDirSync(run), ({ name }) => name);
    assertEquals(names.filter((name) => name.includes("tfevents")).length, 2);
  }));

const { python, reason } = await findPython("tensorboard");

/** Reads a run as the program does, restarts taken into account. */
const READER = `
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
a = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0, "images": 0, "histograms": 0})
a.Reload()
tags = a.Tags()
print(json.dumps({
    "scalars": {t: [[e.step, e.value] for e in a.Scalars(t)] for t in tags["scalars"]},
    "histograms": {t: [[e.step, e.histogram_value.num] for e in a.Histograms(t)] for t in tags["histograms"]},
    "images": {t: [[e.step, e.width] for e in a.Images(t)] for t in tags["images"]},
}))
`;

Deno.test({
  name: `TensorBoard itself reads a run that was killed and resumed${
    reason === undefined ? "" : ` (skipped: ${reason})`
  }`,
  ignore: python === undefined,
  fn: () =>
    inFolder(async (folder) => {
      const run = join(folder, "run");
      const options = ["--out", run, "--epochs", "30"];
      await runMainUntil(/^epoch 2/m, "SIGKILL", ...TRIAL, ...options);
      assertEquals((await runMain(...TRIAL, ...options, "--resume")).code, 0);
      const read = await new Deno.Command(python!, { args: ["-c", READER, run] }).output();
      const text = new TextDecoder();
      assert(read.success, text.decode(read.stderr));
      const { scalars, histograms, images } = JSON.parse(text.decode(read.stdout)) as Record<
        "scalars" | "histograms" | "images",
        Record<string, [number, number][]>
      >;
      const lines = await metricsOf(run);
      assertEquals(scalars["loss/train"], logged(lines, (l) => l.loss));
      assertEquals(scalars["rank/dense1.weight"], logged(lines, (l) => l.ranks?.["dense1.weight"]));
      assertEquals(
        histograms["singular values/dense1.weight"],
        logged(lines, (l) => l.singularValues?.["dense1.weight"]?.length),
      );
      if (font) assertEquals(images["report/Loss"]!.map(([step]) => step), [lines.at(-1)!.step]);
    }),
});
