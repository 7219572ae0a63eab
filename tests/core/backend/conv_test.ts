import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  backends,
  type ConvGeometry,
  type Engine,
  type GradientPair,
  openEngine,
  type Tensor,
} from "../../../core/backend/mod.ts";
import { Random } from "../../../core/random.ts";
import { unlessPresent } from "../../support/backend_checks.ts";
import {
  type Array4,
  convShape,
  naiveConv,
  naiveGradients,
  zeros4,
} from "../../support/naive_conv.ts";

const NONE = { top: 0, bottom: 0, left: 0, right: 0 };
const SAME = { top: 1, bottom: 1, left: 1, right: 1 };

function geometry(g: Partial<ConvGeometry>): ConvGeometry {
  return { strides: [1, 1], padding: NONE, dilations: [1, 1], groups: 1, ...g };
}

interface Case {
  readonly label: string;
  readonly x: Array4["shape"];
  readonly w: Array4["shape"];
  readonly g: ConvGeometry;
}

const CASES: readonly Case[] = [
  { label: "3×3 same", x: [2, 6, 5, 4], w: [3, 3, 4, 6], g: geometry({ padding: SAME }) },
  { label: "1×1", x: [2, 4, 4, 5], w: [1, 1, 5, 7], g: geometry({}) },
  {
    label: "stride 2, uneven padding",
    x: [3, 7, 8, 3],
    w: [3, 2, 3, 5],
    g: geometry({ strides: [2, 2], padding: { top: 0, bottom: 1, left: 2, right: 0 } }),
  },
  {
    label: "dilated",
    x: [2, 9, 8, 3],
    w: [3, 2, 3, 4],
    g: geometry({ dilations: [2, 3], padding: SAME }),
  },
  { label: "groups", x: [2, 5, 5, 6], w: [3, 3, 2, 9], g: geometry({ groups: 3, padding: SAME }) },
  {
    label: "stride, dilation and groups",
    x: [2, 9, 9, 4],
    w: [2, 3, 2, 6],
    g: geometry({ strides: [2, 1], dilations: [2, 2], groups: 2 }),
  },
  { label: "5×5 valid", x: [2, 8, 8, 1], w: [5, 5, 1, 6], g: geometry({}) },
];

function random4(random: Random, shape: Array4["shape"]): Array4 {
  const values = random.fillNormal(new Float32Array(zeros4(shape).data.length));
  return { shape, data: Float64Array.from(values) };
}

function upload(e: Engine, a: { shape: readonly number[]; data: Float64Array }): Tensor {
  return e.tensor(Float32Array.from(a.data), a.shape);
}

async function assertNear(
  e: Engine,
  actual: Tensor,
  expected: { shape: readonly number[]; data: Float64Array },
  label: string,
): Promise<void> {
  assertEquals([...actual.shape], [...expected.shape], label);
  const values = await e.read(actual);
  const scale = expected.data.reduce((m, v) => Math.max(m, Math.abs(v)), 1e-30);
  const error = expected.data.reduce((m, v, i) => Math.max(m, Math.abs(v - values[i]!)), 0);
  assert(error <= 1e-5 * scale, `${label}: error ${error / scale}`);
}

/** Kernel u ×₂ core ×₃ v. */
function dense(u: Array4, core: Array4, v: Array4): Array4 {
  const [height, width, r, q] = core.shape;
  const [inputs, outputs] = [u.shape[2], v.shape[2]];
  const w = zeros4([height, width, inputs, outputs]);
  for (let k = 0; k < height * width; k++) {
    for (let i = 0; i < inputs; i++) {
      for (let o = 0; o < outputs; o++) {
        let sum = 0;
        for (let a = 0; a < r; a++) {
          for (let b = 0; b < q; b++) {
            sum += u.data[i * r + a]! * core.data[(k * r + a) * q + b]! * v.data[o * q + b]!;
          }
        }
        w.data[(k * inputs + i) * outputs + o] = sum;
      }
    }
  }
  return w;
}

