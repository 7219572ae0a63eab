/** Every optimizer against a recursion on plain numbers, written from its publication. */

import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import type { Matrix, Moments } from "../../core/mod.ts";
import { matrix } from "../../core/mod.ts";
import { optimizers, type OptimizerSettings } from "../../optimizers/mod.ts";
import { host } from "../support/matrices.ts";

/** Minimised from x₀ = 2: its gradient is neither constant nor linear. */
const gradient = (x: number): number => x ** 3 - Math.cos(3 * x);
const RATE = 0.05;
const STEPS = 10;

interface Row {
  readonly name: string;
  readonly settings: OptimizerSettings;
  /** Iterates of the published recursion. */
  readonly recursion: () => number[];
}

/** Iterates of x ← step(x, g, n) from 2. */
function iterates(step: (x: number, g: number, n: number) => number): number[] {
  const xs: number[] = [];
  let x = 2;
  for (let n = 1; n <= STEPS; n++) xs.push(x = step(x, gradient(x), n));
  return xs;
}

function adamIterates(b1: number, b2: number, eps: number, decay: number): number[] {
  let [m, v] = [0, 0];
  return iterates((x, g, n) => {
    m = b1 * m + (1 - b1) * g;
    v = b2 * v + (1 - b2) * g * g;
    const [mHat, vHat] = [m / (1 - b1 ** n), v / (1 - b2 ** n)];
    return x - RATE * decay * x - RATE * mHat / (Math.sqrt(vHat) + eps);
  });
}

const ROWS: readonly Row[] = [
  {
    name: "sgd",
    settings: {},
    recursion: () => iterates((x, g) => x - RATE * g),
  },
  {
    name: "sgd",
    settings: { weightDecay: 0.3 },
    recursion: () => iterates((x, g) => x - RATE * (g + 0.3 * x)),
  },
  {
    name: "heavy-ball",
    settings: { momentum: 0.8 },
    recursion: () => {
      let m = 0;
      return iterates((x, g) => x - RATE * (m = 0.8 * m + g));
    },
  },
  {
    name: "heavy-ball",
    settings: { weightDecay: 0.1 },
    recursion: () => {
      let m = 0;
      return iterates((x, g) => x - RATE * 0.1 * x - RATE * (m = 0.9 * m + g));
    },
  },
  {
    name: "nesterov",
    settings: { momentum: 0.8, weightDecay: 0.1 },
    recursion: () => {
      let m = 0;
      return iterates((x, g) => {
        m = 0.8 * m + g;
        return x - RATE * 0.1 * x - RATE * (g + 0.8 * m);
      });
    },
  },
  { name: "adam", settings: {}, recursion: () => adamIterates(0.9, 0.999, 1e-8, 0) },
  {
    name: "adam",
    settings: { momentum: 0.7, beta2: 0.9, epsilon: 0.01 },
    recursion: () => adamIterates(0.7, 0.9, 0.01, 0),
  },
  { name: "adamw", settings: {}, recursion: () => adamIterates(0.9, 0.999, 1e-8, 0.01) },
  {
    name: "adamw",
    settings: { momentum: 0.5, beta2: 0.95, weightDecay: 0.4 },
    recursion: () => adamIterates(0.5, 0.95, 1e-8, 0.4),
  },
];

function run(name: string, settings: OptimizerSettings, start: Matrix, steps: number): Matrix[] {
  const rule = optimizers.get(name).create(settings);
  const out: Matrix[] = [];
  let x = start;
  let moments: Moments<Matrix> | undefined;
  for (let n = 0; n < steps; n++) {
    const flow = { ...x, data: x.data.map((value) => -gradient(value)) };
    const next = rule.update(host, x, flow, RATE, moments);
    ({ value: x, moments } = { moments: undefined, ...next });
    out.push(x);
  }
  return out;
}

Deno.test("every registered optimizer has a row in the table", () => {
  assertEquals([...new Set(ROWS.map((r) => r.name))].sort(), optimizers.names().sort());
});

for (const { name, settings, recursion } of ROWS) {
  Deno.test(`${name} ${JSON.stringify(settings)} follows its published recursion`, () => {
    const got = run(name, settings, matrix([2], 1, 1), STEPS).map((x) => x.data[0]!);
    const wanted = recursion();
    wanted.forEach((w, n) => assertAlmostEquals(got[n]!, w, 1e-13, `step ${n + 1}`));
    assert(Math.abs(got.at(-1)! - 2) > 0.1, "the iterates must move");
  });
}

