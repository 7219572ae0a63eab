import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import type { MetricLine } from "../../../core/io/metrics.ts";
import type { RunConfig } from "../../../core/io/run_config.ts";
import { findRun, readRun, RunFolder, type RunFolderOptions } from "../../../core/io/run_folder.ts";
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
  testLoss: 0.1,
  testAccuracy: 0.98,
  measures: [{ name: "accuracy", better: "more", percent: true }],
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

/** Opens a run, uses it and lets it go. */
async function withRun(
  path: string,
  config: RunConfig,
  use: (run: RunFolder) => void | Promise<void>,
  options: RunFolderOptions = {},
): Promise<void> {
  using run = await RunFolder.open(path, config, options);
  await use(run);
}

function namesIn(path: string): string[] {
  return [...Deno.readDirSync(path)].map((entry) => entry.name).sort();
}

const PART = "01234567-89ab-cdef-0123-456789abcdef";

Deno.test("readRun() tells what RunFolder wrote, with the dense twin", async () => {
  await inFolder(async (path) => {
    using run = await RunFolder.open(path, CONFIG);
    run.appendMetric(line(1));
    run.appendMetric({ step: 2, epoch: 1, loss: NaN });
    await run.writeSummary(SUMMARY);
    using twin = await RunFolder.open(run.baselinePath, { ...CONFIG, recipe: "dense" });
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
    await withRun(path, CONFIG, (run) => run.appendMetric(line(1)));
    await assertRejects(
      () => RunFolder.open(path, { ...CONFIG, recipe: "demo" }),
      Error,
      `Cannot start a run in ${path}: it holds config.json of another run; ` +
        `choose another --out, or go on with that run by --resume`,
    );
    assertEquals((await readRun(path)).config, CONFIG);
    assertEquals(namesIn(path), ["config.json", "metrics.jsonl"]);
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
    const record = { step: 2, w: new Float32Array([1, 2]) };
    const fixed = { base: new Float32Array([3]) };
    await withRun(path, CONFIG, async (first) => {
      assertEquals(await first.loadCheckpoint(), undefined);
      assertEquals(await first.loadSummary(), undefined);
      for (const step of [1, 2, 3, 4]) first.appendMetric(line(step));
      await first.saveCheckpoint({ record: { step: 1 }, fixed });
      await first.saveCheckpoint({ record });
    });
    using again = await RunFolder.open(path, CONFIG, { resume: true });
    assertEquals(await again.loadCheckpoint(), { record, fixed });
    await again.keepMetricsThrough(2);
    again.appendMetric(line(3));
    assertEquals((await readRun(path)).metrics, [line(1), line(2), line(3)]);
    await again.writeSummary(SUMMARY);
    assertEquals(await again.loadSummary(), SUMMARY);
  });
});

Deno.test("RunFolder.open() names what a resumed run may not change, and leaves the run as it is", async () => {
  await inFolder(async (path) => {
    const dataset = { name: "mnist", sha256: "a".repeat(64), train: 60, test: 10 };
    const before = { ...CONFIG, dataset, steps: 30, weights: { dense1: "low-rank 4×3" } };
    await withRun(path, before, (run) => run.appendMetric(line(1)));
    const text = await Deno.readTextFile(`${path}/config.json`);
    const settings = { rank: 32, epochs: 9, widths: [500, 500] };
    const other = { ...dataset, sha256: "b".repeat(64), train: 50 };
    const anew = ", or start anew in another --out";
    const cases: [now: RunConfig, what: string, values: string, more: string][] = [
      [{ ...before, settings }, "settings", "rank (16, now 32), epochs (3, now 9)", ""],
      [
        { ...before, dataset: other, steps: 25 },
        "data and weights",
        "data (mnist of 60 and 10 examples, SHA-256 aaaaaaaaaaaaaaaa…, now mnist of 50 and " +
        "10 examples, SHA-256 bbbbbbbbbbbbbbbb…), steps (30, now 25)",
        `; name the folder of those data by --data${anew}`,
      ],
      [
        { ...before, weights: { dense1: "low-rank 4×5" } },
        "data and weights",
        "weight dense1 (low-rank 4×3, now low-rank 4×5)",
        `; give what it began with${anew}`,
      ],
    ];
    for (const [now, what, values, advice] of cases) {
      const error = await assertRejects(() => RunFolder.open(path, now, { resume: true }), Error);
      assertEquals(
        error.message,
        `Cannot resume the run in ${path}: expected the ${what} it began with, ` +
          `got other values of ${values}${advice}`,
      );
      assertEquals(await Deno.readTextFile(`${path}/config.json`), text);
      assertEquals(namesIn(path), ["config.json", "metrics.jsonl"]);
    }
    const longer = { ...before, settings: { ...CONFIG.settings, epochs: 9 } };
    await withRun(path, longer, () => {}, { resume: true, mayChange: ["epochs"] });
    assertEquals((await readRun(path)).config.settings["epochs"], 9);
  });
});

