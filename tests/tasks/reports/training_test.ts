import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  buildPage,
  type MetricLine,
  type Page,
  type RunConfig,
  type RunData,
  RunFolder,
  type Summary,
} from "../../../core/io/mod.ts";
import { report } from "../../../tasks/report.ts";
import { trainingReport, writeReport } from "../../../tasks/reports/mod.ts";
import { UsageError } from "../../../tasks/usage_error.ts";

const CONFIG: RunConfig = {
  recipe: "demo",
  settings: { rank: 16, widths: [64, 64], note: "" },
  seed: 3,
  backend: "cpu",
  dataset: { name: "digits", sha256: "ab12" },
  environment: { deno: "2.9.6" },
};

function summaryOf(changes: Partial<Summary> = {}): Summary {
  return {
    recipe: "demo",
    seed: 3,
    backend: "cpu",
    dataset: "digits",
    epochs: 3,
    steps: 30,
    trainLoss: 0.1,
    testLoss: 0.2,
    testAccuracy: 0.975,
    measures: [{ name: "accuracy", better: "more", percent: true }],
    parameters: 150,
    denseParameters: 1000,
    compression: 85,
    ranks: { dense1: 4 },
    secondsPerStep: 0.01,
    seconds: 0.5,
    confusion: [[97, 3], [2, 98]],
    classNames: ["cat", "dog"],
    ...changes,
  };
}

function metricsOf(count: number): MetricLine[] {
  return Array.from({ length: count }, (_, i) => ({
    step: 10 * (i + 1),
    epoch: i + 1,
    loss: 1 / (i + 1),
    testLoss: 1.1 / (i + 1),
    testAccuracy: 1 - 0.1 / (i + 1),
    learningRate: 0.1 / (i + 1),
    ranks: { dense1: 8 - i, dense2: 6 },
    discarded: { dense1: 0.1, dense2: 0 },
    singularValues: { dense1: [2, 1 / (i + 2)], dense2: [1, 0.5] },
  }));
}

const TWIN: RunData = {
  path: "runs/a/baseline",
  config: CONFIG,
  metrics: metricsOf(3).map(({ step, epoch, loss }) => ({ step, epoch, loss })),
  summary: summaryOf({
    testAccuracy: 0.98,
    parameters: 1000,
    compression: 0,
    secondsPerStep: 0.04,
  }),
};
const RUN: RunData = {
  path: "runs/a",
  config: CONFIG,
  metrics: metricsOf(3),
  summary: summaryOf(),
  baseline: TWIN,
};

async function titlesOf(run: RunData): Promise<string[]> {
  const page = await trainingReport.build(run);
  return page.sections.flatMap((s) => (s.figures ?? []).map((f) => f.title));
}

function cells(page: Page, name: string): readonly string[] | undefined {
  return page.sections.flatMap((s) => s.tables ?? []).flatMap((t) => t.rows).find(([n]) =>
    n === name
  );
}

Deno.test("the training report compares with the dense twin", async () => {
  const page = await trainingReport.build(RUN);
  assertEquals(
    page.lead,
    "The network reaches a test accuracy of 97.50 % on digits with 150 parameters, " +
      "85.0 % fewer than with full matrices. That is 0.50 percentage points less than its dense " +
      "twin, which reaches 98.00 %; a training step takes 0.25 times as long.",
  );
  assertEquals(cells(page, "test accuracy"), [
    "test accuracy",
    "97.50 %",
    "98.00 %",
    "−0.50 points",
  ]);
  assertEquals(cells(page, "parameters"), ["parameters", "150", "1,000", "× 0.150"]);
  assertEquals(cells(page, "time per step"), ["time per step", "10.0 ms", "40.0 ms", "× 0.250"]);
});

Deno.test("the training report says what the time went to, of runs that both tell", async () => {
  const spent = { pass: 0.3, update: 0.1 };
  const own = { ...RUN, summary: summaryOf({ spent }) };
  assertEquals(cells(await trainingReport.build(own), "of which pass"), undefined);
  const twin = { ...TWIN, summary: summaryOf({ spent: { pass: 0.6, update: 0.2 } }) };
  const page = await trainingReport.build({ ...own, baseline: twin });
  assertEquals(cells(page, "of which pass"), ["of which pass", "300 ms", "600 ms", "× 0.500"]);
});

Deno.test("the training report says how long both took to an accuracy that both reached", async () => {
  const timed = (accuracies: readonly number[]): MetricLine[] =>
    accuracies.map((testAccuracy, i) => ({
      ...{ step: 10 * (i + 1), epoch: i + 1, loss: 1 },
      ...{ testAccuracy, seconds: 2 * (i + 1) },
    }));
  const own = { ...RUN, metrics: timed([0.951, 0.94, 0.97]) };
  const twin = { ...TWIN, metrics: timed([0.9, 0.955, 0.955]) };
  const page = await trainingReport.build({ ...own, baseline: twin });
  assertEquals(cells(page, "time to 95 %"), ["time to 95 %", "2.00 s", "4.00 s", "× 0.500"]);
  assertEquals(cells(page, "time to 96 %"), undefined);
  const { baseline: _, ...alone } = own;
  assertEquals(cells(await trainingReport.build(alone), "time to 96 %"), [
    "time to 96 %",
    "6.00 s",
  ]);
});

Deno.test("the training report tells better and equal apart from worse", async () => {
  const lead = async (accuracy: number): Promise<string> =>
    (await trainingReport.build({ ...RUN, summary: summaryOf({ testAccuracy: accuracy }) })).lead;
  assertStringIncludes(await lead(0.99), "That is 1.00 percentage points more than its dense twin");
  assertStringIncludes(await lead(0.98), "That is as much as its dense twin");
});

