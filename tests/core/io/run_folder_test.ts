import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { MetricLine } from "../../../core/io/metrics.ts";
import type { RunConfig } from "../../../core/io/run_config.ts";
import { findRun, readRun, RunFolder } from "../../../core/io/run_folder.ts";
import type { Summary } from "../../../core/io/summary.ts";

const CONFIG: RunConfig = {
  recipe: "mnist",
  settings: { rank: 16, epochs: 3, widths: [500, 500] },
  seed: 1,
  backend: "cpu",
};

const SUMMARY: Summary = {
  recipe: "mnist",
  seed: 1,
  backend: "cpu",
  dataset: "blobs",
  epochs: 3,
  steps: 30,
  trainLoss: NaN,
  testAccuracy: 0.98,
  testLoss: 0.1,
  parameters: 100,
  denseParameters: 1000,
  compression: 90,
  ranks: { dense1: 4 },
  secondsPerStep: 0.01,
  seconds: 0.3,
};

function line(step: number): MetricLine {
  return { step, epoch: 1, loss: 1 / step, ranks: { dense1: step } };
}

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(`${folder}/runs/a`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("readRun() tells what RunFolder wrote, with the dense twin", async () => {
  await inFolder(async (path) => {
    const run = await RunFolder.open(path, CONFIG);
    run.appendMetric(line(1));
    run.appendMetric({ step: 2, epoch: 1, loss: NaN });
    await run.writeSummary(SUMMARY);
    const twin = await RunFolder.open(run.baselinePath, { ...CONFIG, recipe: "dense" });
    twin.appendMetric(line(7));
    const data = await readRun(path);
    assertEquals(data.config, CONFIG);
    assertEquals(data.metrics, [line(1), { step: 2, epoch: 1, loss: NaN }]);
    assertEquals(data.summary, SUMMARY);
    assertEquals(data.baseline?.config.recipe, "dense");
    assertEquals(data.baseline?.metrics, [line(7)]);
    assertEquals(data.baseline?.summary, undefined);
  });
});

Deno.test("RunFolder.open() refuses a folder that holds another run and changes nothing", async () => {
  await inFolder(async (path) => {
    await RunFolder.open(path, CONFIG);
    await assertRejects(
      () => RunFolder.open(path, { ...CONFIG, recipe: "demo" }),
      Error,
      `Cannot start a run in ${path}: it holds config.json of another run; ` +
        `choose another --out, or go on with that run by --resume`,
    );
    assertEquals((await readRun(path)).config, CONFIG);
  });
});

Deno.test("RunFolder.open() refuses a folder where only a checkpoint is left", async () => {
  await inFolder(async (path) => {
    await Deno.mkdir(path, { recursive: true });
    await Deno.writeTextFile(`${path}/checkpoint.safetensors`, "precious");
    for (const resume of [false, true, "if-present"] as const) {
      await assertRejects(() => RunFolder.open(path, CONFIG, { resume }), Error, path);
    }
    assertEquals(await Deno.readTextFile(`${path}/checkpoint.safetensors`), "precious");
  });
});

Deno.test("RunFolder.open() resumes the run that the folder holds", async () => {
  await inFolder(async (path) => {
    const first = await RunFolder.open(path, CONFIG);
    assertEquals(await first.loadCheckpoint(), undefined);
    for (const step of [1, 2, 3, 4]) first.appendMetric(line(step));
    await first.saveCheckpoint({ step: 2, w: new Float32Array([1, 2]) });

    const again = await RunFolder.open(path, CONFIG, { resume: true });
    assertEquals(await again.loadCheckpoint(), { step: 2, w: new Float32Array([1, 2]) });
    await again.keepMetricsThrough(2);
    again.appendMetric(line(3));
    assertEquals((await readRun(path)).metrics, [line(1), line(2), line(3)]);
  });
});

Deno.test("RunFolder.open() names the settings that a resumed run may not change", async () => {
  await inFolder(async (path) => {
    await RunFolder.open(path, CONFIG);
    const now = { ...CONFIG, settings: { rank: 32, epochs: 9, widths: [500, 500] } };
    await assertRejects(
      () => RunFolder.open(path, now, { resume: true }),
      Error,
      "got other values of rank (16, now 32), epochs (3, now 9)",
    );
    const longer = { ...CONFIG, settings: { ...CONFIG.settings, epochs: 9 } };
    await RunFolder.open(path, longer, { resume: true, mayChange: ["epochs"] });
    assertEquals((await readRun(path)).config.settings["epochs"], 9);
  });
});

Deno.test("RunFolder.open() with resume needs a run, with if-present it does not", async () => {
  await inFolder(async (path) => {
    await assertRejects(
      () => RunFolder.open(path, CONFIG, { resume: true }),
      Error,
      `Cannot resume a run in ${path}: expected a config.json there, found none`,
    );
    const run = await RunFolder.open(path, CONFIG, { resume: "if-present" });
    assertEquals(run.config, CONFIG);
  });
});

Deno.test("keepMetricsThrough() removes the line that a crash cut off", async () => {
  await inFolder(async (path) => {
    const run = await RunFolder.open(path, CONFIG);
    run.appendMetric(line(1));
    await Deno.writeTextFile(`${path}/metrics.jsonl`, '{"step":2,"ep', { append: true });
    assertEquals((await readRun(path)).metrics, [line(1)]);
    await run.keepMetricsThrough(1);
    run.appendMetric(line(2));
    assertEquals((await readRun(path)).metrics, [line(1), line(2)]);
  });
});

Deno.test("readRun() names the damaged line of metrics.jsonl", async () => {
  await inFolder(async (path) => {
    const run = await RunFolder.open(path, CONFIG);
    run.appendMetric(line(1));
    await Deno.writeTextFile(`${path}/metrics.jsonl`, "{oops\n", { append: true });
    await assertRejects(() => readRun(path), Error, `metrics.jsonl line 2: expected JSON text`);
    await Deno.writeTextFile(`${path}/metrics.jsonl`, '{"step":1,"epoch":1}\n');
    await assertRejects(
      () => readRun(path),
      Error,
      `metrics.jsonl line 1: expected a number "loss", got undefined`,
    );
  });
});

Deno.test("readRun() says when a folder holds no run", async () => {
  await inFolder(async (path) => {
    const error = await assertRejects(() => readRun(path), Error);
    assertEquals(
      error.message,
      `Cannot read a run from ${path}: expected a config.json, found none`,
    );
  });
});

Deno.test("RunFolder writes files that people can read", async () => {
  await inFolder(async (path) => {
    await RunFolder.open(path, CONFIG);
    assertStringIncludes(
      await Deno.readTextFile(`${path}/config.json`),
      '\n  "recipe": "mnist",\n',
    );
  });
});

/** Damage to a file of a run, and what reading it says. */
const DAMAGED: readonly [file: string, text: string, message: string][] = [
  ["config.json", '{"recipe":"mnist","settings":null}', 'expected a record "settings", got null'],
  ["config.json", '{"recipe":"mnist","settings":{}}', 'expected a number "seed", got undefined'],
  ["config.json", "[]", "expected a record, got []"],
  ["config.json", "", "expected JSON text, got other text (Unexpected end of JSON input)"],
  ["summary.json", "null", "expected a record, got null"],
  ["summary.json", '{"ranks":{"w":null}}', 'expected a number "ranks.w", got null'],
  ["summary.json", '{"confusion":[[1],2]}', 'expected a list "confusion.1", got 2'],
  ["baseline/config.json", '{"recipe":7}', 'expected a text "recipe", got 7'],
];

for (const [file, text, message] of DAMAGED) {
  Deno.test(`readRun() refuses ${file} that holds ${text || "nothing"}`, async () => {
    await inFolder(async (path) => {
      await RunFolder.open(path, CONFIG);
      await Deno.mkdir(`${path}/baseline`);
      await Deno.writeTextFile(`${path}/${file}`, text);
      const error = await assertRejects(() => readRun(path), Error);
      assertEquals(error.message, `Cannot read ${path}/${file}: ${message}`);
    });
  });
}

Deno.test("readRun() refuses a metric of the wrong type and names it", async () => {
  await inFolder(async (path) => {
    const run = await RunFolder.open(path, CONFIG);
    run.appendMetric(line(1));
    const wrong: readonly [more: string, message: string][] = [
      ['"ranks":{"w":"4"}', 'expected a number "ranks.w", got "4"'],
      ['"singularValues":{"w":[1,null]}', 'expected a number "singularValues.w.1", got null'],
      ['"step":-1', 'expected a whole number ≥ 0 "step", got -1'],
    ];
    for (const [more, message] of wrong) {
      await Deno.writeTextFile(`${path}/metrics.jsonl`, `{"step":1,"epoch":1,"loss":0,${more}}\n`);
      const error = await assertRejects(() => readRun(path), Error);
      assertEquals(error.message, `Cannot read ${path}/metrics.jsonl line 1: ${message}`);
    }
  });
});

Deno.test("RunFolder.open() and readRun() say in one line that the folder is a file", async () => {
  await inFolder(async (path) => {
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(path, "x");
    const why = "expected folders in its path, got a file";
    for (const resume of [false, true]) {
      const error = await assertRejects(() => RunFolder.open(path, CONFIG, { resume }), Error);
      assertEquals(error.message, `Cannot use ${path} as the folder of a run: ${why}`);
    }
    const error = await assertRejects(() => readRun(path), Error);
    assertEquals(error.message, `Cannot read ${path}/config.json: ${why}`);
  });
});

Deno.test("findRun() finds nothing in a folder without a run, and refuses a damaged one", async () => {
  await inFolder(async (path) => {
    assertEquals(await findRun(path), undefined);
    await RunFolder.open(path, CONFIG);
    assertEquals((await findRun(path))?.config, CONFIG);
    await Deno.writeTextFile(`${path}/metrics.jsonl`, "{oops\n");
    await assertRejects(() => findRun(path), Error, "metrics.jsonl line 1: expected JSON text");
  });
});