for (const name of optimizers.names()) {
  Deno.test(`${name} moves each entry as if it were alone`, () => {
    const together = run(name, {}, matrix([2, -1, 0.5, 0], 2, 2), STEPS).at(-1)!;
    [2, -1, 0.5, 0].forEach((start, i) => {
      const alone = run(name, {}, matrix([start], 1, 1), STEPS).at(-1)!;
      assertEquals(together.data[i], alone.data[0]);
    });
  });

  Deno.test(`${name} leaves value, gradient and moments untouched`, () => {
    const rule = optimizers.get(name).create();
    const [x, flow] = [matrix([1, 2], 1, 2), matrix([3, -4], 1, 2)];
    const first = rule.update(host, x, flow, 0.1, undefined);
    const before = structuredClone({ x, flow, first });
    rule.update(host, first.value, flow, 0.1, first.moments);
    rule.direction(host, flow, first.moments);
    assertEquals({ x, flow, first }, before);
  });

  Deno.test(`${name} counts its updates where it keeps moments`, () => {
    const rule = optimizers.get(name).create();
    const x = matrix([1], 1, 1);
    let moments: Moments<Matrix> | undefined;
    for (let n = 1; n <= 3; n++) {
      moments = rule.update(host, x, x, 0.1, moments).moments;
      if (name !== "sgd") assertEquals(moments?.count, n);
    }
    if (name === "sgd") assertEquals(moments, undefined);
  });

  Deno.test(`${name}: direction() is where update() steps, before it scales entries`, () => {
    const rule = optimizers.get(name).create({ weightDecay: 0 });
    const [x, flow] = [matrix([1, 2], 1, 2), matrix([3, -4], 1, 2)];
    const { value, moments } = rule.update(host, x, host.scale(0.5, flow), 0.1, undefined);
    const next = rule.update(host, value, flow, 0.1, moments);
    const direction = rule.direction(host, flow, moments);
    if (name.startsWith("adam")) return assertEquals(direction, next.moments!.first!);
    const step = host.lincomb(1, value, 0.1, direction);
    assertAlmostEquals(step.data[0]!, next.value.data[0]!, 1e-15);
    assertAlmostEquals(step.data[1]!, next.value.data[1]!, 1e-15);
  });

  Deno.test(`${name} steps along the flow at first, whatever its length where it adapts`, () => {
    const rule = optimizers.get(name).create({ weightDecay: 0 });
    const x = matrix([0, 0], 1, 2);
    const { value } = rule.update(host, x, matrix([3, -1e-3], 1, 2), 0.1, undefined);
    assert(value.data[0]! > 0 && value.data[1]! < 0);
    if (name.startsWith("adam")) {
      // Bias correction: |m̂| / √v̂ = 1 at the first step.
      assertAlmostEquals(value.data[0]!, 0.1, 1e-8);
      assertAlmostEquals(value.data[1]!, -0.1, 1e-5);
    }
  });
}

Deno.test("adamw decays weights where there is no gradient, apart from the moments", () => {
  const rule = optimizers.get("adamw").create({ weightDecay: 0.5 });
  const { value, moments } = rule.update(host, matrix([4], 1, 1), host.zeros(1, 1), 0.1, undefined);
  assertAlmostEquals(value.data[0]!, 4 * (1 - 0.1 * 0.5), 1e-15);
  assertEquals([...moments!.first!.data, ...moments!.second!.data], [0, 0]);
});

const REFUSED: readonly [name: string, settings: OptimizerSettings, message: string][] = [
  ["sgd", { weightDecay: -1 }, '"sgd": weightDecay must be in [0, Infinity), got -1'],
  ["heavy-ball", { momentum: 1 }, '"heavy-ball": momentum must be in [0, 1), got 1'],
  ["nesterov", { momentum: -0.1 }, '"nesterov": momentum must be in [0, 1), got -0.1'],
  ["adam", { beta2: 1 }, '"adam": beta2 must be in [0, 1), got 1'],
  ["adam", { epsilon: NaN }, '"adam": epsilon must be in [0, Infinity), got NaN'],
  [
    "adamw",
    { weightDecay: Infinity },
    '"adamw": weightDecay must be in [0, Infinity), got Infinity',
  ],
  [
    "adam",
    { weightDecay: 0.1 },
    '"adam": weightDecay must be 0, got 0.1; use "adamw" for decoupled decay',
  ],
];

for (const [name, settings, message] of REFUSED) {
  const [[key, value]] = Object.entries(settings) as [[string, number]];
  Deno.test(`${name} refuses ${key} = ${value}`, () => {
    const error = assertThrows(() => optimizers.get(name).create(settings), RangeError);
    assertEquals(error.message, `Cannot make optimizer ${message}`);
  });
}
