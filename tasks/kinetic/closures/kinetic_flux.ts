/**
 * The kinetic flux of moments: f is rebuilt from multipliers one direction at a time, streams as
 * discrete ordinates do, and leaves its moments. No more than one direction is held.
 *
 * @module
 */

import { faceRates, type Faces, openSides } from "../boundary_flow.ts";
import { layoutOf } from "../grid.ts";
import type { FaceScheme } from "../kernel.ts";
import { FaceValues } from "../plain_kernel.ts";
import type { Setup } from "../problem.ts";
import { type FrameFilling, frameFilling } from "../sides.ts";
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
export class KineticFlux {
  readonly #system: MomentSystem;
  readonly #scheme: FaceScheme;
  readonly #faces: FaceValues;
  readonly #sides: readonly Faces[];
  readonly #fill: FrameFilling;
  /** f in one direction, in its frame. */
  readonly #psi: Float64Array;
  readonly #densities: Densities;
  readonly #streamed: Float64Array;

  /** Makes room for those of a problem. */
  constructor(setup: Setup, system: MomentSystem, scheme: Pick<FaceScheme, "order" | "limiter">) {
    const { grid, sides } = setup;
    const one = Float64Array.of(0);
    this.#system = system;
    this.#scheme = { grid, sides, ...scheme };
    this.#faces = new FaceValues(this.#scheme);
    this.#sides = openSides(setup);
    this.#fill = frameFilling(grid, sides, { x: one, y: one, weights: one, total: 0 });
    this.#psi = new Float64Array(layoutOf(grid).plane);
    this.#densities = densitiesOf(system, grid.nx * grid.ny);
    this.#streamed = new Float64Array(grid.nx * grid.ny);
  }

  /** Numbers that it holds. */
  get numbers(): number {
    const { alpha, scale, result } = this.#densities;
    const own = alpha.length + scale.length + result.length + this.#streamed.length;
    return 3 * this.#psi.length + own;
  }

  /**
   * Subtracts dt ⟨m Ω·∇f⟩ from moments.
   *
   * @param alpha α_#, functions but the first × cells.
   * @param scale Logarithm of what exp(α_#·m_#) is multiplied by, by cell.
   * @param into Moments, functions × cells.
   * @returns What crossed the sides.
   */
  stream(alpha: Float64Array, scale: Float64Array, dt: number, into: Float64Array): SideRates {
    const { ordinates: { x, y, weights }, count, values } = this.#system;
    const cells = scale.length;
    const rates: SideRates = { outflow: 0, inflow: 0 };
    setMultipliers(this.#densities, alpha);
    this.#densities.scale.set(scale);
    for (let q = 0; q < weights.length; q++) {
      this.#rebuild(q);
      const one = { x: x.subarray(q, q + 1), y: y.subarray(q, q + 1) };
      const told = { ...one, weights: weights.subarray(q, q + 1), total: 0 };
      const { outflow, inflow } = faceRates(this.#sides, told, this.#psi, this.#psi.length);
      rates.outflow += outflow;
      rates.inflow += inflow;
      this.#divergence(x[q]!, y[q]!);
      for (let k = 0; k < count; k++) {
        const factor = dt * weights[q]! * values[k * weights.length + q]!;
        const from = k * cells;
        for (let c = 0; c < cells; c++) into[from + c]! -= factor * this.#streamed[c]!;
      }
    }
    return rates;
  }

  /** f of direction q, its frame included. */
  #rebuild(q: number): void {
    const { grid: { nx, ny } } = this.#scheme;
    const { pitch, origin } = layoutOf(this.#scheme.grid);
    this.#densities.density(q);
    const { result } = this.#densities;
    for (let j = 0; j < ny; j++) {
      this.#psi.set(result.subarray(j * nx, (j + 1) * nx), origin + j * pitch);
    }
    this.#fill(this.#psi);
  }

  /** Ω·∇f by cell. */
  #divergence(a: number, b: number): void {
    const { grid } = this.#scheme;
    const { nx, ny } = grid;
    const { pitch, origin } = layoutOf(grid);
    const [signX, signY] = [a < 0 ? -1 : 1, b < 0 ? -1 : 1];
    const [perX, perY] = [Math.abs(a) / grid.hx, Math.abs(b) / grid.hy];
    const slopes = this.#scheme.order === 2;
    if (slopes) this.#faces.set(this.#psi, signX, signY);
    const [faceX, faceY] = slopes ? [this.#faces.x, this.#faces.y] : [this.#psi, this.#psi];
    for (let j = 0; j < ny; j++) {
      for (let i = 0; i < nx; i++) {
        const at = origin + j * pitch + i;
        this.#streamed[j * nx + i] = perX * (faceX[at]! - faceX[at - signX]!) +
          perY * (faceY[at]! - faceY[at - signY * pitch]!);
      }
    }
  }
}
