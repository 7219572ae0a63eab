import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  type Activation,
  backends,
  type Engine,
  openEngine,
} from "../../../../core/backend/mod.ts";
import { Random } from "../../../../core/random.ts";
import { unlessPresent } from "../../../support/backend_checks.ts";

async function onEach(title: string, f: (e: Engine) => Promise<void>): Promise<void> {
  for (const name of ["blas", "wasm"]) {
    Deno.test({
      ...await unlessPresent(backends.get(name), title),
      sanitizeResources: false,
      fn: async () => {
        const { engine } = await openEngine(name, { threads: 2 });
        const before = engine.memory().numTensors;
        try {
          await f(engine);
          assertEquals(engine.memory().numTensors, before);
        } finally {
          await openEngine(name);
        }
      },
    });
  }
}

/** Written so that a NaN fails. */
function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  label: string,
): void {
  assertEquals(actual.length, expected.length, label);
  const scale = Array.from(expected).reduce((m, v) => Math.max(m, Math.abs(v)), 1e-30);
  const wrong = Array.from(expected).findIndex((v, i) =>
    !(Math.abs(v - actual[i]!) <= tolerance * scale)
  );
  assert(wrong < 0, `${label}: entry ${wrong}: ${actual[wrong]}, expected ${expected[wrong]}`);
}

const SLOPES: Record<"identity" | "relu" | "tanh", (y: number) => number> = {
  identity: () => 1,
  relu: (y) => y > 0 ? 1 : 0,
  tanh: (y) => 1 - y * y,
};

const VALUES: Record<keyof typeof SLOPES, (z: number) => number> = {
  identity: (z) => z,
  relu: (z) => Math.max(0, z),
  tanh: Math.tanh,
};

interface Norm {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
  readonly y: Float64Array;
  readonly dx: Float64Array;
  readonly dscale: Float64Array;
  readonly dshift: Float64Array;
}

/** Batch normalisation and its gradients by loops in float64. */
function naiveNorm(
  x: Float32Array,
  dy: Float32Array,
  scale: Float32Array,
  shift: Float32Array,
  epsilon: number,
  activation: keyof typeof SLOPES,
): Norm {
  const columns = scale.length;
  const rows = x.length / columns;
  const zeros = () => new Float64Array(columns);
  const out: Norm = {
    ...{ mean: zeros(), variance: zeros(), dscale: zeros(), dshift: zeros() },
    ...{ y: new Float64Array(x.length), dx: new Float64Array(x.length) },
  };
  x.forEach((v, i) => out.mean[i % columns]! += v / rows);
  x.forEach((v, i) => out.variance[i % columns]! += (v - out.mean[i % columns]!) ** 2 / rows);
  const inverse = out.variance.map((v) => 1 / Math.sqrt(v + epsilon));
  const standard = Float64Array.from(x, (v, i) => {
    return (v - out.mean[i % columns]!) * inverse[i % columns]!;
  });
  const d = new Float64Array(x.length);
  x.forEach((_, i) => {
    const c = i % columns;
    out.y[i] = VALUES[activation](standard[i]! * scale[c]! + shift[c]!);
    d[i] = dy[i]! * SLOPES[activation](out.y[i]!);
    out.dshift[c]! += d[i]!;
    out.dscale[c]! += d[i]! * standard[i]!;
  });
  x.forEach((_, i) => {
    const c = i % columns;
    const centred = d[i]! - (out.dshift[c]! + standard[i]! * out.dscale[c]!) / rows;
    out.dx[i] = scale[c]! * inverse[c]! * centred;
  });
  return out;
}

async function checkNorm(
  e: Engine,
  shape: readonly number[],
  activation: keyof typeof SLOPES,
  offset: number,
  tolerance: number,
): Promise<void> {
  const random = new Random(shape.reduce((a, b) => 31 * a + b, 7));
  const columns = shape.at(-1)!;
  const size = shape.reduce((a, b) => a * b, 1);
  const values = (n: number, mean: number, deviation: number) =>
    random.fillNormal(new Float32Array(n), mean, deviation);
  const [x, dy] = [values(size, offset, 1), values(size, 0, 1)];
  const [scale, shift] = [values(columns, 1, 0.3), values(columns, 0, 1)];
  const expected = naiveNorm(x, dy, scale, shift, 1e-3, activation);
  await e.scope(async () => {
    const inputs = [e.tensor(x, shape), e.tensor(scale, [columns]), e.tensor(shift, [columns])];
    const [tx, ts, th] = inputs as [typeof inputs[0], typeof inputs[0], typeof inputs[0]];
    const up = e.tensor(dy, shape);
    const { y, mean, variance } = e.batchNorm(tx, ts, th, 1e-3, activation as Activation);
    const norm = () => e.batchNorm(tx, ts, th, 1e-3, activation as Activation).y;
    const { gradients } = e.gradients(() => e.sum(e.mul(norm(), up)), inputs);
    const found = await Promise.all([mean, variance, y, ...gradients].map((t) => e.read(t)));
    const names = ["mean", "variance", "y", "dx", "dscale", "dshift"] as const;
    names.forEach((name, i) => assertClose(found[i]!, expected[name], tolerance, name));
  });
}

