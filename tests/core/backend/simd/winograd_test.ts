import { assertAlmostEquals, assertEquals } from "@std/assert";
import { PLANES, TILE_IN, TILE_OUT } from "../../../../core/backend/simd/winograd.ts";
import { Random } from "../../../../core/random.ts";
import { BareHeap } from "../../../support/bare_heap.ts";

/** Not a multiple of four: vectors and single lanes. */
const CHANNELS = 7;
/** Bytes between planes, with a gap that nobody may write to. */
const PLANE = 4 * CHANNELS + 8;

const normal = (count: number, seed: number) =>
  new Random(seed).fillNormal(new Float32Array(count));

/** Pixel i, j of a square tile. */
const at = (data: ArrayLike<number>, size: number, i: number, j: number, c: number): number =>
  i < 0 || j < 0 || i >= size || j >= size ? 0 : data[(i * size + j) * CHANNELS + c]!;

/** The 4×4 pixels of a 6×6 tile, channel by channel. */
function correlate(x: Float32Array, w: Float32Array): Float64Array {
  const y = new Float64Array(TILE_OUT ** 2 * CHANNELS);
  y.forEach((_, n) => {
    const [pixel, c] = [Math.floor(n / CHANNELS), n % CHANNELS];
    const [i, j] = [Math.floor(pixel / TILE_OUT), pixel % TILE_OUT];
    for (let k = 0; k < 9; k++) {
      y[n]! += at(x, TILE_IN, i + Math.floor(k / 3), j + k % 3, c) * w[k * CHANNELS + c]!;
    }
  });
  return y;
}

/** The gradient in the kernel of one tile, channel by channel. */
function filterGradient(x: Float32Array, d: Float32Array): Float64Array {
  const w = new Float64Array(9 * CHANNELS);
  w.forEach((_, n) => {
    const [k, c] = [Math.floor(n / CHANNELS), n % CHANNELS];
    for (let i = 0; i < TILE_OUT; i++) {
      for (let j = 0; j < TILE_OUT; j++) {
        w[n]! += at(x, TILE_IN, i + Math.floor(k / 3), j + k % 3, c) * at(d, TILE_OUT, i, j, c);
      }
    }
  });
  return w;
}

function assertNear(actual: Float32Array, expected: Float64Array): void {
  assertEquals(actual.length, expected.length);
  expected.forEach((v, i) => assertAlmostEquals(actual[i]!, v, 2e-5));
}

/** A heap with planes and tiles on it. */
class Bench {
  readonly heap: BareHeap;

  constructor(fused: boolean) {
    this.heap = new BareHeap(4, fused);
  }

  planes(fill: number): number {
    const place = this.heap.allocate(PLANES * PLANE);
    this.heap.view(place, PLANES * PLANE / 4).fill(fill);
    return place;
  }

  tile(kind: "input" | "gradient", data: Float32Array, size: number): number {
    const planes = this.planes(NaN);
    const pixel = 4 * CHANNELS;
    const from = this.heap.place(data);
    this.heap.simd[`winograd_${kind}`]!(planes, PLANE, from, size * pixel, pixel, CHANNELS);
    return planes;
  }

  filter(w: Float32Array): number {
    const planes = this.planes(NaN);
    const from = this.heap.place(w);
    this.heap.simd.winograd_filter!(planes, PLANE, from, 4 * CHANNELS, CHANNELS);
    return planes;
  }

  /** Plane by plane products, channel by channel. */
  product(a: number, b: number): number {
    const planes = this.planes(NaN);
    for (let p = 0; p < PLANES; p++) {
      const [x, y] = [a, b].map((place) => this.heap.view(place + p * PLANE, CHANNELS));
      this.heap.view(planes + p * PLANE, CHANNELS).set(x!.map((v, i) => v * y![i]!));
    }
    return planes;
  }
}