Deno.test("RunFolder.open() warns where a resumed run goes on with other last bits", async () => {
  await inFolder(async (path) => {
    const on = (threads: number): RunConfig => ({ ...CONFIG, settings: { threads } });
    await withRun(path, on(1), (run) => {
      assertEquals(run.warnings, []);
      run.appendMetric(line(1));
    });
    const options = { resume: true, mayChange: ["threads"] };
    await withRun(path, on(2), ({ warnings }) => {
      assertEquals(warnings, [
        "The run goes on with other values of threads (1, now 2): it agrees with one that was " +
        "not interrupted but for rounding, no longer bit for bit",
      ]);
    }, options);
    await withRun(path, on(2), ({ warnings }) => assertEquals(warnings, []), options);
  });
});

Deno.test("RunFolder.open() with resume needs a run, with if-present it does not", async () => {
  await inFolder(async (path) => {
    await assertRejects(
      () => RunFolder.open(path, CONFIG, { resume: true }),
      Error,
      `Cannot resume a run in ${path}: expected a config.json there, found none`,
    );
    assertEquals(namesIn(join(path, "..", "..")), [], "a refused start makes no folder");
    using run = await RunFolder.open(path, CONFIG, { resume: "if-present" });
    assertEquals(run.config, CONFIG);
  });
});

Deno.test("RunFolder.open() keeps other writers out until it is disposed", async () => {
  await inFolder(async (path) => {
    const twin = `${path}/baseline`;
    await withRun(path, CONFIG, async (run) => {
      run.appendMetric(line(1));
      for (const resume of [false, true, "if-present"] as const) {
        await assertRejects(
          () => RunFolder.open(path, CONFIG, { resume }),
          Error,
          `Cannot write into ${path}: process ${Deno.pid} is writing there`,
        );
      }
      await withRun(twin, CONFIG, () => {});
    });
    await withRun(path, CONFIG, () => {}, { resume: true });
    assertEquals(namesIn(path), ["config.json", "metrics.jsonl"]);
  });
});

Deno.test("RunFolder.open() does not mind the lock of a process that died", async () => {
  await inFolder(async (path) => {
    const url = new URL("../../../core/io/run_folder.ts", import.meta.url);
    const source = `const { RunFolder } = await import(${JSON.stringify(url.href)});
      const run = await RunFolder.open(${JSON.stringify(path)}, ${JSON.stringify(CONFIG)});
      await run.saveCheckpoint({ record: { step: 1 } });
      await Deno.writeTextFile(run.path + "/.summary.json.${PART}.part", "half");
      console.log("open");
      await new Promise((resolve) => setTimeout(resolve, 60_000));`;
    await using child = new Deno.Command(Deno.execPath(), {
      args: ["eval", source],
      cwd: new URL("../../../", import.meta.url),
      stdout: "piped",
    }).spawn();
    const told = child.stdout.getReader();
    await told.read();
    await assertRejects(
      () => RunFolder.open(path, CONFIG, { resume: true }),
      Error,
      `${child.pid}`,
    );
    child.kill("SIGKILL");
    await child.status;
    await told.cancel();
    assert(namesIn(path).includes(".lock"));
    await withRun(path, CONFIG, () => {}, { resume: true });
    assertEquals(namesIn(path), ["checkpoint.safetensors", "config.json"]);
  });
});

Deno.test("RunFolder.open() works without locks, and says that there are none", async () => {
  await inFolder(async (path) => {
    const { tryLock } = Deno.FsFile.prototype;
    Deno.FsFile.prototype.tryLock = () => Promise.reject(new Error("Function not implemented"));
    try {
      await withRun(path, CONFIG, (run) => {
        assertEquals(run.warnings, [
          `Nothing keeps another process from writing into ${path}: no locks there ` +
          "(Function not implemented)",
        ]);
        run.appendMetric(line(1));
      });
    } finally {
      Deno.FsFile.prototype.tryLock = tryLock;
    }
    assertEquals(namesIn(path), ["config.json", "metrics.jsonl"]);
  });
});

