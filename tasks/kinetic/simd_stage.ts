/**
 * A stage in WebAssembly, two cells at a time: for each direction, rows follow one another from
 * the upwind side, so that the face values of the row before are at hand.
 *
 * @module
 */

import {
  FunctionBuilder,
  type I32,
  i32,
  type Local,
  memoryZero,
  type V128,
  v128,
} from "../../core/wasm/mod.ts";
import type { Arithmetic } from "./arithmetic.ts";
import { squaredWidth } from "./grid.ts";
import { DIRECTION, type StageWay, type SweepScheme } from "./kernel.ts";
import { stageValue } from "./plain_kernel.ts";
import { BYTES, type SweepAddresses, TURN, TURN_BYTES } from "./simd_layout.ts";

const { addF64: add, mulF64: mul } = v128;

/** Bytes of a pair of cells. */
const PAIR = 2 * BYTES;

/** Arithmetic on code of a function. */
function vectors(f: FunctionBuilder): Arithmetic<V128> {
  return {
    constant: v128.constF64,
    add,
    sub: v128.subF64,
    mul,
    div: v128.divF64,
    min: v128.pminF64,
    max: v128.pmaxF64,
    abs: v128.absF64,
    keep: (value) => f.local("v128", value),
  };
}

/** What a function on rows gets, all addresses of the first row's first cell. */
const ROW_ARGUMENTS = ["from", "to", "kept", "clipped", "maskY", "rows", "ring"] as const;

/** By name. */
export type RowArguments<T> = Readonly<Record<typeof ROW_ARGUMENTS[number], T>>;

/** The numbers in the order of the parameters. */
export function inOrder(args: RowArguments<number>): number[] {
  return ROW_ARGUMENTS.map((name) => args[name]);
}

/** A direction at hand: splatted numbers, and integers. */
interface Direction {
  readonly number: (name: keyof typeof DIRECTION) => V128;
  readonly turn: (name: keyof typeof TURN) => I32;
}

/** The function that does all directions of some rows. */
export function stageFunction(
  scheme: SweepScheme,
  at: SweepAddresses,
  way: StageWay,
): FunctionBuilder {
  return new StageBuilder(scheme, at, way).build();
}

class StageBuilder {
  readonly #f = new FunctionBuilder();
  readonly #scheme: SweepScheme;
  readonly #at: SweepAddresses;
  readonly #way: StageWay;
  readonly #arguments: RowArguments<Local<"i32">>;