for (const fused of [false, true]) {
  const words = fused ? "fused" : "plain";
  const x = normal(TILE_IN ** 2 * CHANNELS, 1);
  const w = normal(9 * CHANNELS, 2);
  const d = normal(TILE_OUT ** 2 * CHANNELS, 3);

  Deno.test(`${words}: products of planes are the correlation of a tile`, () => {
    const bench = new Bench(fused);
    const planes = bench.product(bench.tile("input", x, TILE_IN), bench.filter(w));
    const pixel = 4 * CHANNELS;
    const to = bench.heap.allocate(TILE_OUT ** 2 * pixel);
    const bias = bench.heap.place(new Float32Array(CHANNELS));
    const { winograd_output: output } = bench.heap.simd;
    output!(planes, PLANE, to, TILE_OUT * pixel, pixel, bias, CHANNELS, -Infinity);
    assertNear(bench.heap.view(to, TILE_OUT ** 2 * CHANNELS), correlate(x, w));
  });

  Deno.test(`${words}: the output has a bias and a floor`, () => {
    const bench = new Bench(fused);
    const planes = bench.product(bench.tile("input", x, TILE_IN), bench.filter(w));
    const pixel = 4 * CHANNELS;
    const to = bench.heap.allocate(TILE_OUT ** 2 * pixel);
    const shift = normal(CHANNELS, 4);
    const bias = bench.heap.place(shift);
    bench.heap.simd.winograd_output!(
      ...[planes, PLANE, to, TILE_OUT * pixel, pixel, bias, CHANNELS, 0] as const,
    );
    const expected = correlate(x, w).map((v, i) => Math.max(0, v + shift[i % CHANNELS]!));
    assertNear(bench.heap.view(to, TILE_OUT ** 2 * CHANNELS), expected);
  });

  Deno.test(`${words}: products of planes are the gradient in the kernel`, () => {
    const bench = new Bench(fused);
    const planes = bench.product(
      bench.tile("input", x, TILE_IN),
      bench.tile("gradient", d, TILE_OUT),
    );
    const to = bench.heap.allocate(9 * 4 * CHANNELS);
    bench.heap.simd.winograd_filter_gradient!(to, 4 * CHANNELS, planes, PLANE, CHANNELS);
    assertNear(bench.heap.view(to, 9 * CHANNELS), filterGradient(x, d));
  });

  Deno.test(`${words}: a tile at the edge reads zeros outside, and nothing else`, () => {
    const [top, bottom, left, right] = [1, 4, 2, 5];
    const inside = x.map((v, n) => {
      const pixel = Math.floor(n / CHANNELS);
      const [i, j] = [Math.floor(pixel / TILE_IN), pixel % TILE_IN];
      return i >= top && i < bottom && j >= left && j < right ? v : 0;
    });
    // What lies outside the image is poison.
    const poisoned = x.map((v, n) => inside[n] === 0 ? NaN : v);
    const bench = new Bench(fused);
    const planes = bench.planes(NaN);
    const pixel = 4 * CHANNELS;
    bench.heap.simd.winograd_input_edge!(
      ...[planes, PLANE, bench.heap.place(poisoned), TILE_IN * pixel, pixel, CHANNELS] as const,
      ...[top, bottom, left, right] as const,
    );
    const expected = bench.tile("input", inside, TILE_IN);
    for (let p = 0; p < PLANES; p++) {
      const [a, b] = [planes, expected].map((at) => bench.heap.view(at + p * PLANE, CHANNELS));
      assertNear(a!, Float64Array.from(b!));
    }
  });

  Deno.test(`${words}: a tile at the edge writes what lies inside, and nothing else`, () => {
    const bench = new Bench(fused);
    const planes = bench.product(bench.tile("input", x, TILE_IN), bench.filter(w));
    const pixel = 4 * CHANNELS;
    const to = bench.heap.place(new Float32Array(TILE_OUT ** 2 * CHANNELS).fill(9));
    const bias = bench.heap.place(new Float32Array(CHANNELS));
    bench.heap.simd.winograd_output_edge!(
      ...[planes, PLANE, to, TILE_OUT * pixel, pixel, bias, CHANNELS, 2, 3, -Infinity] as const,
    );
    const expected = correlate(x, w).map((v, n) => {
      const pixel = Math.floor(n / CHANNELS);
      return Math.floor(pixel / TILE_OUT) < 2 && pixel % TILE_OUT < 3 ? v : 9;
    });
    assertNear(bench.heap.view(to, TILE_OUT ** 2 * CHANNELS), expected);
  });
}

Deno.test("planes of the flipped kernel are those of a kernel turned round", () => {
  const bench = new Bench(false);
  const w = normal(9 * CHANNELS, 5);
  const turned = w.map((_, n) => w[(8 - Math.floor(n / CHANNELS)) * CHANNELS + n % CHANNELS]!);
  const tap = 4 * CHANNELS;
  const flipped = bench.planes(NaN);
  const last = bench.heap.place(w) + 8 * tap;
  bench.heap.simd.winograd_filter!(flipped, PLANE, last, -tap, CHANNELS);
  const expected = bench.filter(turned);
  for (let p = 0; p < PLANES; p++) {
    const [a, b] = [flipped, expected].map((at) => bench.heap.view(at + p * PLANE, CHANNELS));
    assertEquals(a, b);
  }
});
