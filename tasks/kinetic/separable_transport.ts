/**
 * Transport in separable form: F(Y) = Σ Aᵢ Y Bᵢᵀ + Σ cₖ dₖᵀ with stencils and diagonals Aᵢ on the
 * cells, first-order upwind, and maps Bᵢ in angle.
 *
 * @module
 */

import {
  type Algebra,
  type Factored,
  type Matrix,
  matrixOf,
  type SeparableTerm,
} from "../../core/mod.ts";
import type { AngularBasis, AngularMap } from "./angular_basis.ts";
import type { CartesianGrid } from "./grid.ts";
import type { Setup } from "./problem.ts";
import { incoming, type Side, SIDE_NAMES } from "./sides.ts";

/** A right-hand side in separable form. */
export interface SeparableTransport {
  /** What acts on Y. */
  readonly terms: readonly SeparableTerm<Matrix>[];
  /** What does not. */
  readonly sources: readonly Factored<Matrix>[];
}

/**
 * The right-hand side of a problem.
 *
 * @param collides Whether collisions and sources in the volume are part of it; default true.
 * @throws {RangeError} When a side reflects and a direction has no mirror image.
 */
export function separableTransport(
  a: Algebra<Matrix>,
  setup: Setup,
  basis: AngularBasis,
  collides = true,
): SeparableTransport {
  const { scattering, absorption, source } = setup;
  const streaming = [...streamingTerms(setup, basis), ...reflectionTerms(setup, basis)];
  const inflow = inflowSources(setup, basis);
  if (!collides) return { terms: streaming, sources: inflow };
  const root = Math.sqrt(basis.total);
  const e = basis.isotropic;
  const attenuation = scattering.map((s, k) => -(s + absorption[k]!));
  const collisions: SeparableTerm<Matrix>[] = [{ left: diagonal(attenuation) }];
  if (scattering.some((s) => s !== 0)) {
    const mean: AngularMap = (v) => a.multiply(e, a.multiply(e, v, { transposeLeft: true }));
    collisions.push({ left: diagonal(scattering), right: mean });
  }
  const born = source.some((q) => q !== 0) ? [{ u: column(source, root), v: e }] : [];
  return {
    terms: [...streaming, ...collisions],
    sources: [...born, ...inflow],
  };
}

function streamingTerms({ grid, sides }: Setup, basis: AngularBasis): SeparableTerm<Matrix>[] {
  const axes = [
    { cells: grid.nx, stride: 1, h: grid.hx, wraps: sides.left.kind === "periodic" },
    { cells: grid.ny, stride: grid.nx, h: grid.hy, wraps: sides.bottom.kind === "periodic" },
  ];
  return basis.streaming.flatMap(({ plus, minus }, k) => [
    { left: difference({ ...axes[k]!, from: -1 }), right: plus },
    { left: difference({ ...axes[k]!, from: 1 }), right: minus },
  ]);
}

/** Cells along an axis, and on which side the upwind one is. */
interface Stencil {
  readonly cells: number;
  readonly stride: number;
  readonly h: number;
  readonly wraps: boolean;
  readonly from: 1 | -1;
}

/** from × (x − x of the upwind cell) / h, 0 coming in from outside. */
function difference({ cells, stride, h, wraps, from }: Stencil): (x: Matrix) => Matrix {
  const scale = from / h;
  return ({ rows, cols, data }) => {
    const out = new Float64Array(data.length);
    for (let row = 0; row < rows; row++) {
      const place = Math.floor(row / stride) % cells;
      const inside = place + from >= 0 && place + from < cells;
      const upwind = inside ? row + from * stride : row + from * stride * (1 - cells);
      const share = inside || wraps ? 1 : 0;
      const [own, other] = [row * cols, share ? upwind * cols : 0];
      for (let c = 0; c < cols; c++) {
        out[own + c] = scale * (data[own + c]! - share * data[other + c]!);
      }
    }
    return { rows, cols, data: out };
  };
}

function diagonal(values: Float64Array): (x: Matrix) => Matrix {
  return ({ rows, cols, data }) => ({
    rows,
    cols,
    data: data.map((x, k) => values[Math.floor(k / cols)]! * x),
  });
}

function column(values: Float64Array, factor: number): Matrix {
  return { rows: values.length, cols: 1, data: values.map((v) => factor * v) };
}

/** What the mirror makes of ψ in the cells of a side, over h, in the directions that point inwards. */
function reflectionTerms({ grid, sides }: Setup, basis: AngularBasis): SeparableTerm<Matrix>[] {
  return SIDE_NAMES.flatMap((name, k) => {
    const streaming = basis.streaming[k < 2 ? 0 : 1];
    if (sides[name].kind !== "reflecting" || !streaming) return [];
    const mirror = streaming.mirror();
    const inwards = k % 2 === 0 ? streaming.plus : streaming.minus;
    const scale = (k % 2 === 0 ? 1 : -1) / (k < 2 ? grid.hx : grid.hy);
    const beside = matrixOf(grid.nx * grid.ny, 1, (cell) => isBeside(grid, cell, k) ? scale : 0);
    return [{ left: diagonal(beside.data), right: (v: Matrix) => inwards(mirror(v)) }];
  });
}

/** Whether a cell is at the side of number `k` in {@linkcode SIDE_NAMES}. */
function isBeside({ nx, ny }: CartesianGrid, cell: number, k: number): boolean {
  const [i, j] = [cell % nx, Math.floor(cell / nx)];
  return [i === 0, i === nx - 1, j === 0, j === ny - 1][k]!;
}

/** ψ_in / h in the cells of a side, in the directions that point inwards there. */
function inflowSources({ grid, sides }: Setup, basis: AngularBasis): Factored<Matrix>[] {
  const e = basis.isotropic;
  return SIDE_NAMES.flatMap((name, k) => {
    const side = sides[name];
    const streaming = basis.streaming[k < 2 ? 0 : 1];
    if (side.kind !== "inflow" || !streaming) return [];
    const inwards = k % 2 === 0 ? streaming.plus(e) : streaming.minus(e);
    const sign = (k % 2 === 0 ? 1 : -1) * Math.sqrt(basis.total);
    return [{ u: sideColumn(grid, side, k, sign), v: inwards }];
  });
}

/** Values on the cells of the side of number `k` in {@linkcode SIDE_NAMES}. */
function sideColumn(
  grid: CartesianGrid,
  side: Side,
  k: number,
  scale: number,
): Matrix {
  const { nx, ny, hx, hy } = grid;
  return matrixOf(nx * ny, 1, (cell) => {
    if (!isBeside(grid, cell, k)) return 0;
    const face = k < 2 ? Math.floor(cell / nx) : cell % nx;
    return scale * incoming(side, face) / (k < 2 ? hx : hy);
  });
}

/** F(Y) of a whole matrix, cells × angles: for full solvers and small problems. */
export function wholeField(
  a: Algebra<Matrix>,
  { terms, sources }: SeparableTransport,
  y: Matrix,
): Matrix {
  const parts = [
    ...terms.map(({ left, right }) => {
      const moved = left ? left(y) : y;
      return right ? a.transpose(right(a.transpose(moved))) : moved;
    }),
    ...sources.map(({ u, v }) => a.multiply(u, v, { transposeRight: true })),
  ];
  return parts.reduce((sum, part) => a.lincomb(1, sum, 1, part));
}
