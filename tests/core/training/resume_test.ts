/** A run that was interrupted and resumed ends with the same bits as one that was not. */

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import {
  augmentedBug,
  bug,
  choose,
  imageExamples,
  merging,
  type Mover,
  onSupport,
  ordered,
  parallelBug,
  pruned,
  readMetrics,
  readRecord,
  refreshRules,
  relativeFrobenius,
  restoreState,
  RunFolder,
  sampledSpectrum,
  tensorsIn,
  train,
  type TrainOptions,
  type TrainResult,
  weightFormats,
  writeRecord,
} from "../../../core/mod.ts";
import { perceptron } from "../../../layers/mod.ts";
import {
  adafactor,
  adam,
  apollo,
  fira,
  galore,
  heavyBall,
  mofasgd,
  muon,
  shampoo,
  soap,
} from "../../../optimizers/mod.ts";
import { cpuBackends, onBackend } from "../../support/algebras.ts";
import {
  blobsOf,
  type MethodChoice,
  methodOf,
  shortRun,
  storeState,
} from "../../support/training.ts";

const truncation = { rule: relativeFrobenius, tolerance: 0.15, minRank: 2, maxRank: 8 };

async function inFolder(check: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempDir();
  try {
    await check(path);
  } finally {
    await Deno.remove(path, { recursive: true });
  }
}

async function openFolder(path: string, resume = false): Promise<RunFolder> {
  const config = { recipe: "test", settings: {}, seed: 3, backend: "cpu" };
  return await RunFolder.open(path, config, { resume });
}

/** What a finished run leaves, without the times that it took. */
interface Trace {
  readonly reason: string;
  readonly state: Record<string, unknown>;
  readonly metrics: unknown;
  readonly results: unknown;
  readonly checkpoint: Record<string, unknown>;
}

async function traceOf(o: TrainOptions, result: TrainResult, path: string): Promise<Trace> {
  const { seconds: _s, secondsPerStep: _p, ...state } = await storeState(
    o.method.engine,
    result.state,
  );
  for (const t of tensorsIn(result.state.states)) t.dispose();
  const lines = await readMetrics(join(path, "metrics.jsonl"));
  const { seconds: _t, secondsPerStep: _q, ...checkpoint } = await wholeCheckpoint(path);
  return {
    reason: result.reason,
    state,
    metrics: lines.map(({ secondsPerStep: _, seconds: _s, ...line }) => line),
    results: { trainLoss: result.trainLoss, test: result.test },
    checkpoint,
  };
}

/** The checkpoint with what stood still until the first one in its place. */
async function wholeCheckpoint(path: string): Promise<Record<string, unknown>> {
  const [record, fixed] = await Promise.all(
    ["checkpoint", "fixed"].map((name) =>
      readRecord(join(path, `${name}.safetensors`)).catch(() => ({}))
    ),
  );
  const put = (tree: unknown): unknown => {
    if (typeof tree !== "object" || tree === null || ArrayBuffer.isView(tree)) return tree;
    if ("fixed" in tree) return (fixed as Record<string, unknown>)[String(tree.fixed)];
    if (Array.isArray(tree)) return tree;
    return Object.fromEntries(Object.entries(tree).map(([key, child]) => [key, put(child)]));
  };
  return put(record) as Record<string, unknown>;
}

/** Runs to the end, interrupted after each of these steps and resumed from the file. */
async function runWithStops(
  options: () => Promise<TrainOptions>,
  path: string,
  stops: readonly number[],
): Promise<Trace> {
  for (const [i, stop] of stops.entries()) {
    const controller = new AbortController();
    if (stop === 0) controller.abort();
    const o = await options();
    const before = o.method.engine.memory().numTensors;
    using folder = await openFolder(path, i > 0);
    const result = await train({
      ...o,
      folder,
      signal: controller.signal,
      listener: (e) => {
        if (e.type === "step" && e.step === stop) controller.abort();
      },
    });
    assertEquals([result.reason, result.state.step], ["interrupted", stop]);
    assert(!result.test, "an interrupted run has no result");
    for (const t of tensorsIn(result.state.states)) t.dispose();
    assertEquals(o.method.engine.memory().numTensors, before);
  }
  const o = await options();
  using folder = await openFolder(path, stops.length > 0);
  const result = await train({ ...o, folder });
  return await traceOf(o, result, path);
}

