import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  backends,
  type ConvGeometry,
  type Engine,
  openEngine,
  type Tensor,
} from "../../../../../core/backend/mod.ts";
import { Random } from "../../../../../core/random.ts";
import { unlessPresent } from "../../../../support/backend_checks.ts";
import {
  type Array4,
  convShape,
  naiveConv,
  naiveGradients,
  zeros4,
} from "../../../../support/naive_conv.ts";

/** Of the largest entry of the result. */
const TOLERANCE = 1e-5;

interface Case {
  readonly x: Array4["shape"];
  readonly w: Array4["shape"];
  readonly g: ConvGeometry;
}

const integer = (min: number, max: number) => fc.integer({ min, max });
const pair = (min: number, max: number) => fc.tuple(integer(min, max), integer(min, max));
const sides = (max: number) =>
  fc.record({
    top: integer(0, max),
    bottom: integer(0, max),
    left: integer(0, max),
    right: integer(0, max),
  });

/** Whether at least one window fits into the padded image. */
function fits({ x, w, g }: Case): boolean {
  const [height, width] = convShape(x, w, g).slice(1) as [number, number];
  return height >= 1 && width >= 1;
}

/** Any geometry. */
const general = fc.record({
  batch: integer(1, 3),
  image: pair(1, 11),
  channels: pair(1, 5),
  kernel: pair(1, 5),
  strides: pair(1, 3),
  dilations: pair(1, 3),
  padding: sides(3),
  groups: integer(1, 3),
}).map(({ batch, image, channels: [c, k], kernel, groups, ...rest }): Case => ({
  x: [batch, ...image, c * groups],
  w: [...kernel, c, k * groups],
  g: { ...rest, groups },
})).filter(fits);

/** Kernels that move pixel by pixel over many channels: Winograd's algorithm. */
const threeByThree = fc.record({
  batch: integer(1, 3),
  image: pair(1, 14),
  channels: pair(12, 23),
  padding: sides(2),
}).map(({ batch, image, channels: [c, k], padding }): Case => ({
  x: [batch, ...image, c],
  w: [3, 3, c, k],
  g: { strides: [1, 1], dilations: [1, 1], groups: 1, padding },
})).filter(fits);

/** Images smaller than the kernel: one product for all pixels. */
const small = fc.record({
  batch: integer(1, 4),
  image: pair(1, 3),
  channels: pair(1, 9),
  kernel: pair(2, 5),
  strides: pair(1, 2),
  dilations: pair(1, 2),
  padding: sides(3),
}).map(({ batch, image, channels: [c, k], kernel, ...rest }): Case => ({
  x: [batch, ...image, c],
  w: [...kernel, c, k],
  g: { ...rest, groups: 1 },
})).filter(fits);

function normal(shape: Array4["shape"], seed: number, deviation = 1): Array4 {
  const values = new Float32Array(zeros4(shape).data.length);
  new Random(seed).fillNormal(values, 0, deviation);
  return { shape, data: Float64Array.from(values) };
}

const upload = (e: Engine, a: Array4): Tensor => e.tensor(Float32Array.from(a.data), a.shape);

async function assertNear(e: Engine, t: Tensor, expected: Array4, label: string): Promise<void> {
  assertEquals([...t.shape], [...expected.shape], label);
  const values = await e.read(t);
  const scale = expected.data.reduce((m, v) => Math.max(m, Math.abs(v)), 1e-30);
  // Written so that a NaN fails.
  const wrong = expected.data.findIndex((v, i) => !(Math.abs(v - values[i]!) <= TOLERANCE * scale));
  const found = `entry ${wrong}: ${values[wrong]}, expected ${expected.data[wrong]}`;
  assert(wrong < 0, `${label}: ${found}, largest ${scale}`);
}

