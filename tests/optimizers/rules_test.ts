/** The contract of optimizers: one row each, against a recursion written from its publication. */

import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertGreater,
  assertLess,
  assertThrows,
} from "@std/assert";
import {
  type Matrix,
  matrix,
  matrixOf,
  type OptimizerRule,
  Random,
  type RuleState,
  type RuleStep,
  type Settings,
  type Updated,
} from "../../core/mod.ts";
import { type Moments, optimizers } from "../../optimizers/mod.ts";
import {
  gaussian,
  host,
  minus,
  norm,
  projector,
  relativeError,
  times,
} from "../support/matrices.ts";
import {
  adafactorIterates,
  apolloIterates,
  firaIterates,
  mofasgdIterates,
  shampooIterates,
  soapIterates,
} from "./matrix_references.ts";
import {
  adamDirection,
  fullGaloreIterates,
  galoreIterates,
  muonIterates,
  type Reference,
} from "./references.ts";

const STEPS = 10;
const [ROWS_OF_X, COLS_OF_X] = [4, 3];

interface Row {
  readonly name: string;
  readonly settings: Settings;
  /** Iterates of the published recursion. */
  readonly reference: Reference;
  /** Numbers of state of an m×n matrix, counters included. */
  readonly state: (m: number, n: number) => number;
}

/** A recursion x ← x − step of single numbers, for every entry on its own. */
function entryWise(make: () => (x: number, g: number, n: number) => number): Reference {
  return ({ start, gradient, rate, steps }) => {
    const entries = Array.from(start.data, make);
    let x = start;
    return Array.from({ length: steps }, (_, n) => {
      const g = gradient(x);
      x = { ...x, data: x.data.map((v, i) => v - rate * entries[i]!(v, g.data[i]!, n + 1)) };
      return x;
    });
  };
}

function adamReference(b1: number, b2: number, epsilon: number, decay: number): Reference {
  return entryWise(() => {
    const direction = adamDirection(b1, b2, epsilon);
    return (x, g, n) => decay * x + direction(g, n);
  });
}