const CHOICES: Record<string, MethodChoice & { format?: string; clipNorm?: number }> = {
  "augmented-bug with adam": { integrator: augmentedBug, rule: adam.create() },
  "parallel-bug with heavy ball": {
    integrator: parallelBug,
    rule: heavyBall.create(),
    clipNorm: 1,
  },
  "bug with adam": { integrator: bug, rule: adam.create(), coreSteps: 2 },
  "a dense net with adam": { format: "dense", rule: adam.create() },
  "a dense net with muon": { format: "dense", rule: muon.create() },
  "a dense net with galore": { format: "dense", rule: galore.create({ rank: 3, every: 7 }) },
  "augmented-bug with muon": { integrator: augmentedBug, rule: muon.create() },
  "augmented-bug and held bases with adam": {
    rule: adam.create(),
    refresh: choose(refreshRules, "every:steps=5,truncateAt=0.5"),
  },
  "parallel-bug when it pays with heavy ball": {
    integrator: parallelBug,
    rule: heavyBall.create(),
    refresh: choose(refreshRules, "when-it-pays:inside=0.6,look=2,most=7"),
  },
  "Tucker tensors when it pays with adam": {
    format: "tucker",
    rule: adam.create(),
    refresh: choose(refreshRules, "when-it-pays:inside=0.6,look=2,most=7"),
  },
  "Tucker tensors and held bases with adam": {
    format: "tucker",
    rule: adam.create(),
    refresh: choose(refreshRules, "every:steps=5,truncateAt=0.5"),
  },
};

/** Rules of matrices are the same code on every backend, so one will do. */
const MATRIX_RULES: typeof CHOICES = {
  "a dense net with fira": { format: "dense", rule: fira.create({ rank: 3, every: 7 }) },
  "a dense net with apollo": { format: "dense", rule: apollo.create({ rank: 3, every: 7 }) },
  "a dense net with mofasgd": { format: "dense", rule: mofasgd.create({ rank: 3 }) },
  "a dense net with shampoo": { format: "dense", rule: shampoo.create({ every: 3 }) },
  "a dense net with soap": { format: "dense", rule: soap.create({ every: 3 }) },
  "a dense net with adafactor": { format: "dense", rule: adafactor.create() },
};

/** Movers with something to do now and then, so often that a short run sees it. */
const OFTEN: Readonly<Record<string, Mover>> = {
  "rank-pruned": pruned({ period: 5 }),
  "relora": merging({ period: 5, warmup: 3 }),
  "sparse-low-rank": onSupport,
  "ordered-low-rank": ordered({
    ...{ lasso: 1e-3, threshold: 1e-5, period: 5 },
    draws: "independent",
  }),
  "ordered-low-rank in turns": ordered({
    ...{ lasso: 1e-3, threshold: 1e-5, period: 5 },
    draws: "per-layer",
  }),
  "sparse-spectral": sampledSpectrum({ period: 2 }),
};
const FORMATS = Object.fromEntries(
  Object.entries(OFTEN).map(([name, mover]) => {
    const usual = weightFormats.get(name.split(" ", 1)[0]!);
    const format = { ...usual, name: `often-${name.replaceAll(" ", "-")}`, mover };
    return [`a ${name} net with adam`, {
      format: weightFormats.add(format).name,
      rule: adam.create(),
    }];
  }),
);