async function check(e: Engine, { x: xs, w: ws, g }: Case): Promise<void> {
  await e.scope(async () => {
    // Scaled so that y has entries of about 1.
    const [x, w] = [normal(xs, 1), normal(ws, 2, 1 / Math.sqrt(ws[0] * ws[1] * ws[2]))];
    const y = naiveConv(x, w, g);
    const d = normal(y.shape, 3);
    const expected = naiveGradients(x, w, d, g);
    const [tx, tw, td] = [x, w, d].map((a) => upload(e, a)) as [Tensor, Tensor, Tensor];
    const bias = new Random(4).fillNormal(new Float32Array(ws[3]));
    const b = e.tensor(bias, [ws[3]]);
    await assertNear(e, e.conv2d(tx, tw, null, g, "identity"), y, "y");
    const positive = y.data.map((v, i) => Math.max(0, v + bias[i % ws[3]]!));
    await assertNear(e, e.conv2d(tx, tw, b, g, "relu"), { ...y, data: positive }, "relu(y + b)");
    const squashed = y.data.map((v, i) => Math.tanh(v + bias[i % ws[3]]!));
    await assertNear(e, e.conv2d(tx, tw, b, g, "tanh"), { ...y, data: squashed }, "tanh(y + b)");
    const { gradients } = e.gradients(
      () => e.sum(e.mul(e.conv2d(tx, tw, null, g, "identity"), td)),
      [tx, tw],
    );
    await assertNear(e, gradients[0]!, expected.x, "gradient in x");
    await assertNear(e, gradients[1]!, expected.w, "gradient in w");
  });
}

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

const WAYS = { general, threeByThree, small };
const TITLES: Record<keyof typeof WAYS, string> = {
  general: "convolutions of any geometry equal their definition, and so do their gradients",
  threeByThree: "3×3 convolutions equal their definition, and so do their gradients",
  small: "convolutions of images smaller than the kernel equal their definition",
};

for (const [way, cases] of Object.entries(WAYS) as [keyof typeof WAYS, fc.Arbitrary<Case>][]) {
  await onEach(TITLES[way], async (e) => {
    await fc.assert(fc.asyncProperty(cases, (c) => check(e, c)), { numRuns: 25, seed: 5 });
  });
}

const SAME = { top: 1, bottom: 1, left: 1, right: 1 };
const PLAIN: ConvGeometry = { strides: [1, 1], dilations: [1, 1], groups: 1, padding: SAME };

await onEach("wide kernels, whose planes all threads share, equal their definition", async (e) => {
  await check(e, { x: [1, 4, 4, 208], w: [3, 3, 208, 224], g: PLAIN });
});

await onEach("images that need several blocks equal their definition", async (e) => {
  await check(e, { x: [3, 40, 36, 12], w: [3, 3, 12, 13], g: PLAIN });
  const strided = { ...PLAIN, strides: [2, 2] } as const;
  await check(e, { x: [3, 60, 50, 9], w: [3, 3, 9, 5], g: strided });
});

await onEach("an empty batch convolves to nothing, and its gradient is zero", async (e) => {
  await e.scope(async () => {
    for (const channels of [3, 16]) {
      const [x, w] = [e.zeros([0, 8, 8, channels]), e.fill([3, 3, channels, 16], 1)];
      const y = e.conv2d(x, w, null, PLAIN, "relu");
      assertEquals([...y.shape], [0, 8, 8, 16]);
      const dw = e.conv2dFilterGradient(x, y, [3, 3], PLAIN);
      assert((await e.read(dw)).every((v) => v === 0));
    }
  });
});

await onEach("convolutions repeat bit for bit, whoever computes which piece", async (e) => {
  await e.scope(async () => {
    const sizes = [[8, 16, 16, 24, 20, 1], [8, 17, 15, 5, 7, 2], [8, 2, 2, 24, 20, 1]] as const;
    for (const [batch, height, width, c, k, stride] of sizes) {
      const g = { ...PLAIN, strides: [stride, stride] } as const;
      const x = upload(e, normal([batch, height, width, c], 1));
      const w = upload(e, normal([3, 3, c, k], 2));
      const all = async () => {
        const { value, gradients } = e.gradients(() => {
          return e.sum(e.square(e.conv2d(x, w, null, g, "relu")));
        }, [x, w]);
        return await Promise.all([value, ...gradients].map((t) => e.read(t)));
      };
      const first = await all();
      for (let i = 0; i < 8; i++) {
        assertEquals(await e.scope(all), first);
        // Long enough for other threads to fall asleep, now and then.
        if (i % 4 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  });
});