const TABLE: readonly Row[] = [
  {
    name: "sgd",
    settings: {},
    reference: entryWise(() => (_x, g) => g),
    state: () => 0,
  },
  {
    name: "sgd",
    settings: { weightDecay: 0.3 },
    reference: entryWise(() => (x, g) => g + 0.3 * x),
    state: () => 0,
  },
  {
    name: "heavy-ball",
    settings: { momentum: 0.8, weightDecay: 0.1 },
    reference: entryWise(() => {
      let m = 0;
      return (x, g) => 0.1 * x + (m = 0.8 * m + g);
    }),
    state: (m, n) => m * n + 1,
  },
  {
    name: "nesterov",
    settings: { momentum: 0.8, weightDecay: 0.1 },
    reference: entryWise(() => {
      let m = 0;
      return (x, g) => {
        m = 0.8 * m + g;
        return 0.1 * x + g + 0.8 * m;
      };
    }),
    state: (m, n) => m * n + 1,
  },
  {
    name: "adam",
    settings: {},
    reference: adamReference(0.9, 0.999, 1e-8, 0),
    state: (m, n) => 2 * m * n + 1,
  },
  {
    name: "adam",
    settings: { momentum: 0.7, beta2: 0.9, epsilon: 0.01 },
    reference: adamReference(0.7, 0.9, 0.01, 0),
    state: (m, n) => 2 * m * n + 1,
  },
  {
    name: "adamw",
    settings: {},
    reference: adamReference(0.9, 0.999, 1e-8, 0.01),
    state: (m, n) => 2 * m * n + 1,
  },
  {
    name: "adamw",
    settings: { momentum: 0.5, beta2: 0.95, weightDecay: 0.4 },
    reference: adamReference(0.5, 0.95, 1e-8, 0.4),
    state: (m, n) => 2 * m * n + 1,
  },
  {
    name: "muon",
    settings: { weightDecay: 0.2 },
    reference: muonIterates({ momentum: 0.95, nesterov: true, steps: 5, decay: 0.2 }),
    state: (m, n) => m * n + 1,
  },
  {
    name: "muon",
    settings: { momentum: 0.8, nesterov: false, steps: 3, scale: "rms" },
    reference: muonIterates({ momentum: 0.8, nesterov: false, steps: 3, decay: 0, rms: true }),
    state: (m, n) => m * n + 1,
  },
  {
    name: "galore",
    settings: { rank: 2, every: 3, scale: 0.5, weightDecay: 0.2, "base.momentum": 0.8 },
    reference: galoreIterates({ rank: 2, every: 3, scale: 0.5, decay: 0.2, momentum: 0.8 }),
    // P, two moments of the projected gradient, and two counts.
    state: (m, n) => 2 * Math.min(m, n) + 2 * 2 * Math.max(m, n) + 2,
  },
  {
    name: "galore",
    settings: { rank: 3, every: 2, scale: 1, base: "sgd" },
    reference: galoreIterates({ rank: 3, every: 2, scale: 1, decay: 0 }),
    state: (m, n) => 3 * Math.min(m, n) + 1,
  },
  {
    name: "galore",
    settings: { rank: 2, every: 3, side: "left" },
    reference: galoreIterates({
      rank: 2,
      every: 3,
      scale: 0.25,
      decay: 0,
      momentum: 0.9,
      side: "left",
    }),
    state: (m, n) => 2 * m + 2 * 2 * n + 2,
  },
  {
    name: "galore",
    settings: { rank: 2, every: 4, side: "right" },
    reference: galoreIterates({
      rank: 2,
      every: 4,
      scale: 0.25,
      decay: 0,
      momentum: 0.9,
      side: "right",
    }),
    state: (m, n) => 2 * n + 2 * 2 * m + 2,
  },
  {
    name: "galore",
    settings: { rank: 2, every: 3, side: "long" },
    reference: galoreIterates({
      rank: 2,
      every: 3,
      scale: 0.25,
      decay: 0,
      momentum: 0.9,
      side: "long",
    }),
    state: (m, n) => 2 * Math.max(m, n) + 2 * 2 * Math.min(m, n) + 2,
  },
  {
    name: "galore",
    settings: { rank: 2, every: 3, side: "full", weightDecay: 0.2 },
    reference: fullGaloreIterates({ rank: 2, every: 3, scale: 0.25, decay: 0.2, momentum: 0.9 }),
    // P and Q, two moments of r×r, and two counts.
    state: (m, n) => 2 * (m + n) + 2 * 2 * 2 + 2,
  },
  {
    name: "galore",
    settings: { rank: 2, every: 2, side: "full", choice: "power", base: "sgd" },
    reference: fullGaloreIterates({ rank: 2, every: 2, scale: 0.25, decay: 0, choice: "power" }),
    state: (m, n) => 2 * (m + n) + 1,
  },
  {
    name: "galore",
    settings: { rank: 2, every: 2, choice: "power" },
    reference: galoreIterates({
      rank: 2,
      every: 2,
      scale: 0.25,
      decay: 0,
      momentum: 0.9,
      choice: "power",
    }),
    state: (m, n) => 2 * Math.min(m, n) + 2 * 2 * Math.max(m, n) + 2,
  },
  {
    name: "galore",
    settings: { rank: 2, every: 1, lazy: 0.4, "base.momentum": 0.8 },
    reference: galoreIterates({
      rank: 2,
      every: 1,
      scale: 0.25,
      decay: 0,
      momentum: 0.8,
      lazy: 0.4,
    }),
    // After two steps the next choice, the steps to the one after, and one cosine.
    state: (m, n) => 2 * Math.min(m, n) + 2 * 2 * Math.max(m, n) + 2 + 3,
  },
  {
    name: "fira",
    settings: { rank: 2, every: 4, scale: 0.5, weightDecay: 0.2, "base.momentum": 0.8 },
    reference: firaIterates({
      rank: 2,
      every: 4,
      scale: 0.5,
      decay: 0.2,
      growth: 1.01,
      whole: false,
      momentum: 0.8,
    }),
    // GaLore's, and the norm of the residual.
    state: (m, n) => 2 * Math.min(m, n) + 2 * 2 * Math.max(m, n) + 3,
  },
  {
    name: "fira",
    settings: { rank: 1, every: 3, growth: 0, scaling: "matrix" },
    reference: firaIterates({
      rank: 1,
      every: 3,
      scale: 0.25,
      decay: 0,
      growth: 0,
      whole: true,
      momentum: 0.9,
    }),
    state: (m, n) => m + n + Math.max(m, n) + 3,
  },
  {
    name: "fira",
    settings: { rank: 2, every: 4, variant: "released" },
    reference: firaIterates({
      rank: 2,
      every: 4,
      scale: 0.25,
      decay: 0,
      growth: 1.01,
      whole: false,
      momentum: 0.9,
      released: true,
    }),
    state: (m, n) => 2 * Math.min(m, n) + 2 * 2 * Math.max(m, n) + 3,
  },
  {
    name: "apollo",
    settings: { rank: 2, every: 4, weightDecay: 0.2, seed: 3, "base.momentum": 0.8 },
    reference: apolloIterates({
      rank: 2,
      every: 4,
      scale: 1,
      decay: 0.2,
      growth: 1.01,
      whole: false,
      seed: 3,
      momentum: 0.8,
    }),
    // Two moments of the projected gradient, two counts, and the norm of the last step.
    state: (m, n) => 2 * 2 * Math.max(m, n) + 3,
  },
  {
    name: "apollo-mini",
    settings: { every: 3, growth: 0 },
    reference: apolloIterates({
      rank: 1,
      every: 3,
      scale: Math.sqrt(128),
      decay: 0,
      growth: 0,
      whole: true,
      seed: 0,
      momentum: 0.9,
    }),
    state: (m, n) => 2 * Math.max(m, n) + 3,
  },
  {
    name: "mofasgd",
    settings: { rank: 2, momentum: 0.8, weightDecay: 0.2 },
    reference: mofasgdIterates({ rank: 2, momentum: 0.8, decay: 0.2 }),
    state: (m, n) => 2 * (m + n + 1) + 1,
  },
  {
    name: "mofasgd",
    settings: { rank: 1 },
    reference: mofasgdIterates({ rank: 1, momentum: 0.95, decay: 0 }),
    state: (m, n) => m + n + 2,
  },
  {
    name: "shampoo",
    settings: { epsilon: 0.01, weightDecay: 0.2 },
    reference: shampooIterates({ every: 1, epsilon: 0.01, decay: 0.2 }),
    state: (m, n) => m * m + n * n + 1,
  },
  {
    name: "shampoo",
    settings: { epsilon: 0.01, every: 3 },
    reference: shampooIterates({ every: 3, epsilon: 0.01, decay: 0 }),
    // The sums, and the roots that are used again.
    state: (m, n) => 2 * (m * m + n * n) + 1,
  },
  {
    name: "shampoo",
    settings: { epsilon: 0.01, maxSide: 3 },
    reference: shampooIterates({ every: 1, epsilon: 0.01, decay: 0, maxSide: 3 }),
    state: () => 9 + 1,
  },
  {
    name: "soap",
    settings: { every: 2, memory: 0.8, "base.momentum": 0.7, "base.beta2": 0.9, weightDecay: 0.2 },
    reference: soapIterates({ every: 2, memory: 0.8, decay: 0.2, momentum: 0.7, beta2: 0.9 }),
    // Two means with their bases, two moments, two counts.
    state: (m, n) => 2 * (m * m + n * n) + 2 * m * n + 2,
  },
  {
    name: "adafactor",
    settings: { weightDecay: 0.2 },
    reference: adafactorIterates({
      exponent: 0.8,
      clip: 1,
      decay: 0.2,
      momentum: 0,
      relative: false,
    }),
    state: (m, n) => m + n + 1,
  },
  {
    name: "adafactor",
    settings: { exponent: 0.5, clip: 0.6, momentum: 0.8, relative: true },
    reference: adafactorIterates({
      exponent: 0.5,
      clip: 0.6,
      decay: 0,
      momentum: 0.8,
      relative: true,
    }),
    state: (m, n) => m + n + m * n + 1,
  },
];