for (const backend of cpuBackends) {
  const choices = backend === "wasm" ? { ...CHOICES, ...MATRIX_RULES, ...FORMATS } : CHOICES;
  for (const [name, { format = "low-rank", ...choice }] of Object.entries(choices)) {
    Deno.test({
      ...await onBackend(backend, `a resumed run equals an uninterrupted one, ${name}`),
      fn: () =>
        inFolder(async (path) => {
          const options = () =>
            shortRun({
              ...choice,
              backend,
              truncation,
              network: perceptron({ sizes: [36, 12, 10, 4], format, rank: 4 }),
              epochs: 3,
              rate: (step, total) => 0.02 * (1 - step / total),
            });
          const whole = await runWithStops(options, join(path, "whole"), []);
          // Before the first step; within an epoch; at its end; twice more.
          const parts = await runWithStops(options, join(path, "parts"), [0, 3, 8, 13, 22]);
          assertEquals(parts, whole);
          assertEquals(whole.reason, "finished");
          assertEquals(whole.state.step, 24);
          assertEquals(whole.state, whole.checkpoint, "the last checkpoint is the end");
        }),
    });
  }
}

Deno.test({
  ...await onBackend("cpu", "a finished run that is resumed tells the same results again"),
  fn: () =>
    inFolder(async (path) => {
      const options = () => shortRun({ truncation });
      const first = await runWithStops(options, path, []);
      const o = await options();
      using folder = await openFolder(path, true);
      const again = await train({ ...o, folder });
      assert(again.secondsPerStep > 0, `${again.secondsPerStep} s per step`);
      assert(again.trainLoss > 0, `training loss ${again.trainLoss}`);
      assertEquals(await traceOf(o, again, path), first);
    }),
});

Deno.test({
  ...await onBackend("cpu", "a run that has fewer steps than its checkpoint is not resumed"),
  fn: () =>
    inFolder(async (path) => {
      await runWithStops(() => shortRun({ truncation, epochs: 2 }), path, []);
      const o = await shortRun({ truncation, epochs: 1 });
      const before = o.method.engine.memory().numTensors;
      using folder = await openFolder(path, true);
      await assertRejects(
        () => train({ ...o, folder }),
        Error,
        "Cannot resume: expected a checkpoint of at most 8 steps, which the run has in all, " +
          "got one after 16; give the epochs, the batch and the data that it began with",
      );
      assertEquals(o.method.engine.memory().numTensors, before);
    }),
});

Deno.test({
  ...await onBackend("cpu", "a run that stopped early and is resumed stays where it stopped"),
  fn: () =>
    inFolder(async (path) => {
      const dataset = await blobsOf(80);
      const earlyStop = { on: imageExamples(dataset.test, dataset.shape), patience: 2 };
      const rate = (step: number) => step < 8 ? 0.1 : 1e-12;
      const options = () => shortRun({ dataset, earlyStop, rate, epochs: 20 });
      const first = await runWithStops(options, path, []);
      assertEquals(first.reason, "stopped-early");
      const o = await options();
      using folder = await openFolder(path, true);
      const again = await train({ ...o, folder });
      assertEquals(await traceOf(o, again, path), first);
    }),
});

Deno.test({
  ...await onBackend("cpu", "early stop counts across an interruption"),
  fn: () =>
    inFolder(async (path) => {
      const dataset = await blobsOf(80);
      const earlyStop = { on: imageExamples(dataset.test, dataset.shape), patience: 2 };
      const rate = (step: number) => step < 8 ? 0.1 : 1e-12;
      const options = () => shortRun({ dataset, earlyStop, rate, epochs: 20 });
      const whole = await runWithStops(options, join(path, "whole"), []);
      assertEquals(await runWithStops(options, join(path, "parts"), [11, 17]), whole);
    }),
});

