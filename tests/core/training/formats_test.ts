/** Every format of weights through the same properties; groups, frozen and adapted weights. */

import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertLess,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { join } from "node:path";
import {
  adapters,
  batchEvaluator,
  compressStates,
  crossEntropyLoss,
  currentPoints,
  denseNetwork,
  type Engine,
  fullSize,
  initialStates,
  type Layer,
  moverOf,
  type ParameterGroup,
  Pass,
  Random,
  readRecord,
  representationOf,
  restoreState,
  RunFolder,
  StateStore,
  type Tensor,
  tensorsIn,
  train,
  type TrainingMethod,
  trainStep,
  weightFormats,
  type WeightSpec,
  type WeightStates,
} from "../../../core/mod.ts";
import { conv2d, flatten, linear, perceptron, sequential } from "../../../layers/mod.ts";
import { adam, adamw, sgd } from "../../../optimizers/mod.ts";
import { cpuBackends, onBackend } from "../../support/algebras.ts";
import { inFolder } from "../../support/command_line.ts";
import {
  evaluateAt,
  methodOf,
  randomBatch,
  shortRun,
  stepOn,
  storeState,
} from "../../support/training.ts";

/** What is particular to a format. */
interface Row {
  /** Whether it convolves. */
  readonly kernels: boolean;
  /** Whether a step changes it. */
  readonly moves: boolean;
  /** Whether there is a weight, and not a statistic. */
  readonly weight: boolean;
  /** How far a whole weight comes back from it; default 1e-5. */
  readonly start?: number;
}

const weight = { kernels: true, moves: true, weight: true };

/** Adapters that begin without a gradient. */
const startable = adapters.list().filter((adapter) => !adapter.needsGradient);

const ROWS: Readonly<Record<string, Row>> = {
  "dense": weight,
  "frozen": { ...weight, moves: false },
  "non-negative": weight,
  "statistic": { kernels: false, moves: true, weight: false },
  "low-rank": weight,
  "factored-low-rank": weight,
  "tucker": weight,
  "window-tucker": weight,
  "factored-tucker": weight,
  "tucker-tensor": { ...weight, kernels: false },
  "factored-tucker-tensor": { ...weight, kernels: false },
  "adapted-low-rank": weight,
  "adapted-factored": weight,
  "rank-pruned": weight,
  "relora": weight,
  "sparse-low-rank": weight,
  "ordered-low-rank": weight,
  "sparse-spectral": weight,
  ...Object.fromEntries(startable.map(({ name }) => [name, weight])),
  "lora-xs": { ...weight, start: 1e-4 },
  // No entry of this small weight is below the threshold.
  "sara": { ...weight, moves: false },
};

Deno.test("every format of weights has a row", () => {
  const others = adapters.list().filter((adapter) => adapter.needsGradient).map((a) => a.name);
  assertEquals(weightFormats.names().sort(), [...Object.keys(ROWS), ...others].sort());
});

const WEIGHTS = Object.entries(ROWS).filter(([, row]) => row.weight);

/** One layer of a format with a classifier behind it. */
function netOf(format: string): Layer {
  const common = { format, rank: 2, activation: "tanh" } as const;
  const start = { name: "a", inputs: 7, outputs: 5, scale: 0.5 };
  return sequential([
    linear({ ...start, ...common }),
    linear({ name: "b", inputs: 5, outputs: 4 }),
  ]);
}

/** States in which increments and factors are not zero. */
async function moved(method: TrainingMethod, network: Layer): Promise<WeightStates> {
  const batch = randomBatch(method.engine, 9, 7, 4);
  let states = await initialStates(method, network, 3);
  for (let i = 0; i < 2; i++) {
    ({ states } = await stepOn(method, network, states, batch, { rate: 0.3 }));
  }
  return states;
}

async function far(engine: Engine, x: Tensor, y: Tensor): Promise<number> {
  const [norm] = await engine.read(
    engine.norm(engine.lincomb(1, x, -1, engine.reshape(y, x.shape))),
  );
  return norm! / Math.max(1e-3, (await engine.read(engine.norm(x)))[0]!);
}