Deno.test("a run folder in which nothing was done is taken back, with the folders made for it", async () => {
  await inFolder(async (path) => {
    await withRun(path, CONFIG, () => {});
    assertEquals(namesIn(join(path, "..", "..")), []);
    await Deno.mkdir(path, { recursive: true });
    await withRun(path, CONFIG, () => {});
    assertEquals(namesIn(path), [], "a folder that was there stays");
    await withRun(path, CONFIG, (run) => run.appendMetric(line(1)));
    await withRun(path, CONFIG, () => {}, { resume: true });
    assertEquals(namesIn(path), ["config.json", "metrics.jsonl"]);
  });
});

Deno.test("a killed run that had done nothing yet can be started anew, with other settings", async () => {
  await inFolder(async (path) => {
    await Deno.mkdir(path, { recursive: true });
    await Deno.writeTextFile(`${path}/config.json`, JSON.stringify(CONFIG));
    await Deno.writeTextFile(`${path}/.lock`, "1\n");
    const now = { ...CONFIG, settings: { rank: 8 } };
    await withRun(path, now, (run) => run.appendMetric(line(1)));
    assertEquals((await readRun(path)).config, now);
  });
});

Deno.test("keepMetricsThrough() removes the line that a crash cut off", async () => {
  await inFolder(async (path) => {
    using run = await RunFolder.open(path, CONFIG);
    run.appendMetric(line(1));
    await Deno.writeTextFile(`${path}/metrics.jsonl`, '{"step":2,"ep', { append: true });
    assertEquals((await readRun(path)).metrics, [line(1)]);
    await run.keepMetricsThrough(1);
    run.appendMetric(line(2));
    assertEquals((await readRun(path)).metrics, [line(1), line(2)]);
    const { ino } = await Deno.stat(`${path}/metrics.jsonl`);
    await run.keepMetricsThrough(2);
    assertEquals((await Deno.stat(`${path}/metrics.jsonl`)).ino, ino, "nothing to drop");
  });
});

Deno.test("readRun() names the damaged line of metrics.jsonl", async () => {
  await inFolder(async (path) => {
    using run = await RunFolder.open(path, CONFIG);
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
    using _ = await RunFolder.open(path, CONFIG);
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
  ["summary.json", '{"ranks":{"w":null}}', 'expected a whole number ≥ 0 "ranks.w", got null'],
  ["summary.json", '{"confusion":[[1],2]}', 'expected a list "confusion.1", got 2'],
  ["baseline/config.json", '{"recipe":7}', 'expected a text "recipe", got 7'],
];

for (const [file, text, message] of DAMAGED) {
  Deno.test(`readRun() refuses ${file} that holds ${text || "nothing"}`, async () => {
    await inFolder(async (path) => {
      using _ = await RunFolder.open(path, CONFIG);
      await Deno.mkdir(`${path}/baseline`);
      await Deno.writeTextFile(`${path}/${file}`, text);
      const error = await assertRejects(() => readRun(path), Error);
      assertEquals(error.message, `Cannot read ${path}/${file}: ${message}`);
    });
  });
}

Deno.test("readRun() refuses a metric of the wrong type and names it", async () => {
  await inFolder(async (path) => {
    using run = await RunFolder.open(path, CONFIG);
    run.appendMetric(line(1));
    const wrong: readonly [more: string, message: string][] = [
      ['"ranks":{"w":"4"}', 'expected a whole number ≥ 0 "ranks.w", got "4"'],
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
    for (const resume of [false, true]) {
      const error = await assertRejects(() => RunFolder.open(path, CONFIG, { resume }), Error);
      assertEquals(error.message, `Cannot make the folder ${path}: expected a folder, got a file`);
    }
    const error = await assertRejects(() => readRun(path), Error);
    assertEquals(
      error.message,
      `Cannot read ${path}/config.json: expected folders in its path, got a file`,
    );
  });
});

Deno.test("findRun() finds nothing in a folder without a run, and refuses a damaged one", async () => {
  await inFolder(async (path) => {
    assertEquals(await findRun(path), undefined);
    using _ = await RunFolder.open(path, CONFIG);
    assertEquals((await findRun(path))?.config, CONFIG);
    await Deno.writeTextFile(`${path}/metrics.jsonl`, "{oops\n");
    await assertRejects(() => findRun(path), Error, "metrics.jsonl line 1: expected JSON text");
  });
});
