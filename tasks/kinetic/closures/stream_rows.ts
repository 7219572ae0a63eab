/**
 * What a thread does for rows of the kinetic flux: the rows of f that it needs, what comes in at
 * their ends, and what leaves.
 *
 * @module
 */

import type { Jobs } from "../../../core/wasm/mod.ts";
import { mirrorImages } from "../ordinates.ts";
import { incoming, isOpen, type Side } from "../sides.ts";
import { BYTES, MARGIN, ROWS, type StreamFunctions, type StreamModule } from "./simd_flux.ts";

/** Rows of the kinetic flux on a memory that threads share. */
export class StreamRows {
  readonly #o: StreamModule;
  readonly #functions: StreamFunctions;
  readonly #f: Float64Array;
  readonly #rates: Float64Array;
  /** By axis the image of each direction in a mirror, where a side reflects. */
  readonly #images: { readonly x?: Int32Array; readonly y?: Int32Array };

  /**
   * Binds the functions.
   *
   * @throws {RangeError} When a side reflects and a direction has no mirror image.
   */
  constructor(o: StreamModule) {
    const { memory, binary, sides, ordinates, places } = o;
    const module = new WebAssembly.Module(binary);
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    const reflects = (...both: Side[]): boolean => both.some(({ kind }) => kind === "reflecting");
    this.#o = o;
    this.#functions = exports as unknown as StreamFunctions;
    this.#f = new Float64Array(memory.buffer, 0, places.end / BYTES);
    this.#rates = new Float64Array(memory.buffer, places.rates, 2 * o.grid.ny);
    this.#images = {
      ...(reflects(sides.left, sides.right) && { x: mirrorImages(ordinates, -1, 1) }),
      ...(reflects(sides.bottom, sides.top) && { y: mirrorImages(ordinates, 1, -1) }),
    };
  }

  /** Moments of what streams in rows, into the memory; the ring of a piece is its own. */
  stream(first: number, rows: number, piece: number): void {
    const { places } = this.#o;
    const ring = places.rings + piece * ROWS * places.slot;
    const slotOf = (j: number): number => ring + (j - first + 1) % ROWS * places.slot;
    this.#rebuild(first, slotOf(first));
    this.#neighbour(first - 1, slotOf(first - 1), slotOf(first));
    for (let j = first; j < first + rows; j++) {
      const [own, below, above] = [slotOf(j), slotOf(j - 1), slotOf(j + 1)];
      this.#neighbour(j + 1, above, own);
      this.#functions.stream(BYTES * places.pitch * j, own, below, above);
      this.#rate(j, own, below, above);
    }
  }

  /** f of a row into a slot; beyond a side what that lets in, given the slot of the row beside. */
  #neighbour(j: number, slot: number, beside: number): void {
    const { grid: { ny }, sides } = this.#o;
    const side = j < 0 ? sides.bottom : j >= ny ? sides.top : undefined;
    if (side === undefined) this.#rebuild(j, slot);
    else if (isOpen(side)) this.#enter(side, slot);
    else if (side.kind === "reflecting") this.#copy(beside, slot, this.#images.y);
    else if (ny === 1) this.#copy(beside, slot);
    else this.#rebuild((j + ny) % ny, slot);
  }

  #rebuild(j: number, slot: number): void {
    const { places, grid: { nx }, sides: { left, right }, ordinates: { weights } } = this.#o;
    this.#functions.rebuild(BYTES * places.pitch * j, slot);
    for (let q = 0; q < weights.length; q++) {
      const at = this.#placeOf(slot, q);
      this.#f[at - 1] = this.#beyond(left, j, slot, q, left.kind === "periodic" ? nx - 1 : 0);
      this.#f[at + nx] = this.#beyond(right, j, slot, q, right.kind === "periodic" ? 0 : nx - 1);
    }
  }

  #beyond(side: Side, j: number, slot: number, q: number, cell: number): number {
    if (isOpen(side)) return incoming(side, j);
    const from = side.kind === "reflecting" ? this.#images.x![q]! : q;
    return this.#f[this.#placeOf(slot, from) + cell]!;
  }

  #enter(side: Side, slot: number): void {
    const { grid: { nx }, ordinates: { weights } } = this.#o;
    for (let q = 0; q < weights.length; q++) {
      const at = this.#placeOf(slot, q);
      for (let i = 0; i < nx; i++) this.#f[at + i] = incoming(side, i);
    }
  }

  /** Another row, its directions exchanged for their images. */
  #copy(from: number, slot: number, images?: Int32Array): void {
    const { grid: { nx }, ordinates: { weights } } = this.#o;
    for (let q = 0; q < weights.length; q++) {
      const start = this.#placeOf(from, images?.[q] ?? q);
      this.#f.copyWithin(this.#placeOf(slot, q), start, start + nx);
    }
  }

  #placeOf(slot: number, q: number): number {
    return slot / BYTES + q * this.#o.places.width + MARGIN;
  }

  /** What leaves and enters through the open sides of a row. */
  #rate(j: number, own: number, below: number, above: number): void {
    const { grid: { nx, ny, hx, hy }, sides, ordinates: { x, y } } = this.#o;
    const rate = { out: 0, in: 0 };
    const count = (q: number, speed: number, face: number, inside: number, outside: number) => {
      const flow = this.#o.ordinates.weights[q]! * Math.abs(speed) * face;
      if (speed > 0) rate.out += flow * inside;
      else rate.in += flow * outside;
    };
    const ends = (side: Side, normal: number, inside: number, outside: number): void => {
      if (!isOpen(side)) return;
      for (let q = 0; q < x.length; q++) {
        const at = this.#placeOf(own, q);
        count(q, normal * x[q]!, hy, this.#f[at + inside]!, this.#f[at + outside]!);
      }
    };
    ends(sides.left, -1, 0, -1);
    ends(sides.right, 1, nx - 1, nx);
    const edge = (side: Side, normal: number, beyond: number): void => {
      if (!isOpen(side)) return;
      for (let q = 0; q < y.length; q++) {
        const [at, other] = [this.#placeOf(own, q), this.#placeOf(beyond, q)];
        let [inside, outside] = [0, 0];
        for (let i = 0; i < nx; i++) {
          inside += this.#f[at + i]!;
          outside += this.#f[other + i]!;
        }
        count(q, normal * y[q]!, hx, inside, outside);
      }
    };
    if (j === 0) edge(sides.bottom, -1, below);
    if (j === ny - 1) edge(sides.top, 1, above);
    this.#rates[2 * j] = rate.out;
    this.#rates[2 * j + 1] = rate.in;
  }
}

/** What a team can be asked to do. */
export const streamJobs: Jobs<StreamRows> = {
  stream: (rows, [first, count, piece]) => rows.stream(first!, count!, piece!),
};