/** Derivative in the core, given that in the kernel. */
function coreGradient(u: Array4, w: Array4, v: Array4, shape: Array4["shape"]): Array4 {
  const [height, width, r, q] = shape;
  const [, , inputs, outputs] = w.shape;
  const core = zeros4(shape);
  for (let k = 0; k < height * width; k++) {
    for (let i = 0; i < inputs; i++) {
      for (let o = 0; o < outputs; o++) {
        const g = w.data[(k * inputs + i) * outputs + o]!;
        for (let a = 0; a < r; a++) {
          for (let b = 0; b < q; b++) {
            core.data[(k * r + a) * q + b]! += g * u.data[i * r + a]! * v.data[o * q + b]!;
          }
        }
      }
    }
  }
  return core;
}

async function checkPlain(e: Engine, { label, x: xs, w: ws, g }: Case): Promise<void> {
  const random = new Random(7);
  const [x, w] = [random4(random, xs), random4(random, ws)];
  const d = random4(random, convShape(xs, ws, g));
  const bias = new Float64Array(ws[3]).map((_, i) => i - 1);
  const expected = naiveConv(x, w, g);
  const gradients = naiveGradients(x, w, d, g);
  const [tx, tw, td] = [upload(e, x), upload(e, w), upload(e, d)];
  const tb = e.tensor(Float32Array.from(bias), [ws[3]]);
  const y = e.conv2d(tx, tw, tb, g, "identity");
  const shifted = { ...expected, data: expected.data.map((v, i) => v + bias[i % ws[3]]!) };
  await assertNear(e, y, shifted, `${label}: y`);
  const found = e.gradients(() => e.sum(e.mul(e.conv2d(tx, tw, tb, g, "identity"), td)), [
    tx,
    tw,
    tb,
  ]);
  await assertNear(e, found.gradients[0]!, gradients.x, `${label}: gradient in x`);
  await assertNear(e, found.gradients[1]!, gradients.w, `${label}: gradient in w`);
  const sums = new Float64Array(ws[3]);
  d.data.forEach((v, i) => sums[i % ws[3]]! += v);
  await assertNear(e, found.gradients[2]!, { shape: [ws[3]], data: sums }, `${label}: in b`);
  const filter = e.conv2dFilterGradient(tx, td, [ws[0], ws[1]], g);
  await assertNear(e, filter, gradients.w, `${label}: filter gradient`);
  if (g.groups > 1) return;
  // The adjoint maps images of the output to images of the input.
  const back = e.conv2dTranspose(td, tw, null, [xs[1], xs[2]], g, "identity");
  await assertNear(e, back, gradients.x, `${label}: transpose`);
  const up = upload(e, x);
  const adjoint = e.gradients(
    () => e.sum(e.mul(e.conv2dTranspose(td, tw, null, [xs[1], xs[2]], g, "identity"), up)),
    [td, tw],
  );
  await assertNear(e, adjoint.gradients[0]!, expected, `${label}: transpose, gradient in x`);
  await assertNear(e, adjoint.gradients[1]!, gradients.w, `${label}: transpose, gradient in w`);
}

