import { type MomentSystem, momentSystem, NewtonClosure } from "../../tasks/mod.ts";
import { momentsAt } from "../../tasks/kinetic/closures/closure.ts";

/** Sizes of a closing: N of M_N, cells, directions. */
export type ClosureSize = readonly [degree: number, cells: number, directions: number];

/** γ of all. */
const GAMMA = 1e-2;

/** Cells whose moments are those of repeatable multipliers, ready to be closed from none. */
export interface Closing {
  /** The system. */
  readonly system: MomentSystem;
  /** ū, functions × cells. */
  readonly ratios: Float64Array;
  /** Closes them all; what it finds. */
  close(): Float64Array;
}

/** Cells that the peer in C has too. */
export function makeClosing([degree, cells, count]: ClosureSize): Closing {
  const ordinates = {
    x: Float64Array.from({ length: count }, (_, q) => 0.8 * ((2 * q + 1) / count - 1)),
    y: Float64Array.from({ length: count }, (_, q) => 0.6 * Math.sin(7 * q)),
    weights: new Float64Array(count).fill(6 / count),
    total: 6,
  };
  const system = momentSystem({ dimension: 2, degree, functions: "monomials" }, ordinates);
  const functions = system.count - 1;
  const ratios = new Float64Array(functions * cells);
  for (let c = 0; c < cells; c++) {
    const alpha = Float64Array.from({ length: functions }, (_, k) => 2 * Math.sin(1 + c + 3 * k));
    momentsAt(system, GAMMA, alpha).forEach((value, k) => ratios[k * cells + c] = value);
  }
  const closure = new NewtonClosure(system, GAMMA);
  const found = { alpha: new Float64Array(ratios.length), offset: new Float64Array(cells) };
  return {
    system,
    ratios,
    close() {
      found.alpha.fill(0);
      closure.close(ratios, found);
      return found.alpha;
    },
  };
}

/** What closing finds, as one number that all cells enter. */
export function closingChecksum(closing: Closing, [, cells]: ClosureSize): number {
  return closing.close().reduce(
    (sum, a, i) => sum + a * a * (1 + (i % cells + Math.floor(i / cells)) % 7),
    0,
  );
}