for (const backend of cpuBackends) {
  for (const [format] of WEIGHTS) {
    Deno.test({
      ...await onBackend(backend, `${format}: x W and x Wᵀ are those of the whole weight`),
      fn: async () => {
        const method = await methodOf({ backend });
        const { engine } = method;
        const network = netOf(format);
        const [spec] = network.weights as [WeightSpec];
        await engine.scope(async () => {
          const states = await moved(method, network);
          const representation = representationOf(spec);
          const whole = representation.toDense!(method, spec, states[spec.name]!);
          const point = representation.point(states[spec.name]!);
          const use = { spec, bias: null, activation: "identity" } as const;
          for (const transpose of [false, true]) {
            const width = transpose ? 5 : 7;
            const x = engine.tensor(new Random(1).fillNormal(new Float32Array(6 * width)), [
              6,
              width,
            ]);
            const y = representation.linear(engine, point, x, { ...use, transpose });
            const expected = engine.matMul(x, whole, { transposeRight: transpose });
            assertLess(await far(engine, expected, y), 1e-5, `transpose ${transpose}`);
          }
        });
      },
    });
  }

  for (const format of ["low-rank", "factored-low-rank", "adapted-low-rank", "tucker"]) {
    Deno.test({
      ...await onBackend(backend, `${format}: pairs of both directions sum in the field`),
      fn: async () => {
        const method = await methodOf({ backend });
        const { engine, algebra: a } = method;
        const network = bothWays(format);
        const [spec] = network.weights as [WeightSpec];
        await engine.scope(async () => {
          const states = await initialStates(method, network, 5);
          const batch = randomBatch(engine, 8, 7, 7);
          const twin = denseNetwork(network);
          const dense = (await compressStates(method, twin, states)).states;
          const whole = await evaluateAt(engine, twin, currentPoints(twin, dense), batch);
          const scale = format === "adapted-low-rank" ? 0.5 : 1;
          const g = engine.scale(scale, whole.evidence.get(spec.name)!.gradient);
          const { evidence, dispose } = await evaluateAt(
            engine,
            network,
            currentPoints(network, states),
            batch,
          );
          const own = evidence.get(spec.name)!;
          assertEquals(own.pairs.length, 2);
          const r = representationOf(spec);
          const reading = r.asMatrix?.(method, spec, states[spec.name]!);
          if (reading) {
            const { u, v } = reading.start;
            const field = reading.field(reading.start, own);
            const left = a.multiply(g, v);
            assertLess(await far(engine, left, field.times(v)), 1e-4);
            const right = a.multiply(g, u, { transposeLeft: true });
            assertLess(await far(engine, right, field.adjointTimes(u)), 1e-4);
            const core = a.multiply(u, left, { transposeLeft: true });
            assertLess(await far(engine, core, field.galerkin(u, v)), 1e-4);
            assertLess(await far(engine, core, own.gradient), 1e-4);
          } else {
            const variables = r.asVariables!(method, spec, states[spec.name]!);
            const { in: left = variables.start.u!, out: right = variables.start.v! } =
              variables.start;
            const found = variables.gradients(own);
            const inner = variables.start.kernel;
            const g1 = a.multiply(g, right);
            const expected = inner ? a.multiply(g1, inner, { transposeRight: true }) : g1;
            assertLess(await far(engine, expected, found.in ?? found.u!), 1e-4);
            const g2 = a.multiply(g, left, { transposeLeft: true });
            assertLess(
              await far(engine, inner ? a.multiply(g2, inner) : g2, found.out ?? found.v!),
              1e-4,
            );
          }
          dispose();
          whole.dispose();
        });
      },
    });
  }
}

/** x ↦ tanh(x W) Wᵀ: one weight in both directions. */
function bothWays(format: string): Layer {
  const inner = linear({ name: "a", inputs: 7, outputs: 5, format, rank: 2, scale: 0.5 });
  return {
    weights: [inner.weights[0]!],
    forward(pass, x) {
      const h = pass.linear("a.weight", x, null, "tanh");
      return pass.linear("a.weight", h, null, "identity", { transpose: true });
    },
  };
}