async function checkChain(e: Engine, { label, x: xs, w: ws, g }: Case): Promise<void> {
  if (g.groups > 1) return;
  const random = new Random(11);
  const [r, q] = [Math.max(1, ws[2] - 1), 3];
  const x = random4(random, xs);
  const u = random4(random, [1, 1, ws[2], r]);
  const core = random4(random, [ws[0], ws[1], r, q]);
  const v = random4(random, [1, 1, ws[3], q]);
  const w = dense(u, core, v);
  const d = random4(random, convShape(xs, ws, g));
  const gradients = naiveGradients(x, w, d, g);
  const kernel = {
    u: e.tensor(Float32Array.from(u.data), [ws[2], r]),
    core: upload(e, core),
    v: e.tensor(Float32Array.from(v.data), [ws[3], q]),
  };
  const [tx, td] = [upload(e, x), upload(e, d)];
  const b = e.zeros([ws[3]]);
  const pairs: GradientPair[] = [];
  const y = e.chainConv2d(tx, kernel, b, g, "identity");
  await assertNear(e, y, naiveConv(x, w, g), `${label}: chain`);
  const found = e.gradients(
    () => e.sum(e.mul(e.chainConv2d(tx, kernel, b, g, "identity", (p) => pairs.push(p)), td)),
    [tx, kernel.core, b],
  );
  await assertNear(e, found.gradients[0]!, gradients.x, `${label}: chain, gradient in x`);
  const inCore = coreGradient(u, gradients.w, v, core.shape);
  await assertNear(e, found.gradients[1]!, inCore, `${label}: chain, gradient in the core`);
  assertEquals(pairs.length, 1);
  const pair = pairs[0]!;
  const whole = e.conv2dFilterGradient(pair.x, pair.d, [ws[0], ws[1]], g);
  await assertNear(e, whole, gradients.w, `${label}: chain, gradient in the kernel`);
  const projected = e.conv2dFilterGradient(pair.xu, pair.dv, [ws[0], ws[1]], g);
  await assertNear(e, projected, inCore, `${label}: chain, projected pair`);
  for (const t of Object.values(pair) as Tensor[]) t.dispose();
}

async function checkDepthwise(e: Engine): Promise<void> {
  const random = new Random(3);
  const g = geometry({ strides: [2, 1], padding: SAME });
  const [channels, multiplier] = [4, 2];
  const x = random4(random, [2, 6, 5, channels]);
  const w = random4(random, [3, 3, channels, multiplier]);
  // As a grouped convolution: one group for each channel.
  const grouped = zeros4([3, 3, 1, channels * multiplier]);
  grouped.data.set(w.data);
  const grouping = { ...g, groups: channels };
  const d = random4(random, convShape(x.shape, grouped.shape, grouping));
  const expected = naiveGradients(x, grouped, d, grouping);
  const [tx, tw, td] = [upload(e, x), upload(e, w), upload(e, d)];
  await assertNear(
    e,
    e.depthwiseConv2d(tx, tw, null, g, "identity"),
    naiveConv(x, grouped, grouping),
    "depthwise",
  );
  const found = e.gradients(
    () => e.sum(e.mul(e.depthwiseConv2d(tx, tw, null, g, "identity"), td)),
    [tx, tw],
  );
  await assertNear(e, found.gradients[0]!, expected.x, "depthwise, gradient in x");
  await assertNear(
    e,
    found.gradients[1]!,
    { shape: w.shape, data: expected.w.data },
    "depthwise, gradient in w",
  );
}

/** Fused normalisation against the composition that the tape differentiates operation by operation. */
async function checkNorm(e: Engine): Promise<void> {
  const random = new Random(5);
  const x = random4(random, [3, 4, 5, 6]);
  const d = upload(e, random4(random, [3, 4, 5, 6]));
  const [tx, scale, shift] = [
    upload(e, x),
    e.tensor(random.fillNormal(new Float32Array(6), 1, 0.5), [6]),
    e.tensor(random.fillNormal(new Float32Array(6)), [6]),
  ];
  for (const activation of ["identity", "relu"] as const) {
    const fused = () => e.batchNorm(tx, scale, shift, 1e-3, activation).y;
    const plain = () => e.affine(e.standardise(tx, [0, 1, 2], 1e-3), scale, shift, activation);
    const [a, b] = [fused, plain].map((f) =>
      e.gradients(() => e.sum(e.mul(f(), d)), [tx, scale, shift])
    );
    for (const [i, name] of ["x", "scale", "shift"].entries()) {
      const wanted = b!.gradients[i]!;
      const data = Float64Array.from(await e.read(wanted));
      await assertNear(
        e,
        a!.gradients[i]!,
        { shape: wanted.shape, data },
        `${activation}: ${name}`,
      );
    }
  }
  const { mean, variance } = e.batchNorm(tx, scale, shift, 1e-3, "identity");
  const expected = statistics(x);
  await assertNear(e, mean, { shape: [6], data: expected.mean }, "mean");
  await assertNear(e, variance, { shape: [6], data: expected.variance }, "variance");
}

