/**
 * What depends on direction, read off coordinates in angle, whole or as factors: products with seven
 * vectors tell it all, so that of X S Wᵀ nothing as large as ψ is formed.
 *
 * @module
 */

import { type Algebra, type LowRank, type Matrix, matrixOf } from "../../core/mod.ts";
import type { AngularBasis } from "./angular_basis.ts";
import type { AngularReading } from "./angular_reading.ts";
import { type Faces, openSides } from "./boundary_flow.ts";
import { areaOf, type CartesianGrid, cellAt } from "./grid.ts";
import type { Ordinates } from "./ordinates.ts";
import type { Setup } from "./problem.ts";
import { incoming, SIDE_NAMES } from "./sides.ts";
import { type Balance, emptyBalance } from "./solver.ts";

/** Y, cells × angles. */
export type Coordinates = Matrix | LowRank<Matrix>;

/** Columns of what is read: what is carried through each side's faces, then moments. */
const [TO_SIDES, FLUX, ACROSS, UP, COLUMNS] = [0, 4, 5, 6, 7];

/** Reads Y, which a solver replaces by another object in each step. */
export class CoordinateReading implements AngularReading {
  readonly #algebra: Algebra<Matrix>;
  readonly #grid: CartesianGrid;
  readonly #ordinates: Ordinates | undefined;
  readonly #columns: Matrix;
  readonly #now: () => Coordinates;
  #read: { readonly of: Coordinates; readonly fields: Matrix } | undefined;

  /** Reads what `now` returns. */
  constructor(
    a: Algebra<Matrix>,
    grid: CartesianGrid,
    basis: AngularBasis,
    now: () => Coordinates,
  ) {
    this.#algebra = a;
    this.#grid = grid;
    this.#ordinates = basis.ordinates;
    this.#columns = columnsOf(a, basis);
    this.#now = now;
  }

  /** Whether the coordinates are directions. */
  get directions(): boolean {
    return this.#ordinates !== undefined;
  }

  /** φ by cell. */
  get flux(): Float64Array {
    const { rows, data } = this.#fields();
    return Float64Array.from({ length: rows }, (_, cell) => data[cell * COLUMNS + FLUX]!);
  }

  /** See {@linkcode AngularReading}. */
  leaving(all: readonly Faces[]): { readonly outflow: number; readonly largest: number } {
    const { data } = this.#fields();
    let [outflow, largest] = [0, 0];
    for (const faces of all) {
      const side = sideOf(faces);
      for (const cell of this.#cells(faces.inside)) {
        outflow += faces.length * data[cell * COLUMNS + TO_SIDES + side]!;
      }
      largest = Math.max(largest, this.#largest(faces));
    }
    return { outflow, largest };
  }

  /** See {@linkcode AngularReading}. */
  moments(places: Int32Array): [number, number, number] {
    const { data } = this.#fields();
    const cells = this.#cells(places);
    const mean = (column: number): number =>
      cells.reduce((sum, cell) => sum + data[cell * COLUMNS + column]! / cells.length, 0);
    return [mean(FLUX), mean(ACROSS), mean(UP)];
  }

  #cells(places: Int32Array): Int32Array {
    return places.map((place) => cellAt(this.#grid, place));
  }

  #fields(): Matrix {
    const of = this.#now();
    if (this.#read?.of === of) return this.#read.fields;
    const a = this.#algebra;
    const fields = "u" in of
      ? a.multiply(of.u, a.multiply(of.s, a.multiply(of.v, this.#columns, { transposeLeft: true })))
      : a.multiply(of, this.#columns);
    this.#read = { of, fields };
    return fields;
  }

  /** The largest (Ω·n) ψ, from the rows of the cells inside. */
  #largest({ normal, inside }: Faces): number {
    if (!this.#ordinates || inside.length === 0) return 0;
    const { x, y, weights } = this.#ordinates;
    const { cols, data } = this.#rows(this.#cells(inside));
    return data.reduce((most, value, k) => {
      const q = k % cols;
      const speed = x[q]! * normal[0] + y[q]! * normal[1];
      return speed > 0 ? Math.max(most, speed * value / Math.sqrt(weights[q]!)) : most;
    }, 0);
  }

  #rows(cells: Int32Array): Matrix {
    const a = this.#algebra;
    const of = this.#now();
    const { cols, data } = "u" in of ? of.u : of;
    const rows = matrixOf(cells.length, cols, (k, c) => data[cells[k]! * cols + c]!);
    return "u" in of ? a.multiply(a.multiply(rows, of.s), of.v, { transposeRight: true }) : rows;
  }
}

/** Number of the side that faces look to, as {@linkcode SIDE_NAMES} has them. */
function sideOf({ normal: [x, y] }: Faces): number {
  return x !== 0 ? (x < 0 ? 0 : 1) : y < 0 ? 2 : 3;
}

/** (Ω·n)⁺ for each side, 1, Ωₓ and Ω_y as vectors in angle, angles×7. */
function columnsOf(
  a: Algebra<Matrix>,
  { size, isotropic, streaming, total }: AngularBasis,
): Matrix {
  const nothing = a.zeros(size, 1);
  const [x, y] = [0, 1].map((axis) => {
    const along = streaming[axis];
    if (!along) return { back: nothing, forth: nothing, both: nothing };
    const [forth, minus] = [along.plus(isotropic), along.minus(isotropic)];
    return { back: a.scale(-1, minus), forth, both: a.lincomb(1, forth, 1, minus) };
  }) as [Parts, Parts];
  const all = [x.back, x.forth, y.back, y.forth, isotropic, x.both, y.both];
  return a.scale(Math.sqrt(total), a.hstack(all));
}

type Parts = Readonly<Record<"back" | "forth" | "both", Matrix>>;

/** Makes the function that tells what comes and goes per time, as the right-hand side has it. */
export function coordinateRates(
  setup: Setup,
  basis: AngularBasis,
  reading: CoordinateReading,
): () => Balance {
  const { grid, absorption, source } = setup;
  const faces = openSides(setup);
  const area = areaOf(grid);
  const born = area * basis.total * source.reduce((sum, q) => sum + q, 0);
  const inflow = inflowRate(setup, basis);
  return () => ({
    ...emptyBalance(),
    source: born,
    absorbed: area * reading.flux.reduce((sum, phi, k) => sum + absorption[k]! * phi, 0),
    outflow: reading.leaving(faces).outflow,
    inflow,
  });
}

/** |S| eᵀ B e of what comes in, over the faces of all sides. */
function inflowRate({ grid, sides }: Setup, { isotropic, streaming, total }: AngularBasis): number {
  const share = (axis: 0 | 1, inwards: "plus" | "minus"): number => {
    const moved = streaming[axis]?.[inwards](isotropic).data;
    return Math.abs(moved?.reduce((sum, v, n) => sum + v * isotropic.data[n]!, 0) ?? 0);
  };
  return SIDE_NAMES.reduce((sum, name, k) => {
    const [count, length] = k < 2 ? [grid.ny, grid.hy] : [grid.nx, grid.hx];
    const values = Array.from({ length: count }, (_, face) => incoming(sides[name], face));
    const rate = share(k < 2 ? 0 : 1, k % 2 === 0 ? "plus" : "minus");
    return sum + total * length * rate * values.reduce((s, v) => s + v, 0);
  }, 0);
}