/** Neither constant nor linear, and it mixes rows. */
function gradient(x: Matrix): Matrix {
  return matrixOf(x.rows, x.cols, (i, j) => {
    const at = (row: number) => x.data[(row % x.rows) * x.cols + j]!;
    return at(i) ** 3 - Math.cos(3 * at(i + 1)) + 0.1 * (i + 1) * (j + 2);
  });
}

/** Where everybody starts, m×n. */
function start(m: number, n: number): Matrix {
  return gaussian(new Random(5), m, n);
}

/** Updates from `x` on, with the state read back from plain numbers between them. */
async function run(
  rule: OptimizerRule,
  x: Matrix,
  steps: number,
  between: (state: RuleState<Matrix>) => RuleState<Matrix> = (s) => s,
  step: RuleStep = { rate: 0.05, decay: rule.weightDecay },
): Promise<Updated<Matrix>[]> {
  const out: Updated<Matrix>[] = [];
  let now: Updated<Matrix> = { value: x };
  for (let n = 0; n < steps; n++) {
    const flow = host.scale(-1, gradient(now.value));
    const state = now.state && between(now.state);
    now = await rule.update(host, now.value, flow, step, state);
    out.push(now);
  }
  return out;
}

const isMatrix = (node: unknown): node is Matrix =>
  typeof node === "object" && node !== null && "data" in node;