function statistics({ data, shape }: Array4): { mean: Float64Array; variance: Float64Array } {
  const channels = shape[3];
  const [mean, variance] = [new Float64Array(channels), new Float64Array(channels)];
  const count = data.length / channels;
  data.forEach((v, i) => mean[i % channels]! += v / count);
  data.forEach((v, i) => variance[i % channels]! += (v - mean[i % channels]!) ** 2 / count);
  return { mean, variance };
}

/** Pools against loops; the largest entries are apart, so that the derivative exists. */
async function checkPools(e: Engine): Promise<void> {
  const x = zeros4([2, 5, 5, 2]);
  new Random(1).permutation(x.data.length).forEach((v, i) => x.data[i] = v / 10);
  const window = { strides: [2, 2], padding: { ...NONE, bottom: 1, right: 1 } } as const;
  const tx = upload(e, x);
  const largest = zeros4([2, 3, 3, 2]);
  const mean = zeros4([2, 3, 3, 2]);
  for (const [i] of largest.data.entries()) {
    const [image, row, column, c] = [
      Math.floor(i / 18),
      Math.floor(i / 6) % 3,
      Math.floor(i / 2) % 3,
      i % 2,
    ];
    const inside: number[] = [];
    for (let a = 2 * row; a < Math.min(5, 2 * row + 2); a++) {
      for (let b = 2 * column; b < Math.min(5, 2 * column + 2); b++) {
        inside.push(x.data[((image * 5 + a) * 5 + b) * 2 + c]!);
      }
    }
    largest.data[i] = Math.max(...inside);
    mean.data[i] = inside.reduce((s, v) => s + v, 0) / inside.length;
  }
  await assertNear(e, e.maxPool(tx, [2, 2], window), largest, "max pool");
  await assertNear(e, e.averagePool(tx, [2, 2], window), mean, "average pool");
  const found = e.gradients(() => e.sum(e.maxPool(tx, [2, 2], window)), [tx]);
  const chosen = new Set(largest.data);
  const winners = { shape: x.shape, data: x.data.map((v) => chosen.has(v) ? 1 : 0) };
  await assertNear(e, found.gradients[0]!, winners, "max pool, gradient");
  const global = e.gradients(() => e.sum(e.square(e.globalAveragePool(tx))), [tx]);
  const { mean: averages } = { mean: e.globalAveragePool(tx) };
  const values = await e.read(averages);
  const data = x.data.map((_, i) => 2 * values[Math.floor(i / 50) * 2 + i % 2]! / 25);
  await assertNear(e, global.gradients[0]!, { shape: x.shape, data }, "global average, gradient");
}

for (const backend of backends.list()) {
  Deno.test({
    ...await unlessPresent(backend, "convolutions, norms and pools equal their definition"),
    sanitizeResources: false,
    sanitizeOps: false,
    fn: async () => {
      const { engine } = await openEngine(backend.name);
      const before = engine.memory().numTensors;
      await engine.scope(async () => {
        for (const c of CASES) {
          await engine.scope(() => checkPlain(engine, c));
          await engine.scope(() => checkChain(engine, c));
        }
        await checkDepthwise(engine);
        await checkNorm(engine);
        await checkPools(engine);
      });
      assertEquals(engine.memory().numTensors, before);
    },
  });
}

Deno.test("a convolution refuses images and kernels that do not fit, and says which", async () => {
  const { engine: e } = await openEngine("cpu");
  e.tidy(() => {
    const x = e.zeros([1, 4, 4, 3]);
    assertThrows(
      () => e.conv2d(x, e.zeros([3, 3, 4, 2]), null, geometry({}), "identity"),
      RangeError,
      "batch×height×width×4",
    );
    assertThrows(
      () => e.conv2d(x, e.zeros([5, 5, 3, 2]), null, geometry({}), "identity"),
      RangeError,
      "5×5",
    );
  });
});
