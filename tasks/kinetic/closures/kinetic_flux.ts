/**
 * The kinetic flux of moments: f is rebuilt from multipliers one direction at a time, streams as
 * discrete ordinates do, and leaves its moments. No more is held than a direction and its images in
 * the sides that reflect.
 *
 * @module
 */

import { faceRates, type Faces, openSides } from "../boundary_flow.ts";
import { type CartesianGrid, layoutOf } from "../grid.ts";
import type { FaceScheme } from "../kernel.ts";
import { mirrorImages, type Ordinates } from "../ordinates.ts";
import { FaceValues } from "../plain_kernel.ts";
import type { Setup } from "../problem.ts";
import { type FrameFilling, frameFilling, type Side, type Sides } from "../sides.ts";
import { type Densities, setMultipliers } from "./densities.ts";
import { densitiesOf } from "./fastest_densities.ts";
import type { MomentSystem } from "./system.ts";

/** What crossed the sides, per time. */
export interface SideRates {
  /** Left. */
  outflow: number;
  /** Came in. */
  inflow: number;
}

/** Moments of what streams. */
export interface KineticFlux {
  /** Numbers that it holds. */
  readonly numbers: number;
  /**
   * Subtracts dt ⟨m Ω·∇f⟩ from moments.
   *
   * @param alpha α_#, functions but the first × cells.
   * @param scale Logarithm of what exp(α_#·m_#) is multiplied by, by cell.
   * @param into Moments, functions × cells.
   * @returns What crossed the sides.
   */
  stream(alpha: Float64Array, scale: Float64Array, dt: number, into: Float64Array): SideRates;
  /** Ends threads. */
  close(): void;
}

/** Plain loops, at both orders: the reference. */
export class PlainFlux implements KineticFlux {
  readonly #system: MomentSystem;
  readonly #scheme: FaceScheme;
  readonly #faces: FaceValues;
  readonly #sides: readonly Faces[];
  readonly #orbits: readonly Orbit[];
  /** f in the directions of an orbit, in their frames. */
  readonly #psi: Float64Array;
  readonly #densities: Densities;
  readonly #streamed: Float64Array;

  /**
   * Makes room for those of a problem.
   *
   * @throws {RangeError} When a side reflects and a direction has no mirror image.
   */
  constructor(setup: Setup, system: MomentSystem, scheme: Pick<FaceScheme, "order" | "limiter">) {
    const { grid, sides } = setup;
    this.#system = system;
    this.#scheme = { grid, sides, ...scheme };
    this.#faces = new FaceValues(this.#scheme);
    this.#sides = openSides(setup);
    this.#orbits = orbitsOf(grid, sides, system.ordinates);
    const most = Math.max(...this.#orbits.map(({ directions }) => directions.length));
    this.#psi = new Float64Array(most * layoutOf(grid).plane);
    this.#densities = densitiesOf(system, grid.nx * grid.ny);
    this.#streamed = new Float64Array(grid.nx * grid.ny);
  }

  get numbers(): number {
    const { alpha, scale, result } = this.#densities;
    const own = alpha.length + scale.length + result.length + this.#streamed.length;
    return this.#psi.length + 2 * layoutOf(this.#scheme.grid).plane + own;
  }

  stream(alpha: Float64Array, scale: Float64Array, dt: number, into: Float64Array): SideRates {
    const rates: SideRates = { outflow: 0, inflow: 0 };
    const { plane } = layoutOf(this.#scheme.grid);
    setMultipliers(this.#densities, alpha);
    this.#densities.scale.set(scale);
    for (const { directions, fill } of this.#orbits) {
      const planes = directions.map((q, n) => {
        const psi = this.#psi.subarray(n * plane, (n + 1) * plane);
        this.#rebuild(q, psi);
        return psi;
      });
      fill(this.#psi);
      directions.forEach((q, n) => this.#streamOne(q, planes[n]!, dt, { rates, into }));
    }
    return rates;
  }

  close(): void {}

  /** f of direction q, its frame not included. */
  #rebuild(q: number, psi: Float64Array): void {
    const { grid: { nx, ny } } = this.#scheme;
    const { pitch, origin } = layoutOf(this.#scheme.grid);
    this.#densities.density(q);
    const { result } = this.#densities;
    for (let j = 0; j < ny; j++) {
      psi.set(result.subarray(j * nx, (j + 1) * nx), origin + j * pitch);
    }
  }

  #streamOne(
    q: number,
    psi: Float64Array,
    dt: number,
    { rates, into }: { readonly rates: SideRates; readonly into: Float64Array },
  ): void {
    const { ordinates: { x, y, weights }, count, values } = this.#system;
    const cells = this.#streamed.length;
    const told = ordinatesAt(this.#system.ordinates, [q]);
    const { outflow, inflow } = faceRates(this.#sides, told, psi, psi.length);
    rates.outflow += outflow;
    rates.inflow += inflow;
    this.#divergence(psi, x[q]!, y[q]!);
    for (let k = 0; k < count; k++) {
      const factor = dt * weights[q]! * values[k * weights.length + q]!;
      const from = k * cells;
      for (let c = 0; c < cells; c++) into[from + c]! -= factor * this.#streamed[c]!;
    }
  }

  /** Ω·∇f by cell. */
  #divergence(psi: Float64Array, a: number, b: number): void {
    const { grid } = this.#scheme;
    const { nx, ny } = grid;
    const { pitch, origin } = layoutOf(grid);
    const [signX, signY] = [a < 0 ? -1 : 1, b < 0 ? -1 : 1];
    const [perX, perY] = [Math.abs(a) / grid.hx, Math.abs(b) / grid.hy];
    const slopes = this.#scheme.order === 2;
    if (slopes) this.#faces.set(psi, signX, signY);
    const [faceX, faceY] = slopes ? [this.#faces.x, this.#faces.y] : [psi, psi];
    for (let j = 0; j < ny; j++) {
      for (let i = 0; i < nx; i++) {
        const at = origin + j * pitch + i;
        this.#streamed[j * nx + i] = perX * (faceX[at]! - faceX[at - signX]!) +
          perY * (faceY[at]! - faceY[at - signY * pitch]!);
      }
    }
  }
}

/** A direction with its images in the sides that reflect. */
interface Orbit {
  readonly directions: readonly number[];
  /** Fills the frames of f in those directions. */
  readonly fill: FrameFilling;
}

function orbitsOf(grid: CartesianGrid, sides: Sides, ordinates: Ordinates): Orbit[] {
  const reflects = (...both: Side[]): boolean => both.some(({ kind }) => kind === "reflecting");
  const mirrors = [
    ...(reflects(sides.left, sides.right) ? [mirrorImages(ordinates, -1, 1)] : []),
    ...(reflects(sides.bottom, sides.top) ? [mirrorImages(ordinates, 1, -1)] : []),
  ];
  const seen = new Set<number>();
  return Array.from(ordinates.weights, (_, q) => q).flatMap((q) => {
    if (seen.has(q)) return [];
    const orbit = new Set([q]);
    for (const images of mirrors) for (const p of [...orbit]) orbit.add(images[p]!);
    orbit.forEach((p) => seen.add(p));
    const directions = [...orbit];
    return [{ directions, fill: frameFilling(grid, sides, ordinatesAt(ordinates, directions)) }];
  });
}

function ordinatesAt(o: Ordinates, directions: readonly number[]): Ordinates {
  const at = (all: Float64Array): Float64Array => Float64Array.from(directions, (q) => all[q]!);
  return { x: at(o.x), y: at(o.y), weights: at(o.weights), total: 0 };
}