/** Numbers in a state. */
function numbersIn(node: unknown): number {
  if (isMatrix(node)) return node.data.length;
  if (typeof node !== "object" || node === null) return node === undefined ? 0 : 1;
  return Object.values(node).reduce((sum: number, child) => sum + numbersIn(child), 0);
}

/** A state through text and back, as through a file. */
function throughText(state: RuleState<Matrix>): RuleState<Matrix> {
  const plain = (node: unknown): unknown => {
    if (isMatrix(node)) return { rows: node.rows, cols: node.cols, data: [...node.data] };
    if (typeof node !== "object") return node;
    return Object.fromEntries(Object.entries(node!).map(([key, child]) => [key, plain(child)]));
  };
  const back = (node: unknown): unknown => {
    if (isMatrix(node)) return matrix(node.data, node.rows, node.cols);
    if (typeof node !== "object") return node;
    return Object.fromEntries(Object.entries(node!).map(([key, child]) => [key, back(child)]));
  };
  return back(JSON.parse(JSON.stringify(plain(state)))) as RuleState<Matrix>;
}

Deno.test("every registered optimizer has a row in the table", () => {
  assertEquals([...new Set(TABLE.map((r) => r.name))].sort(), optimizers.names().sort());
});

for (const { name, settings, reference, state } of TABLE) {
  const title = `${name} ${JSON.stringify(settings)}`;
  const make = () => optimizers.get(name).create(settings);

  Deno.test(`${title} follows its published recursion on tall and wide matrices`, async () => {
    for (const [m, n] of [[ROWS_OF_X, COLS_OF_X], [COLS_OF_X, ROWS_OF_X + 1]] as const) {
      const x = start(m, n);
      const got = await run(make(), x, STEPS);
      const wanted = await reference({ start: x, gradient, rate: 0.05, steps: STEPS });
      wanted.forEach((w, k) => {
        assertLess(relativeError(got[k]!.value, w), 1e-12, `${m}×${n}, step ${k + 1}`);
      });
      assertGreater(norm(minus(got.at(-1)!.value, x)), 0.1, "the iterates must move");
    }
  });

  Deno.test(`${title} keeps as many numbers as it says`, async () => {
    for (const [m, n] of [[4, 3], [3, 7]] as const) {
      const { state: kept } = (await run(make(), start(m, n), 2)).at(-1)!;
      assertEquals(numbersIn(kept), state(m, n), `${m}×${n}`);
    }
  });

  Deno.test(`${title} goes on from a state that went through a file, bit for bit`, async () => {
    const x = start(4, 3);
    const [kept, read] = [await run(make(), x, 7), await run(make(), x, 7, throughText)];
    assertEquals(read.at(-1), kept.at(-1));
  });

  Deno.test(`${title} leaves value, gradient and state untouched`, async () => {
    const rule = make();
    const x = start(4, 3);
    const flow = host.scale(-1, gradient(x));
    const first = await rule.update(host, x, flow, { rate: 0.1, decay: 0.1 }, undefined);
    const before = structuredClone({ x, flow, first });
    await rule.update(host, first.value, flow, { rate: 0.1, decay: 0.1 }, first.state);
    await rule.direction?.(host, flow, first.state);
    assertEquals({ x, flow, first }, before);
  });

  Deno.test(`${title} lets what it is told decay, apart from the step`, async () => {
    const rule = make();
    assertEquals(rule.weightDecay, settings.weightDecay ?? (name === "adamw" ? 0.01 : 0));
    const x = start(4, 3);
    const { state: kept } = (await run(rule, x, 4)).at(-1)!;
    for (const variable of [{}, { vector: true }]) {
      const [y, flow] = "vector" in variable
        ? [start(1, 5), gaussian(new Random(3), 1, 5)]
        : [x, gaussian(new Random(3), 4, 3)];
      const own = "vector" in variable ? undefined : kept;
      const moved = async (decay: number) =>
        (await rule.update(host, y, flow, { rate: 0.1, decay, ...variable }, own)).value;
      const difference = minus(await moved(0), await moved(0.5));
      // The base rule of vectors may have a rate of its own, which its decay goes by.
      const share = norm(difference) / norm(host.scale(0.1 * 0.5, y));
      if (!("vector" in variable)) assertAlmostEquals(share, 1, 1e-13);
      assertLess(relativeError(difference, host.scale(share * 0.1 * 0.5, y)), 1e-12);
    }
  });

  Deno.test(`${title} steps by the rate: twice the rate is twice the step`, async () => {
    const rule = make();
    const { value, state: kept } = (await run(rule, start(4, 3), 4)).at(-1)!;
    const flow = host.scale(-1, gradient(value));
    const step = async (rate: number) =>
      minus((await rule.update(host, value, flow, { rate, decay: 0 }, kept)).value, value);
    assertLess(relativeError(await step(0.02), host.scale(2, await step(0.01))), 1e-12);
  });

  Deno.test(`${title} goes down when it first moves`, async () => {
    const rule = make();
    const x = start(4, 3);
    const flow = host.scale(-1, gradient(x));
    const step = { rate: 0.01, decay: 0 };
    const looked = await rule.update(host, x, flow, step, undefined);
    const stands = norm(minus(looked.value, x)) === 0;
    const { value } = stands ? await rule.update(host, x, flow, step, looked.state) : looked;
    const along = minus(value, x).data.reduce((sum, d, i) => sum + d * flow.data[i]!, 0);
    assertGreater(along, 0);
  });

  Deno.test(`${title}: in the same bases its state is carried as it is`, async () => {
    const rule = make();
    if (!rule.transport) return;
    const { state: kept = {} } = (await run(rule, start(4, 3), 4)).at(-1)!;
    const still = { carry: (x: Matrix) => x, carrySquare: (x: Matrix) => x };
    assertEquals(rule.transport(host, kept, still), kept);
  });
}