for (const [format, row] of WEIGHTS) {
  Deno.test({
    ...await onBackend(
      "wasm",
      `${format}: a step moves it or not, keeps its records, leaks nothing`,
    ),
    fn: async () => {
      const method = await methodOf({ backend: "wasm", rule: adam.create() });
      const { engine } = method;
      const before = engine.memory().numTensors;
      await engine.scope(async () => {
        const network = netOf(format);
        const [spec] = network.weights as [WeightSpec];
        const states = await moved(method, network);
        const batch = randomBatch(engine, 9, 7, 4);
        const held = engine.memory().numTensors;
        const { states: next } = await stepOn(method, network, states, batch, { rate: 0.1 });
        const known = new Set(tensorsIn(states));
        const fresh = tensorsIn(next).filter((t) => !known.has(t)).length;
        assertEquals(engine.memory().numTensors, held + fresh);
        const r = representationOf(spec);
        const [x, y] = [states, next].map((s) => r.toDense!(method, spec, s[spec.name]!));
        assertEquals(await far(engine, x!, y!) > 1e-6, row.moves);
        assertEquals(next[spec.name]!.format, format);
        assert(r.size(next[spec.name]!) > 0);
        const state = { step: 1, lossSum: 0, trainLoss: 0, firstLoss: 0, best: 0, sinceBest: 0 };
        const timed = { ...state, seconds: 0, secondsPerStep: 0, states: next };
        const record = await storeState(engine, timed);
        const back = restoreState(engine, network, record);
        assertEquals(await storeState(engine, back), record);
      });
      assertEquals(engine.memory().numTensors, before);
    },
  });

  Deno.test({
    ...await onBackend("wasm", `${format}: a whole weight comes back from it`),
    fn: async () => {
      const method = await methodOf({ backend: "wasm" });
      const { engine } = method;
      await engine.scope(async () => {
        const network = netOf(format);
        const [spec] = network.weights as [WeightSpec];
        const r = representationOf(spec);
        const value = engine.tensor(
          new Random(2).fillUniform(new Float32Array(fullSize(spec)), 0, 1),
          spec.shape,
        );
        const { state } = await r.fromDense!(method, spec, value, {});
        const back = r.toDense!(method, spec, state);
        assertLess(await far(engine, value, back), row.start ?? 1e-5);
      });
    },
  });

  Deno.test({
    ...await onBackend("wasm", `${format}: it ${row.kernels ? "convolves" : "does not convolve"}`),
    fn: async () => {
      const method = await methodOf({ backend: "wasm" });
      const { engine } = method;
      await engine.scope(async () => {
        const layer = conv2d({ name: "c", inputs: 3, outputs: 4, size: 3, format, rank: 2 });
        const network = sequential([
          layer,
          flatten(),
          linear({ name: "d", inputs: 80, outputs: 2 }),
        ]);
        const states = await initialStates(method, network, 1);
        const x = engine.tensor(
          new Random(3).fillNormal(new Float32Array(2 * 4 * 5 * 3)),
          [2, 4, 5, 3],
        );
        const of = (n: Layer, s: WeightStates): Tensor => {
          const points = currentPoints(n, s);
          return n.forward(new Pass(engine, n, points, { training: false }), x);
        };
        if (!row.kernels) {
          assertThrows(() => of(network, states), Error, `"${format}" are no kernels`);
          return;
        }
        const twin = denseNetwork(network);
        const { states: dense } = await compressStates(method, twin, states);
        assertLess(await far(engine, of(twin, dense), of(network, states)), 1e-5);
      });
    },
  });
}

/** A network of two low-rank layers with a classifier. */
const stack = (): Layer => perceptron({ sizes: [36, 12, 10, 4], format: "low-rank", rank: 3 });

async function stepWith(
  groups: readonly ParameterGroup[],
  more: Partial<TrainingMethod> = {},
): Promise<{ method: TrainingMethod; before: WeightStates; after: WeightStates }> {
  const method = { ...await methodOf({ backend: "wasm", ...more }), groups };
  const before = await initialStates(method, stack(), 1);
  const batch = randomBatch(method.engine, 10, 36, 4);
  const { states: after } = await stepOn(method, stack(), before, batch, { rate: 0.1 });
  return { method, before, after };
}

/** ‖after − before‖ of one tensor. */
async function change(
  { engine }: TrainingMethod,
  before: WeightStates,
  after: WeightStates,
  name: string,
  part: string,
): Promise<number> {
  const [x, y] = [before, after].map((s) => s[name]![part] as Tensor);
  return (await engine.read(engine.norm(engine.sub(x!, y!))))[0]!;
}

Deno.test({
  ...await onBackend("wasm", "a group freezes weights: no gradient, no state, the same tensors"),
  fn: async () => {
    const { engine } = await methodOf({ backend: "wasm" });
    await engine.scope(async () => {
      const groups = [{ match: "dense1.*", mover: "frozen" }];
      const { method, before, after } = await stepWith(groups, { rule: adam.create() });
      for (const name of ["dense1.weight", "dense1.bias"]) {
        assertEquals(tensorsIn(after[name]), tensorsIn(before[name]));
        assertEquals(after[name]!.moments, undefined);
      }
      assert(await change(method, before, after, "dense2.bias", "value") > 0);
      const batch = randomBatch(engine, 10, 36, 4);
      const evaluator = batchEvaluator(engine, stack(), crossEntropyLoss, batch);
      const moving: string[] = [];
      await trainStep(method, stack(), before, (points, names) => {
        moving.push(...names);
        return evaluator(points, names);
      }, { rate: 0.1 });
      assertEquals(moving.some((name) => name.startsWith("dense1")), false);
    });
  },
});