Deno.test("the training report compares what is no share by its ratio", async () => {
  const measures = [{ name: "rmse", better: "less" as const }];
  const measured = (rmse: number) => summaryOf({ measures, testLoss: 1, testRmse: rmse });
  const twin = { ...TWIN, summary: measured(0.25) };
  const page = await trainingReport.build({ ...RUN, summary: measured(0.5), baseline: twin });
  assertStringIncludes(page.lead, "a test rmse of 0.5000 on digits");
  assertStringIncludes(page.lead, "That is 2.00 times that of its dense twin, which reaches 0.25");
  assertEquals(cells(page, "test rmse"), ["test rmse", "0.5000", "0.2500", "× 2.00"]);
});

Deno.test("the training report draws every quantity that was logged, and no other", async () => {
  assertEquals(await titlesOf(RUN), [
    "Loss",
    "Accuracy",
    "Learning rate",
    "Ranks",
    "Truncation",
    "Singular values",
    "Confusion matrix of the test set",
  ]);
  const bare = { path: "runs/b", config: CONFIG, metrics: [{ step: 1, epoch: 1, loss: 2 }] };
  assertEquals(await titlesOf(bare), ["Loss"]);
  const constant = metricsOf(3).map((line) => ({ ...line, learningRate: 0.1, discarded: {} }));
  const titles = await titlesOf({ ...RUN, metrics: constant });
  assertEquals(titles.includes("Learning rate") || titles.includes("Truncation"), false);
});

Deno.test("the training report dashes the dense twin in the same colours", async () => {
  const page = await trainingReport.build(RUN);
  const loss = page.sections.flatMap((s) => s.figures ?? []).find((f) => f.title === "Loss");
  const legend = loss!.legend!.map(({ label, color, dashed }) => [label, color, dashed]);
  assertEquals(legend, [
    ["training", "var(--series-1)", false],
    ["training, dense twin", "var(--series-1)", true],
    ["test", "var(--series-2)", false],
  ]);
});

Deno.test("the training report shows first and last singular values of each layer", async () => {
  const page = await trainingReport.build(RUN);
  const figure = page.sections.flatMap((s) => s.figures ?? []).find((f) =>
    f.title === "Singular values"
  )!;
  assertEquals(figure.panels.map((p) => p.title), ["dense1", "dense2"]);
  assertEquals(figure.legend!.map((l) => l.label), ["epoch 1", "epoch 3"]);
});

Deno.test("the training report goes by steps where an epoch is logged more than once", async () => {
  const metrics = metricsOf(4).map((line) => ({ ...line, epoch: 1 }));
  const html = buildPage(await trainingReport.build({ ...RUN, metrics }));
  assertStringIncludes(html, ">step</text>");
  assertEquals(html.includes(">epoch</text>"), false);
});

Deno.test("the training report says how many losses it cannot show", async () => {
  const metrics = [...metricsOf(3), { step: 40, epoch: 4, loss: NaN }];
  const html = buildPage(await trainingReport.build({ ...RUN, metrics }));
  assertStringIncludes(html, "1 value that is not finite is not shown.");
});

Deno.test("the training report of an unfinished run says so", async () => {
  const { summary: _, baseline: __, ...unfinished } = RUN;
  const page = await trainingReport.build(unfinished);
  assertEquals(page.lead, "This run has no result: 30 steps are logged, in epoch 3.");
  assertEquals(page.tiles, []);
  const nothing = await trainingReport.build({ ...unfinished, metrics: [] });
  assertEquals(nothing.lead, "This run has no result: nothing is logged yet.");
});

Deno.test("the training report names the most frequent mistakes", async () => {
  const html = buildPage(await trainingReport.build(RUN));
  assertStringIncludes(
    html,
    "5 of 200 test examples are classified wrongly; the most frequent mistakes: " +
      "cat taken for dog (3), dog taken for cat (2).",
  );
});

Deno.test("the training report lists every setting", async () => {
  const page = await trainingReport.build(RUN);
  assertEquals(cells(page, "widths"), ["widths", "64, 64"]);
  assertEquals(cells(page, "note"), ["note", "none"]);
  assertEquals(cells(page, "SHA-256 of the data"), ["SHA-256 of the data", "ab12"]);
  assertEquals(cells(page, "deno"), ["deno", "2.9.6"]);
});

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(`${folder}/run`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("writeReport() makes the page from the files of the folder alone", async () => {
  await inFolder(async (path) => {
    using folder = await RunFolder.open(path, CONFIG);
    metricsOf(3).forEach((line) => folder.appendMetric(line));
    await folder.writeSummary(summaryOf());
    const file = await writeReport(path);
    const html = await Deno.readTextFile(file);
    assertEquals(file, `${path}/report.html`);
    assertStringIncludes(html, "97.50 %");
    assert(!/<script|https?:/.test(html));
    assertEquals(await writeReport(path), file);
    assertEquals(await Deno.readTextFile(file), html);
  });
});

Deno.test("writeReport() refuses a kind of report that is not there", async () => {
  await inFolder(async (path) => {
    using _ = await RunFolder.open(path, { ...CONFIG, report: "trainin" });
    await assertRejects(
      () => writeReport(path),
      RangeError,
      'Cannot find report "trainin": did you mean "training"',
    );
  });
});

Deno.test("report() explains what it needs", async () => {
  await assertRejects(() => report([]), UsageError, "expected the folder of a run");
  await assertRejects(() => report(["--help"]), UsageError, "expected the folder of a run");
  await inFolder(async (path) => {
    await assertRejects(() => report([path]), Error, `Cannot read a run from ${path}: `);
  });
});