for (const name of optimizers.names().filter((n) => !optimizers.get(n).create().matrices)) {
  Deno.test(`${name} moves each entry as if it were alone`, async () => {
    const rule = optimizers.get(name).create();
    const alone = (x: Matrix) =>
      matrix(x.data.map((v) => v ** 3 - Math.cos(3 * v)), x.rows, x.cols);
    const end = async (x: Matrix) => {
      let now: Updated<Matrix> = { value: x };
      for (let n = 0; n < STEPS; n++) {
        const flow = host.scale(-1, alone(now.value));
        now = await rule.update(host, now.value, flow, { rate: 0.05, decay: 0.1 }, now.state);
      }
      return now.value.data;
    };
    const together = await end(matrix([2, -1, 0.5, 0], 2, 2));
    for (const [i, x] of [2, -1, 0.5, 0].entries()) {
      assertEquals(together[i], (await end(matrix([x], 1, 1)))[0]);
    }
  });

  Deno.test(`${name}: direction() spans where update() steps, and momentum after it`, async () => {
    const rule = optimizers.get(name).create();
    const [x, flow, before] = [1, 2, 3].map((seed) => gaussian(new Random(seed), 9, 2));
    const step = { rate: 0.1, decay: 0 };
    const { value, state } = await rule.update(host, x!, before!, step, undefined);
    const next = await rule.update(host, value, flow!, step, state);
    const direction = await rule.direction?.(host, flow!, state) ?? flow!;
    if (name.startsWith("adam")) return assertEquals(direction, next.state!.first);
    const { q } = await host.qr(direction);
    const inside = projector(q);
    const { first = flow! } = (next.state ?? {}) as Partial<Moments<Matrix>>;
    for (const wanted of [minus(next.value, value), ...(rule.direction ? [first] : [])]) {
      assertLess(relativeError(times(inside, wanted), wanted), 1e-13);
    }
  });
}

for (const name of optimizers.names().filter((n) => optimizers.get(n).create().matrices)) {
  Deno.test(`${name} leaves vectors to its base rule`, async () => {
    const rule = optimizers.get(name).create({ base: "heavy-ball", "base.momentum": 0.5 });
    const base = optimizers.get("heavy-ball").create({ momentum: 0.5 });
    const { baseRate = 1 } = optimizers.get(name).defaults as { baseRate?: number };
    const [x, flow] = [start(1, 5), gaussian(new Random(3), 1, 5)];
    let [got, wanted]: Updated<Matrix>[] = [{ value: x }, { value: x }];
    for (let n = 0; n < 3; n++) {
      const step = { rate: 0.1, decay: 0.2, vector: true };
      got = await rule.update(host, got!.value, flow, step, got!.state);
      const scaled = { ...step, rate: 0.1 * baseRate };
      wanted = await base.update(host, wanted!.value, flow, scaled, wanted!.state);
    }
    assertEquals(got, wanted);
  });
}