Deno.test({
  ...await onBackend("wasm", "biases do not decay unless a group says so; matrices do"),
  fn: async () => {
    const { engine } = await methodOf({ backend: "wasm" });
    await engine.scope(async () => {
      const method = await methodOf({ backend: "wasm", rule: adamw.create({ weightDecay: 0.5 }) });
      const still = stack();
      const begun = await initialStates(method, still, 1);
      const ones = (s: WeightStates): WeightStates =>
        Object.fromEntries(still.weights.map(({ name, shape }) => [
          name,
          shape.length > 1 ? s[name]! : { format: "dense", value: engine.fill(shape, 1) },
        ]));
      const before = ones(begun);
      const flat = (groups: readonly ParameterGroup[]) =>
        trainStep(
          { ...method, groups },
          still,
          before,
          batchEvaluator(
            engine,
            still,
            // A loss that depends on every weight but has no slope.
            (model, { x }) => engine.scale(0, engine.sum(model.forward(x!))),
            randomBatch(engine, 10, 36, 4),
          ),
          { rate: 0.1 },
        );
      const { states: plain } = await flat([]);
      const { states: all } = await flat([{ match: "*.bias", weightDecay: 0.25 }]);
      const value = async (s: WeightStates, name: string) =>
        (await engine.read(s[name]!.value as Tensor))[0]!;
      assertEquals(await value(plain, "dense1.bias"), 1);
      assertAlmostEquals(await value(all, "dense1.bias"), 1 - 0.1 * 0.25, 1e-6);
      const norm = async (s: WeightStates) =>
        (await engine.read(engine.norm(s["classifier.weight"]!.value as Tensor)))[0]!;
      assertAlmostEquals(await norm(plain) / await norm(before), 1 - 0.1 * 0.5, 1e-5);
      const core = async (s: WeightStates) =>
        (await engine.read(engine.norm(s["dense1.weight"]!.s as Tensor)))[0]!;
      assertAlmostEquals(await core(plain) / await core(before), 1 - 0.1 * 0.5, 1e-5);
      const { states: none } = await flat([{ match: "dense1.weight", weightDecay: 0 }]);
      assertAlmostEquals(await core(none) / await core(before), 1, 1e-5);
    });
  },
});

Deno.test({
  ...await onBackend(
    "wasm",
    "groups choose rate factor, truncation and rule; the last one decides",
  ),
  fn: async () => {
    const { engine } = await methodOf({ backend: "wasm" });
    await engine.scope(async () => {
      const rule = sgd.create();
      const plain = await stepWith([], { rule });
      const factor = await stepWith([
        { match: "classifier.bias", rateFactor: 9 },
        { match: (spec) => spec.name.startsWith("classifier"), rateFactor: 0.5 },
      ], { rule });
      const ratio =
        await change(factor.method, factor.before, factor.after, "classifier.bias", "value") /
        await change(plain.method, plain.before, plain.after, "classifier.bias", "value");
      assertAlmostEquals(ratio, 0.5, 1e-5);
      const capped = await stepWith([{ match: "dense2.weight", truncation: { maxRank: 2 } }]);
      assertEquals(
        representationOf({ format: "low-rank" }).rank(capped.after["dense2.weight"]!),
        2,
      );
      const adaptive = await stepWith([{ match: "*", rule: adam.create() }], { rule });
      const { count } = (adaptive.after["classifier.weight"]!.moments as {
        value: { count: number };
      }).value;
      assertEquals(count, 1);
      assert(adaptive.after["dense1.weight"]!.moments, "factors move by the rule of the group");
    });
  },
});

Deno.test({
  ...await onBackend(
    "wasm",
    "movers that cannot move a weight, and networks that stand still, are refused",
  ),
  fn: async () => {
    const method = await methodOf({ backend: "wasm" });
    const [spec] = stack().weights as [WeightSpec];
    const groups = [{ match: "dense1.weight", mover: "tucker-integrator" }];
    const error = await assertRejects(
      () => Promise.try(() => moverOf({ ...method, groups }, spec)),
      RangeError,
    );
    assertEquals(
      error.message,
      'Cannot move "dense1.weight" by "tucker-integrator": weights of format "low-rank" offer it ' +
        "no reading",
    );
    await method.engine.scope(() =>
      assertRejects(
        () => stepWith([{ match: "*", mover: "frozen" }]),
        RangeError,
        "Cannot take a step: expected a weight that moves, all are frozen",
      )
    );
  },
});