Deno.test({
  ...await onBackend("cpu", "the seconds of a run add up across an interruption"),
  fn: () =>
    inFolder(async (path) => {
      const controller = new AbortController();
      let now = 0;
      const clock = performance.now;
      // A clock that ticks a second whenever somebody looks.
      performance.now = () => (now += 1000);
      try {
        using folder = await openFolder(path);
        const o = await shortRun({
          folder,
          signal: controller.signal,
          listener: (e) => {
            if (e.type === "step" && e.step === 5) controller.abort();
          },
        });
        const first = await train(o);
        for (const t of tensorsIn(first.state.states)) t.dispose();
        const record = await readRecord(join(path, "checkpoint.safetensors"));
        assert(record.seconds as number >= 10, `${record.seconds} s after 5 steps of 2 s`);
      } finally {
        performance.now = clock;
      }
    }),
});

Deno.test({
  ...await onBackend("cpu", "storeState() and restoreState() keep every bit and leave no tensor"),
  fn: async () => {
    const o = await shortRun({ rule: adam.create(), truncation, epochs: 1 });
    const { engine } = o.method;
    const before = engine.memory().numTensors;
    const { state } = await train(o);
    const record = await storeState(engine, state);
    const back = restoreState(engine, o.network, record);
    assertEquals(tensorsIn(back.states).length, tensorsIn(state.states).length);
    assertEquals(await storeState(engine, back), record);
    for (const t of [...tensorsIn(back.states), ...tensorsIn(state.states)]) t.dispose();
    assertEquals(engine.memory().numTensors, before);
  },
});

Deno.test({
  ...await onBackend(
    "cpu",
    "a checkpoint of weights of other shapes, or without parts, is refused",
  ),
  fn: () =>
    inFolder(async (path) => {
      const o = await shortRun({ epochs: 1 });
      const { engine } = o.method;
      const first = await openFolder(path);
      const { state } = await train({ ...o, folder: first });
      first[Symbol.dispose]();
      const record = await storeState(engine, state);
      for (const t of tensorsIn(state.states)) t.dispose();
      const before = engine.memory().numTensors;
      const name = "dense1.weight";
      const odd = (part: string, value: unknown) => {
        const states = record.states as Record<string, Record<string, unknown>>;
        return { ...record, states: { ...states, [name]: { ...states[name], [part]: value } } };
      };
      const cases: [Record<string, unknown>, string][] = [
        [odd("u", { shape: [30, 6], data: new Float32Array(180) }), "parts that do not fit"],
        [odd("s", "gone"), "parts that do not fit together"],
      ];
      for (const [damaged, why] of cases) {
        await writeRecord(join(path, "checkpoint.safetensors"), damaged);
        const folder = await openFolder(path, true);
        const error = await assertRejects(() => train({ ...o, folder }), Error, why);
        assertStringIncludes(
          error.message,
          `Cannot resume: weight "${name}" must be of shape [36,12], the checkpoint has`,
        );
        folder[Symbol.dispose]();
      }
      assertEquals(engine.memory().numTensors, before);
    }),
});

Deno.test({
  ...await onBackend("cpu", "restoreState() refuses a record of another layout or network"),
  fn: async () => {
    const { engine } = await methodOf();
    const o = await shortRun({ epochs: 1 });
    const { state } = await train(o);
    const record = await storeState(engine, state);
    for (const t of tensorsIn(state.states)) t.dispose();
    const refused = (network: TrainOptions["network"], r: Record<string, unknown>, why: string) =>
      assertRejects(
        () => Promise.try(() => restoreState(engine, network, r)),
        Error,
        why,
      );
    const before = engine.memory().numTensors;
    const layout = "Cannot resume: expected a checkpoint of layout 2, got 99";
    await refused(o.network, { ...record, version: 99 }, layout);
    await refused(
      perceptron({ sizes: [36, 12, 10, 4], format: "dense" }),
      record,
      'Cannot resume: weight "dense1.weight" must be dense, the checkpoint has low-rank',
    );
    await refused(
      perceptron({ sizes: [36, 12, 10, 4, 4], format: "low-rank" }),
      record,
      'Cannot resume: weight "dense3.weight" must be low-rank, the checkpoint has none',
    );
    assertEquals(engine.memory().numTensors, before);
  },
});