await onEach("batch normalisation and its gradients equal loops in float64", async (e) => {
  const extent = (max: number) => fc.integer({ min: 1, max });
  const shapes = fc.tuple(extent(9), extent(12), extent(12), extent(37));
  const property = fc.asyncProperty(
    shapes,
    fc.constantFrom("identity" as const, "tanh" as const),
    async (shape, activation) => {
      fc.pre(shape[0] * shape[1] * shape[2] > 2);
      await checkNorm(e, shape, activation, 0, 1e-5);
    },
  );
  await fc.assert(property, { numRuns: 30, seed: 2 });
  // Long enough for several pieces; too long for a mean in float32 that adds up row by row.
  await checkNorm(e, [8, 32, 32, 19], "relu", 0, 1e-5);
  await checkNorm(e, [4, 16, 16, 70], "relu", 0, 1e-5);
});

await onEach("the variance of data far from zero keeps its digits", async (e) => {
  const [rows, columns] = [5000, 6];
  const x = new Random(3).fillNormal(new Float32Array(rows * columns), 1000, 1);
  const expected = new Float64Array(columns);
  const mean = new Float64Array(columns);
  x.forEach((v, i) => mean[i % columns]! += v / rows);
  x.forEach((v, i) => expected[i % columns]! += (v - mean[i % columns]!) ** 2 / rows);
  await e.scope(async () => {
    const ones = e.fill([columns], 1);
    const { variance } = e.batchNorm(e.tensor(x, [rows, columns]), ones, ones, 1e-5, "identity");
    assertClose(await e.read(variance), expected, 1e-5, "variance");
  });
});

await onEach("scaling and averaging equal loops in float64", async (e) => {
  const random = new Random(9);
  const shape = [3, 20, 31, 23];
  const size = shape.reduce((a, b) => a * b, 1);
  const x = random.fillNormal(new Float32Array(size));
  const [scale, shift] = [1, 2].map(() => random.fillNormal(new Float32Array(23)));
  await e.scope(async () => {
    const tx = e.tensor(x, shape);
    const [a, b] = [e.tensor(scale!, [23]), e.tensor(shift!, [23])];
    const affine = x.map((v, i) => Math.max(0, v * scale![i % 23]! + shift![i % 23]!));
    assertClose(await e.read(e.affine(tx, a, b, "relu")), affine, 1e-6, "affine");
    const means = new Float64Array(3 * 23);
    x.forEach((v, i) => means[Math.floor(i / (620 * 23)) * 23 + i % 23]! += v / 620);
    assertClose(await e.read(e.globalAveragePool(tx)), means, 1e-5, "mean");
    const up = random.fillNormal(new Float32Array(3 * 23));
    const loss = () => e.sum(e.mul(e.globalAveragePool(tx), e.tensor(up, [3, 23])));
    const { gradients: [dx] } = e.gradients(loss, [tx]);
    const expected = x.map((_, i) => up[Math.floor(i / (620 * 23)) * 23 + i % 23]! / 620);
    assertClose(await e.read(dx!), expected, 1e-6, "gradient of the mean");
  });
});

await onEach("gradients of activations and their sums equal loops in float64", async (e) => {
  for (const [rows, columns] of [[3, 5], [2000, 33], [1, 7]] as const) {
    const random = new Random(rows);
    const x = random.fillNormal(new Float32Array(rows * columns));
    const up = random.fillNormal(new Float32Array(rows * columns));
    await e.scope(async () => {
      const [tx, tu] = [e.tensor(x, [rows, columns]), e.tensor(up, [rows, columns])];
      const [w, b] = [e.tensor(identity(columns), [columns, columns]), e.zeros([columns])];
      const loss = () => e.sum(e.mul(e.linear(tx, w, b, "tanh"), tu));
      const { gradients } = e.gradients(loss, [tx, b]);
      const d = Float64Array.from(x, (v, i) => up[i]! * (1 - Math.tanh(v) ** 2));
      const sums = new Float64Array(columns);
      d.forEach((v, i) => sums[i % columns]! += v);
      assertClose(await e.read(gradients[0]!), d, 1e-5, `${rows}: d`);
      assertClose(await e.read(gradients[1]!), sums, 1e-5, `${rows}: sums`);
    });
  }
});

function identity(n: number): Float32Array {
  return Float32Array.from({ length: n * n }, (_, i) => i % (n + 1) === 0 ? 1 : 0);
}