  constructor(scheme: SweepScheme, at: SweepAddresses, way: StageWay) {
    this.#scheme = scheme;
    this.#at = at;
    this.#way = way;
    const parameters = ROW_ARGUMENTS.map((name) => [name, this.#f.parameter("i32")] as const);
    this.#arguments = Object.fromEntries(parameters) as RowArguments<Local<"i32">>;
  }

  get #slopes(): boolean {
    return this.#scheme.order === 2 && this.#way !== "collide";
  }

  build(): FunctionBuilder {
    const f = this.#f;
    const { from, to, kept, clipped, rows } = this.#arguments;
    const flux = i32.add(kept, i32.const(2 * this.#at.field));
    f.emit(memoryZero(flux, i32.mul(rows, i32.const(this.#at.fieldPitch))));
    f.emit(memoryZero(clipped, i32.mul(rows, i32.const(PAIR))));
    const numbers = f.local("i32", i32.const(this.#at.directions));
    const turns = f.local("i32", i32.const(this.#at.turns));
    const end = this.#at.turns + TURN_BYTES * this.#scheme.ordinates.weights.length;
    f.while(i32.ltU(turns, i32.const(end)), () => {
      this.#direction(numbers, turns);
      this.#move(numbers, BYTES * DIRECTION.size);
      this.#move(turns, TURN_BYTES);
      this.#move(from, this.#at.plane);
      this.#move(to, this.#at.plane);
    });
    return f;
  }

  #move(pointer: Local<"i32">, bytes: number): void {
    this.#f.emit(pointer.set(i32.add(pointer, i32.const(bytes))));
  }

  #advance(pointer: Local<"i32">, bytes: I32): void {
    this.#f.emit(pointer.set(i32.add(pointer, bytes)));
  }

  #direction(numbers: Local<"i32">, turns: Local<"i32">): void {
    const f = this.#f;
    const splats = Object.entries(DIRECTION).filter(([name]) => name !== "size").map((
      [name, k],
    ) => [name, f.local("v128", v128.load64Splat(numbers, BYTES * k))] as const);
    const words = Object.entries(TURN).map((
      [name, offset],
    ) => [name, f.local("i32", i32.load(turns, offset))] as const);
    const [splatted, whole] = [Object.fromEntries(splats), Object.fromEntries(words)];
    const direction: Direction = {
      number: (name) => splatted[name]!,
      turn: (name) => whole[name]!,
    };
    this.#rows(direction);
  }

  /** Where the first row of a direction begins in an array. */
  #first(base: I32, direction: Direction, bytes: number): Local<"i32"> {
    const skipped = i32.mul(
      i32.mul(direction.turn("down"), i32.sub(this.#arguments.rows, i32.const(1))),
      i32.const(bytes),
    );
    return this.#f.local("i32", i32.add(base, skipped));
  }

  #rows(direction: Direction): void {
    const f = this.#f;
    const { from, to, kept, clipped, maskY, rows, ring } = this.#arguments;
    const source = this.#first(from, direction, this.#at.pitch);
    const target = this.#first(to, direction, this.#at.pitch);
    const field = this.#first(kept, direction, this.#at.fieldPitch);
    const lost = this.#first(clipped, direction, PAIR);
    const mask = this.#first(maskY, direction, BYTES);
    const now = f.local("i32", i32.add(ring, i32.const(this.#at.faces)));
    const before = f.local("i32", i32.add(ring, i32.const(2 * this.#at.faces)));
    const step = direction.turn("rowStep");
    if (this.#slopes) {
      const up = f.local("i32", i32.sub(source, step));
      this.#faceValues(direction, up, i32.sub(mask, direction.turn("maskStep")), before);
    }
    const left = f.local("i32", rows);
    f.while(left, () => {
      if (this.#slopes) this.#faceValues(direction, source, mask, now);
      this.#update(direction, { source, target, field, lost, now, before });
      for (const pointer of [source, target]) this.#advance(pointer, step);
      this.#advance(field, direction.turn("fieldStep"));
      this.#advance(lost, direction.turn("clipStep"));
      this.#advance(mask, direction.turn("maskStep"));
      const other = f.local("i32", now);
      f.emit(now.set(before), before.set(other), left.set(i32.sub(left, i32.const(1))));
    });
  }

  /** Face values of a row along both axes, from the cell before the first one on. */
  #faceValues(direction: Direction, row: I32, maskY: I32, faceY: Local<"i32">): void {
    const f = this.#f;
    const a = vectors(f);
    const { pitch } = this.#at;
    const { grid, limiter } = this.#scheme;
    // Offsets count from the row below, where none is negative.
    const below = f.local("i32", i32.sub(row, i32.const(pitch + BYTES)));
    const maskX = f.local("i32", i32.const(this.#at.maskX));
    const [alongX, alongY] = [f.local("i32", this.#arguments.ring), f.local("i32", faceY)];
    const rowMask = f.local("v128", v128.load64Splat(maskY));
    const end = this.#at.maskX + PAIR * Math.ceil((grid.nx + 2) / 2);
    f.while(i32.ltU(maskX, i32.const(end)), () => {
      const get = (offset: number): V128 => a.keep(v128.load(below, offset));
      const c = get(pitch);
      const cell = {
        c,
        e: get(pitch + BYTES),
        w: get(pitch - BYTES),
        n: get(2 * pitch),
        s: get(0),
      };
      const mask = a.keep(mul(v128.load(maskX), rowMask));
      const slopes = limiter.slopes(a, cell, squaredWidth(grid));
      const face = (sign: V128, slope: V128): V128 => add(c, mul(sign, mul(mask, slope)));
      f.emit(v128.store(alongX, face(direction.number("signX"), slopes.x)));
      f.emit(v128.store(alongY, face(direction.number("signY"), slopes.y)));
      for (const pointer of [below, maskX, alongX, alongY]) this.#move(pointer, PAIR);
    });
  }

  #update(
    direction: Direction,
    row: Readonly<
      Record<"source" | "target" | "field" | "lost" | "now" | "before", Local<"i32">>
    >,
  ): void {
    const f = this.#f;
    const [source, target, field] = [row.source, row.target, row.field].map((p) =>
      f.local("i32", p)
    ) as [Local<"i32">, Local<"i32">, Local<"i32">];
    const { ring } = this.#arguments;
    const [faceX, upX] = this.#slopes
      ? [f.local("i32", ring), f.local("i32", i32.add(ring, direction.turn("upX")))]
      : [source, f.local("i32", i32.add(source, direction.turn("upX")))];
    const [faceY, upY] = this.#slopes
      ? [f.local("i32", row.now), f.local("i32", row.before)]
      : [source, f.local("i32", i32.sub(source, direction.turn("rowStep")))];
    const pointers = [...new Set([source, target, field, faceX, upX, faceY, upY])];
    const lost = f.local("v128", v128.load(row.lost));
    const shift = this.#slopes ? BYTES : 0;
    const pair = (last: boolean): void => {
      const value = this.#value(direction, { source, field, faceX, upX, faceY, upY }, shift);
      this.#store(direction, value, target, field, lost, last);
    };
    const { nx } = this.#scheme.grid;
    const end = f.local("i32", i32.add(source, i32.const(PAIR * Math.floor(nx / 2))));
    f.while(i32.ltU(source, end), () => {
      pair(false);
      for (const pointer of pointers) this.#move(pointer, PAIR);
    });
    if (nx % 2 === 1) pair(true);
    f.emit(v128.store(row.lost, lost));
  }

  #value(
    direction: Direction,
    from: Readonly<Record<"source" | "field" | "faceX" | "upX" | "faceY" | "upY", Local<"i32">>>,
    shift: number,
  ): V128 {
    const a = vectors(this.#f);
    const psi = a.keep(v128.load(from.source));
    const kept = v128.load(from.field);
    const source = v128.load(from.field, this.#at.field);
    if (this.#way === "collide") return a.keep(add(mul(kept, psi), source));
    const value = stageValue(a, {
      psi,
      kept,
      source,
      faceX: this.#slopes ? v128.load(from.faceX, shift) : psi,
      faceY: this.#slopes ? v128.load(from.faceY, shift) : psi,
      upwindX: v128.load(from.upX, shift),
      upwindY: v128.load(from.upY, shift),
      courantX: direction.number("courantX"),
      courantY: direction.number("courantY"),
    });
    return a.keep(value);
  }

  #store(
    direction: Direction,
    value: V128,
    target: Local<"i32">,
    field: Local<"i32">,
    lost: Local<"v128">,
    last: boolean,
  ): void {
    const f = this.#f;
    const { clip, staleFlux } = this.#scheme;
    const weight = direction.number("weight");
    const stage = clip ? f.local("v128", v128.pmaxF64(v128.constF64(0), value)) : value;
    if (clip) {
      const added = mul(weight, v128.subF64(stage, value));
      f.emit(lost.set(add(lost, last ? v128.and(added, FIRST_LANE) : added)));
    }
    const next = this.#way === "mean"
      ? f.local("v128", mul(v128.constF64(0.5), add(v128.load(target), stage)))
      : stage;
    f.emit(last ? v128.storeLane0F64(target, next) : v128.store(target, next));
    const flux = 2 * this.#at.field;
    const sum = add(v128.load(field, flux), mul(weight, staleFlux ? stage : next));
    f.emit(v128.store(field, sum, flux));
  }
}

/** Bits of the first float64 lane. */
const FIRST_LANE = v128.shuffle(
  v128.constI32(-1),
  v128.constI32(0),
  Array.from({ length: 16 }, (_, k) => k < 8 ? k : 16 + k),
);
