/**
 * What a learnt operator is worth, on densities and in simulations.
 *
 * @module
 */

import type { Algebra, Matrix } from "../../../core/mod.ts";
import { meanDefect, meanRelativeError } from "./errors.ts";
import type { VelocityNodes } from "./nodes.ts";
import type { CollisionOperator } from "./operator.ts";
import { relax } from "./relaxation.ts";
import type { CollisionRecord, JudgedCollision } from "./result.ts";
import { meanSquaredError, stream } from "./streaming.ts";

/** What operators are judged by. */
export interface Trial {
  /** What computes. */
  readonly algebra: Algebra<Matrix>;
  /** Velocities. */
  readonly nodes: VelocityNodes;
  /** The exact operator. */
  readonly exact: CollisionOperator;
  /** Densities of least entropy, of mass 1. */
  readonly test: Matrix;
  /** Naive densities. */
  readonly naive: Matrix;
  /** Cells of the slab in which operators are used. */
  readonly cells: number;
}

/** Judges operators of one trial. */
export interface Judge {
  /** The exact operator on the same. */
  readonly exact: Omit<CollisionRecord, "trained" | "judged">;
  /** A learnt operator. */
  of(label: string, operator: CollisionOperator): JudgedCollision;
}

/** Densities that relax. */
const RELAXING = 100;

/** Prepares a trial. */
export function judgeOf({ algebra, nodes, exact, test, naive, cells }: Trial): Judge {
  const [known, knownNaive] = [exact.apply(test), exact.apply(naive)];
  const [inflow, pulse] = [
    stream("inflow", cells, nodes, exact),
    stream("pulse", cells, nodes, exact),
  ];
  const { rows, cols, data } = nodes.points;
  const begin = first(test, Math.min(test.rows, RELAXING));
  return {
    exact: {
      v: Float64Array.from({ length: rows }, (_, k) => data[k * cols + cols - 1]!),
      density: first(test, 1).data,
      exact: { sample: first(known, 1).data, inflow, pulse },
    },
    of(label, operator) {
      const found = operator.apply(test);
      const runs = {
        inflow: stream("inflow", cells, nodes, operator),
        pulse: stream("pulse", cells, nodes, operator),
      };
      return {
        label,
        error: meanRelativeError(found, known),
        defect: meanDefect(nodes, found),
        naiveError: meanRelativeError(operator.apply(naive), knownNaive),
        sample: first(found, 1).data,
        relaxation: relax(algebra, nodes, operator, exact, begin),
        ...runs,
        inflowError: meanSquaredError(runs.inflow.flux, inflow.flux),
        pulseError: meanSquaredError(runs.pulse.flux, pulse.flux),
      };
    },
  };
}

/** The first rows. */
function first({ cols, data }: Matrix, rows: number): Matrix {
  return { rows, cols, data: data.slice(0, rows * cols) };
}
