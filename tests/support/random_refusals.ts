/** Operations with one setting that makes no sense. */

import type { ConvGeometry, Engine } from "../../core/backend/mod.ts";
import type { Random } from "../../core/random.ts";
import { between, pick } from "./random_cases.ts";

/** An operation that every engine must refuse in the same words. */
export interface Refusal {
  readonly label: string;
  run(e: Engine): unknown;
}

/** Shapes and settings that fit, until one of them is spoilt. */
interface Fitting {
  x: number[];
  w: number[];
  bias: number[];
  extents: number[];
  strides: number[];
  padding: { top: number; bottom: number; left: number; right: number };
  dilations: number[];
  groups: number;
}

function fitting(random: Random, groups: number): Fitting {
  const [inputs, outputs] = [between(random, 1, 3), groups * between(random, 1, 3)];
  return {
    x: [between(random, 1, 2), between(random, 6, 9), between(random, 6, 9), groups * inputs],
    w: [between(random, 2, 3), between(random, 2, 3), inputs, outputs],
    bias: [outputs],
    extents: [2, 2],
    strides: [1, 2],
    padding: { top: 1, bottom: 0, left: 1, right: 1 },
    dilations: [2, 1],
    groups,
  };
}

const NONE_POSITIVE = [0, -1, 1.5, NaN, Infinity] as const;

/** Spoils strides, dilations or the padding. */
function spoilGeometry(random: Random, f: Fitting, what: "strides" | "dilations" | "padding") {
  if (what === "padding") {
    const side = pick(random, ["top", "bottom", "left", "right"] as const);
    f.padding[side] = pick(random, [-1, 0.5, NaN, Infinity]);
    return;
  }
  f[what][random.integer(2)] = pick(random, NONE_POSITIVE);
}

type Spoiler = (random: Random, f: Fitting) => void;

type Spoilers = Readonly<Record<string, Spoiler>>;

const GEOMETRY: Spoilers = {
  strides: (r, f) => spoilGeometry(r, f, "strides"),
  dilations: (r, f) => spoilGeometry(r, f, "dilations"),
  padding: (r, f) => spoilGeometry(r, f, "padding"),
};

const DEPTHWISE: Spoilers = {
  ...GEOMETRY,
  channels: (r, f) => f.x[3]! += between(r, 1, 2),
  "axes of the images": (_, f) => f.x.pop(),
  "axes of the kernel": (_, f) => f.w.pop(),
  "bias by one": (r, f) => f.bias = [f.bias[0]! + pick(r, [-1, 1, 2])],
  "axes of the bias": (_, f) => f.bias = [f.bias[0]!, 1],
  "kernel beyond the images": (r, f) => f.w[r.integer(2)]! += 12,
};

const CONVOLUTION: Spoilers = {
  ...DEPTHWISE,
  groups: (r, f) => f.groups = pick(r, [...NONE_POSITIVE, f.groups + 7]),
};

const POOL: Spoilers = {
  strides: (r, f) => spoilGeometry(r, f, "strides"),
  padding: (r, f) => spoilGeometry(r, f, "padding"),
  "padding of whole windows": (r, f) =>
    f.padding[pick(r, ["top", "bottom", "left", "right"] as const)] = 2,
  extents: (r, f) => f.extents[r.integer(2)] = pick(r, NONE_POSITIVE),
  "window beyond the images": (r, f) => f.extents[r.integer(2)] = 13,
  axes: (_, f) => f.x.pop(),
};

const geometryOf = (f: Fitting): ConvGeometry => f as unknown as ConvGeometry;
const sizeOf = (f: Fitting) => f.extents as unknown as [number, number];

/** Refusals of one operation: fits, spoilers and the operation. */
function spoilt(
  name: string,
  spoilers: Spoilers,
  fit: (random: Random) => Fitting,
  run: (e: Engine, f: Fitting) => unknown,
): (random: Random) => Refusal {
  return (random) => {
    const f = fit(random);
    const what = pick(random, Object.keys(spoilers));
    spoilers[what]!(random, f);
    return { label: `${name}, ${what}: ${JSON.stringify(f)}`, run: (e) => run(e, f) };
  };
}

const grouped = (random: Random) => fitting(random, between(random, 1, 3));

/** One group for each channel, and a kernel of channels by themselves. */
function byChannel(random: Random): Fitting {
  const f = fitting(random, 1);
  return { ...f, bias: [f.w[2]! * f.w[3]!] };
}

/** What is refused, by operation. */
export const refusals: readonly ((random: Random) => Refusal)[] = [
  spoilt(
    "conv2d",
    CONVOLUTION,
    grouped,
    (e, f) => e.conv2d(e.zeros(f.x), e.zeros(f.w), e.zeros(f.bias), geometryOf(f), "relu"),
  ),
  spoilt(
    "depthwiseConv2d",
    DEPTHWISE,
    byChannel,
    (e, f) => e.depthwiseConv2d(e.zeros(f.x), e.zeros(f.w), e.zeros(f.bias), geometryOf(f), "relu"),
  ),
  // The images that a convolution with the settings leaves are 7×5 at least: these are never it.
  spoilt("conv2dTranspose", GEOMETRY, grouped, (e, f) => {
    const x = e.zeros([f.x[0]!, 1, 1, f.w[3]!]);
    return e.conv2dTranspose(x, e.zeros(f.w), null, [f.x[1]!, f.x[2]!], geometryOf(f), "relu");
  }),
  spoilt("conv2dFilterGradient", GEOMETRY, grouped, (e, f) => {
    const d = e.zeros([f.x[0]!, 1, 1, f.w[3]!]);
    return e.conv2dFilterGradient(e.zeros(f.x), d, [f.w[0]!, f.w[1]!], geometryOf(f));
  }),
  spoilt(
    "maxPool",
    POOL,
    grouped,
    (e, f) => e.maxPool(e.zeros(f.x), sizeOf(f), geometryOf(f)),
  ),
  spoilt(
    "averagePool",
    POOL,
    grouped,
    (e, f) => e.averagePool(e.zeros(f.x), sizeOf(f), geometryOf(f)),
  ),
];