for (const name of ["adam", "adamw"]) {
  Deno.test(`${name} takes a first step of the rate, whatever the gradient's length`, async () => {
    const rule = optimizers.get(name).create();
    const flow = matrix([3, -1e-3], 1, 2);
    const step = { rate: 0.1, decay: 0 };
    const { value } = await rule.update(host, matrix([0, 0], 1, 2), flow, step, undefined);
    // Bias correction: |m̂| / √v̂ = 1 at the first step.
    assertAlmostEquals(value.data[0]!, 0.1, 1e-8);
    assertAlmostEquals(value.data[1]!, -0.1, 1e-5);
  });
}

Deno.test("adamw decays weights where there is no gradient, apart from the moments", async () => {
  const rule = optimizers.get("adamw").create({ weightDecay: 0.5 });
  const step = { rate: 0.1, decay: rule.weightDecay };
  const { value, state } = await rule.update(
    host,
    matrix([4], 1, 1),
    host.zeros(1, 1),
    step,
    undefined,
  );
  assertAlmostEquals(value.data[0]!, 4 * (1 - 0.1 * 0.5), 1e-15);
  assertEquals(state, { count: 1, first: host.zeros(1, 1), second: host.zeros(1, 1) });
});

const REFUSED: readonly [name: string, settings: Settings, message: string][] = [
  ["sgd", { weightDecay: -1 }, '"weightDecay" of optimizer "sgd": expected a number ≥ 0, got -1'],
  [
    "heavy-ball",
    { momentum: 1 },
    '"momentum" of optimizer "heavy-ball": expected a number ≥ 0 and < 1, got 1',
  ],
  [
    "nesterov",
    { momentum: -0.1 },
    '"momentum" of optimizer "nesterov": expected a number ≥ 0 and < 1, got -0.1',
  ],
  ["adam", { epsilon: NaN }, '"epsilon" of optimizer "adam": expected a number ≥ 0, got NaN'],
  [
    "adamw",
    { weightDecay: Infinity },
    '"weightDecay" of optimizer "adamw": expected a number ≥ 0, got Infinity',
  ],
  ["adam", { beta: 0.1 }, '"beta" of optimizer "adam": did you mean "beta2"'],
  ["adam", { beta2: "much" }, '"beta2" of optimizer "adam": expected a number, got "much"'],
  [
    "muon",
    { orthogonaliser: "qr" },
    '"orthogonaliser" of optimizer "muon": expected one of newton-schulz, polar, got "qr"',
  ],
  ["galore", { rank: 1.5 }, '"rank" of optimizer "galore": expected a whole number ≥ 1, got 1.5'],
  [
    "galore",
    { "base.beta2": 1 },
    '"beta2" of optimizer "adam": expected a number ≥ 0 and < 1, got 1',
  ],
  [
    "galore",
    { base: "heavy-ball", "base.beta2": 0.9 },
    '"beta2" of optimizer "heavy-ball": known are momentum, weightDecay',
  ],
];

for (const [name, settings, message] of REFUSED) {
  Deno.test(`${name} refuses ${JSON.stringify(settings)}`, () => {
    const error = assertThrows(() => optimizers.get(name).create(settings), Error);
    assert(error instanceof RangeError || error instanceof TypeError);
    assertEquals(error.message, `Cannot set ${message}`);
  });
}

Deno.test("galore refuses to carry moments that its base rule cannot carry", () => {
  const settings = { carry: true, base: "fira" };
  const error = assertThrows(() => optimizers.get("galore").create(settings), RangeError);
  assertEquals(
    error.message,
    'Cannot carry the moments of "fira" in optimizer "galore": expected a base that carries its ' +
      'state into other bases, such as "adam"',
  );
});

Deno.test("galore refuses a base rule that is none", () => {
  const error = assertThrows(() => optimizers.get("galore").create({ base: "adm" }), RangeError);
  assertEquals(error.message, 'Cannot find optimizer "adm": did you mean "adam" or "adamw"');
});
