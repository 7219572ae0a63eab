/**
 * The stages in plain TypeScript, the reference that others are held against.
 *
 * @module
 */

import { type Arithmetic, numbers } from "./arithmetic.ts";
import { layoutOf, squaredWidth } from "./grid.ts";
import {
  DIRECTION,
  directionTable,
  type FaceScheme,
  sizesOf,
  slopeMask,
  type StageWay,
  type SweepKernel,
  type SweepKernelKind,
  type SweepScheme,
} from "./kernel.ts";

/** Plain loops over typed arrays. */
export const plainSweep: SweepKernelKind = {
  name: "typescript",
  description: "plain loops, the reference",
  available: () => true,
  create: (scheme) => new PlainSweep(scheme),
};

/** The numbers of a cell that a stage needs. */
export interface CellStage<V> {
  /** ψ. */
  readonly psi: V;
  /** What is kept of it. */
  readonly kept: V;
  /** What is added. */
  readonly source: V;
  /** Face values of the cell. */
  readonly faceX: V;
  readonly faceY: V;
  /** Face values of its upwind neighbours. */
  readonly upwindX: V;
  readonly upwindY: V;
  /** λ. */
  readonly courantX: V;
  readonly courantY: V;
}

/** v of a stage, one formula for all arithmetics. */
export function stageValue<V>(a: Arithmetic<V>, s: CellStage<V>): V {
  const transport = a.add(
    a.mul(s.courantX, a.sub(s.faceX, s.upwindX)),
    a.mul(s.courantY, a.sub(s.faceY, s.upwindY)),
  );
  return a.sub(a.add(a.mul(s.kept, s.psi), s.source), transport);
}

/** Face values along x and y of one direction, in its frame. */
export class FaceValues {
  /** Along x. */
  readonly x: Float64Array;
  /** Along y. */
  readonly y: Float64Array;
  readonly #scheme: FaceScheme;
  readonly #maskX: Float64Array;
  readonly #maskY: Float64Array;

  /** Makes room for those of a grid. */
  constructor(scheme: FaceScheme) {
    const { plane } = layoutOf(scheme.grid);
    this.#scheme = scheme;
    this.#maskX = slopeMask(scheme, "x");
    this.#maskY = slopeMask(scheme, "y");
    this.x = new Float64Array(plane);
    this.y = new Float64Array(plane);
  }

  /** Computes those of ψ in a direction with such signs. */
  set(psi: Float64Array, signX: number, signY: number): void {
    const { grid, order, limiter } = this.#scheme;
    const { pitch, origin } = layoutOf(grid);
    if (order === 1) {
      this.x.set(psi);
      this.y.set(psi);
      return;
    }
    for (let j = -1; j <= grid.ny; j++) {
      for (let i = -1; i <= grid.nx; i++) {
        const at = origin + j * pitch + i;
        const c = psi[at]!;
        const [e, w, n, s] = [psi[at + 1]!, psi[at - 1]!, psi[at + pitch]!, psi[at - pitch]!];
        const mask = this.#maskX[i + 1]! * this.#maskY[j + 1]!;
        const slopes = limiter.slopes(numbers, { c, e, w, n, s }, squaredWidth(grid));
        this.x[at] = c + signX * (mask * slopes.x);
        this.y[at] = c + signY * (mask * slopes.y);
      }
    }
  }
}

class PlainSweep implements SweepKernel {
  readonly states: readonly [Float64Array, Float64Array];
  readonly kept: Float64Array;
  readonly source: Float64Array;
  readonly flux: Float64Array;
  readonly clipped: Float64Array;
  readonly #scheme: SweepScheme;
  readonly #faces: FaceValues;
  #directions: Float64Array = new Float64Array(0);

  constructor(scheme: SweepScheme) {
    const { state, field } = sizesOf(scheme);
    this.#scheme = scheme;
    this.states = [new Float64Array(state), new Float64Array(state)];
    this.kept = new Float64Array(field);
    this.source = new Float64Array(field);
    this.flux = new Float64Array(field);
    this.clipped = new Float64Array(2 * scheme.grid.ny);
    this.#faces = new FaceValues(scheme);
  }

  setStep(dt: number): void {
    this.#directions = directionTable(this.#scheme, dt);
  }

  stage(from: 0 | 1, to: 0 | 1, way: StageWay): void {
    this.flux.fill(0);
    this.clipped.fill(0);
    const { plane } = layoutOf(this.#scheme.grid);
    for (let q = 0; q < this.#scheme.ordinates.weights.length; q++) {
      const own = (state: 0 | 1) => this.states[state].subarray(q * plane, (q + 1) * plane);
      if (way !== "collide") this.#setFaces(own(from), q);
      this.#update(own(from), own(to), way, q);
    }
  }

  #direction(q: number): readonly number[] {
    const row = this.#directions.subarray(q * DIRECTION.size, (q + 1) * DIRECTION.size);
    return [...row];
  }

  #setFaces(psi: Float64Array, q: number): void {
    const [, , signX, signY] = this.#direction(q) as [number, number, number, number];
    this.#faces.set(psi, signX, signY);
  }

  #update(psi: Float64Array, next: Float64Array, way: StageWay, q: number): void {
    const { grid: { nx, ny }, clip, staleFlux } = this.#scheme;
    const { pitch, origin, fieldPitch } = layoutOf(this.#scheme.grid);
    const [courantX, courantY, signX, signY, weight] = this.#direction(q) as number[];
    const { x: facesX, y: facesY } = this.#faces;
    for (let j = 0; j < ny; j++) {
      for (let i = 0; i < nx; i++) {
        const [at, cell] = [origin + j * pitch + i, j * fieldPitch + i];
        const still = { psi: psi[at]!, kept: this.kept[cell]!, source: this.source[cell]! };
        const value = way === "collide"
          ? still.kept * still.psi + still.source
          : stageValue(numbers, {
            ...still,
            faceX: facesX[at]!,
            faceY: facesY[at]!,
            upwindX: facesX[at - signX!]!,
            upwindY: facesY[at - signY! * pitch]!,
            courantX: courantX!,
            courantY: courantY!,
          });
        const stage = clip ? numbers.max(0, value) : value;
        if (clip) this.clipped[2 * j + i % 2]! += weight! * (stage - value);
        next[at] = way === "mean" ? 0.5 * (next[at]! + stage) : stage;
        this.flux[cell]! += weight! * (staleFlux ? stage : next[at]!);
      }
    }
  }
}
