/**
 * Procedural digits: grey 28×28 images of handwritten-like digits, drawn on the spot.
 *
 * @module
 */

import { Random } from "../random.ts";
import {
  checkCount,
  type Dataset,
  type DatasetSource,
  type LoadOptions,
  seal,
  type Split,
} from "./dataset.ts";
import { Canvas, Trace } from "./digit_render.ts";
import { DIGIT_SHAPES, type DigitShape } from "./digit_shapes.ts";

/** Side of an image in pixels. */
const SIDE = 28;
const CENTRE = (SIDE - 1) / 2;

/**
 * Spread of the writing. Chosen so that no linear classifier can do well while the classes stay
 * apart for a network: `bench/digits_difficulty.ts` measures both.
 */
const STYLE = {
  jitter: 0.018, // of control points, in widths of the digit
  wave: 0.025, // amplitude of the smooth elastic distortion, in widths
  rotation: 0.1, // radians
  shear: 0.18, // slant
  shift: 1.3, // pixels
  width: [13, 17], // pixels
  height: [18, 21], // pixels
  radius: [1.1, 1.9], // half the line width, pixels
  pressure: 0.25, // relative change of the line width along the strokes
  ink: [0.6, 1], // darkness of a line
  noise: [0, 0.04], // standard deviation of the pixel noise
  clutter: 0.1, // probability of a stray mark
} as const;

/** Draws digits one after the other, reusing its scratch memory. */
class DigitArtist {
  readonly #trace: Trace = new Trace();
  readonly #canvas: Canvas = new Canvas(SIDE);
  readonly #points: Float64Array = new Float64Array(128);

  /** Draws one image; what is drawn depends on the digit and on the stream only. */
  paint(digit: number, random: Random, out: Uint8Array): void {
    this.#canvas.clear();
    const shapes = DIGIT_SHAPES[digit]!;
    this.#write(shapes[random.integer(shapes.length)]!, random);
    if (random.uniform() < STYLE.clutter) this.#scribble(random);
    develop(this.#canvas.ink, random, out);
  }

  #write(shape: DigitShape, random: Random): void {
    const points = this.#points;
    for (let i = 0; i < shape.points.length; i++) {
      points[i] = shape.points[i]! - 0.5 + STYLE.jitter * random.normal();
    }
    this.#trace.clear();
    this.#trace.pushShape(shape, points);
    distort(this.#trace, random);
    const radius = between(random, STYLE.radius);
    const frequency = 0.05 + 0.2 * random.uniform();
    const phase = 2 * Math.PI * random.uniform();
    const pen = (i: number) => radius * (1 + STYLE.pressure * Math.sin(frequency * i + phase));
    this.#canvas.draw(this.#trace, pen, between(random, STYLE.ink));
  }

  /** A short stray mark anywhere. */
  #scribble(random: Random): void {
    const [x, y] = [SIDE * random.uniform(), SIDE * random.uniform()];
    const length = 2 + 4 * random.uniform();
    const angle = 2 * Math.PI * random.uniform();
    this.#trace.clear();
    this.#trace.push(x, y, true);
    this.#trace.push(x + length * Math.cos(angle), y + length * Math.sin(angle), false);
    const radius = 0.5 + 0.5 * random.uniform();
    this.#canvas.draw(this.#trace, () => radius, 0.3 + 0.5 * random.uniform());
  }
}

/** Bends a trace smoothly, then places it on the image: from unit widths to pixels. */
function distort(trace: Trace, random: Random): void {
  const bend = [wave(random), wave(random)];
  const place = placement(random);
  const { vertices, count } = trace;
  for (let i = 0; i < 2 * count; i += 2) {
    const [x, y] = [vertices[i]!, vertices[i + 1]!];
    const [u, v] = [x + bend[0]!(x, y), y + bend[1]!(x, y)];
    vertices[i] = place.xx * u + place.xy * v + place.x;
    vertices[i + 1] = place.yx * u + place.yy * v + place.y;
  }
}

/** A plane wave about one digit long, as a displacement of the plane. */
function wave(random: Random): (x: number, y: number) => number {
  const amplitude = STYLE.wave * random.normal();
  const [a, b] = [4 * random.normal(), 4 * random.normal()];
  const phase = 2 * Math.PI * random.uniform();
  return (x, y) => amplitude * Math.sin(a * x + b * y + phase);
}

/** The random affine map (xx xy; yx yy) + (x; y): size, then slant, then rotation, then shift. */
function placement(random: Random): Record<"xx" | "xy" | "yx" | "yy" | "x" | "y", number> {
  const width = between(random, STYLE.width);
  const height = between(random, STYLE.height);
  const slant = STYLE.shear * random.normal();
  const angle = STYLE.rotation * random.normal();
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  return {
    xx: c * width,
    xy: (-c * slant - s) * height,
    yx: s * width,
    yy: (c - s * slant) * height,
    x: CENTRE + STYLE.shift * random.normal(),
    y: CENTRE + STYLE.shift * random.normal(),
  };
}

/** Ink to pixels: adds noise, cuts to 0 … 255. */
function develop(ink: Float32Array, random: Random, out: Uint8Array): void {
  const noise = 255 * between(random, STYLE.noise);
  for (let i = 0; i < ink.length; i++) {
    const value = 255 * ink[i]! + noise * random.normal();
    out[i] = Math.min(Math.max(value + 0.5, 0), 255);
  }
}

function between(random: Random, [low, high]: readonly [number, number]): number {
  return low + (high - low) * random.uniform();
}

/**
 * Draws a split. Image i depends on the seed, the name of the split and i only, so a longer split
 * begins with a shorter one. Each ten images in a row hold every digit once, in random order.
 *
 * @param seed Seed of the whole set.
 * @param name Name of the split; different names give different images.
 * @param count Number of images n; the result holds n×28×28×1 pixels.
 */
export function drawDigits(seed: number, name: string, count: number): Split {
  const root = new Random(seed).fork("digits").fork(name);
  const labels = digitOrder(root.fork("labels"), count);
  const images = new Uint8Array(count * SIDE * SIDE);
  const artist = new DigitArtist();
  const strokes = root.fork("images");
  for (let i = 0; i < count; i++) {
    const out = images.subarray(i * SIDE * SIDE, (i + 1) * SIDE * SIDE);
    artist.paint(labels[i]!, strokes.fork(i), out);
  }
  return { count, images, labels };
}

function digitOrder(random: Random, count: number): Uint8Array {
  const labels = new Uint8Array(count);
  for (let i = 0; i < count; i += 10) {
    labels.set(random.permutation(10).subarray(0, Math.min(10, count - i)), i);
  }
  return labels;
}

/**
 * Handwritten-like digits without any download: stroke skeletons under random distortion, line
 * width, ink, noise and stray marks. 10,000 training and 2,000 test images by default, made in
 * about half a second.
 */
export const digits: DatasetSource = {
  name: "digits",
  description: "procedural handwritten-like digits, 28×28 grey, made from the seed; no download",
  load: (options) => Promise.try(make, options),
};

function make({ seed, trainCount = 10_000, testCount = 2_000 }: LoadOptions): Dataset {
  return seal({
    name: "digits",
    shape: [SIDE, SIDE, 1],
    classes: 10,
    classNames: [..."0123456789"],
    train: drawDigits(seed, "train", checkCount(trainCount, "training")),
    test: drawDigits(seed, "test", checkCount(testCount, "test")),
  });
}