for (const format of ["adapted-low-rank", "adapted-factored"]) {
  Deno.test({
    ...await onBackend(
      "wasm",
      `${format}: starts at its base, which never moves, and is stored once`,
    ),
    fn: () =>
      inFolder(async (folder) => {
        const network = perceptron({ sizes: [36, 12, 10, 4], format, rank: 2 });
        const config = { recipe: "test", settings: {}, seed: 3, backend: "wasm" };
        const options = async (path: string, resume: boolean) => ({
          ...await shortRun({ backend: "wasm", network, rule: adam.create(), rate: () => 0.02 }),
          folder: await RunFolder.open(path, config, { resume }),
        });
        const path = join(folder, "whole");
        const o = await options(path, false);
        const { engine } = o.method;
        const bases = async (states: WeightStates) =>
          await Promise.all(
            ["dense1.weight", "dense2.weight"].map((name) =>
              engine.read((states[name] as unknown as { base: { value: Tensor } }).base.value)
            ),
          );
        const start = await initialStates(o.method, network, o.seed);
        const dense = await compressStates(o.method, denseNetwork(network), start);
        const [own] = await bases(start);
        assertEquals(await engine.read(dense.states["dense1.weight"]!.value as Tensor), own);
        for (const t of [...tensorsIn(start), ...tensorsIn(dense.states)]) t.dispose();
        const { state } = await train(o);
        o.folder[Symbol.dispose]();
        assertEquals(await bases(state.states), await bases(state.states));
        assertEquals((await bases(state.states))[0], own);
        const fixed = await readRecord(join(path, "fixed.safetensors"));
        const sizes = Object.values(fixed).map((t) => (t as { data: Float32Array }).data.length);
        assert([36 * 12, 12 * 10].every((n) => sizes.includes(n)), `${sizes}`);
        const stored = await Deno.stat(join(path, "checkpoint.safetensors"));
        const once = await Deno.stat(join(path, "fixed.safetensors"));
        assert(once.size >= 4 * (36 * 12 + 12 * 10));
        const increments = tensorsIn(state.states).reduce((n, t) => n + t.size, 0);
        assertLess(stored.size, 4 * increments + 16_000);

        const parts = join(folder, "parts");
        const controller = new AbortController();
        const first = await options(parts, false);
        const cut = await train({
          ...first,
          signal: controller.signal,
          listener: (e) => e.type === "step" && e.step === 5 && controller.abort(),
        });
        assertEquals(cut.reason, "interrupted");
        first.folder[Symbol.dispose]();
        for (const t of tensorsIn(cut.state.states)) t.dispose();
        const second = await options(parts, true);
        const resumed = await train(second);
        second.folder[Symbol.dispose]();
        const [x, y] = await Promise.all([state, resumed.state].map(async (s) => {
          const { seconds: _s, secondsPerStep: _p, ...rest } = await storeState(engine, s);
          return rest;
        }));
        assertEquals(x, y);
        for (const t of [...tensorsIn(state.states), ...tensorsIn(resumed.state.states)]) {
          t.dispose();
        }
      }),
  });
}

Deno.test({
  ...await onBackend("wasm", "what stands still is stored with the first checkpoint and not again"),
  fn: async () => {
    const method = await methodOf({ backend: "wasm" });
    await method.engine.scope(async () => {
      const states = await initialStates(method, stack(), 1);
      const store = new StateStore(method.engine, states);
      const numbers = { lossSum: 0, trainLoss: 0, firstLoss: 0, best: 0, sinceBest: 0 };
      const state = { ...numbers, seconds: 0, secondsPerStep: 0 };
      const changed = {
        ...states,
        "dense1.bias": { format: "dense", value: method.engine.zeros([12]) },
      };
      const first = await store.store({ ...state, step: 1, states: changed });
      assertEquals(Object.keys(first.fixed!).length, tensorsIn(states).length - 1);
      const again = await store.store({ ...state, step: 2, states: changed });
      assertEquals(again.fixed, undefined);
      assertEquals(again.record.states, first.record.states);
      const other = {
        ...changed,
        "dense2.bias": { format: "dense", value: method.engine.zeros([10]) },
      };
      const later = await store.store({ ...state, step: 3, states: other });
      const back = restoreState(method.engine, stack(), later.record, first.fixed);
      assertEquals(
        await storeState(method.engine, back),
        await storeState(method.engine, { ...state, step: 3, states: other }),
      );
    });
  },
});
