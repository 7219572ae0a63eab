/**
 * Explicit Runge-Kutta steppers for sub-flows of ordinary differential equations.
 *
 * @module
 */

import { Registry } from "../registry.ts";
import type { Stepper } from "./types.ts";

/** Steppers by name. */
export const steppers: Registry<Stepper> = new Registry("stepper");

/** Coefficients of an explicit method in the notation of Butcher. */
export interface Tableau {
  /** Stage coefficients, row i has i entries. */
  readonly a: readonly (readonly number[])[];
  /** Weights. */
  readonly b: readonly number[];
  /** Nodes. */
  readonly c: readonly number[];
}

/**
 * Makes a stepper of a tableau.
 *
 * @param name Registry name.
 * @param description One line.
 * @param order Order of consistency.
 * @param tableau Explicit coefficients.
 */
export function rungeKutta(
  name: string,
  description: string,
  order: number,
  tableau: Tableau,
): Stepper {
  return {
    name,
    description,
    order,
    async *advance(algebra, flow, dt, _moments) {
      const start = flow.start();
      const time = flow.time ?? 0;
      const slopes: (typeof start)[] = [];
      for (const [i, row] of tableau.a.entries()) {
        let x = start;
        row.forEach((w, j) => {
          if (w !== 0) x = algebra.lincomb(1, x, dt * w, slopes[j]!);
        });
        const known = i === 0 ? flow.known : undefined;
        const f = known ?? (yield { ...flow.point(x), time: time + tableau.c[i]! * dt });
        slopes.push(await flow.project(f));
      }
      const value = slopes.reduce(
        (x, slope, i) => algebra.lincomb(1, x, dt * tableau.b[i]!, slope),
        start,
      );
      return { value };
    },
  };
}

/** Explicit Euler. */
export const euler: Stepper = steppers.add(
  rungeKutta("euler", "explicit Euler, order 1", 1, { a: [[]], b: [1], c: [0] }),
);

/** Coefficients of Heun's method of order 2. */
export const heunTableau: Tableau = { a: [[], [1]], b: [0.5, 0.5], c: [0, 1] };

/** Heun's method of order 2. */
export const heun: Stepper = steppers.add(rungeKutta("heun", "Heun, order 2", 2, heunTableau));

/** Coefficients of the classical method of order 4. */
export const rk4Tableau: Tableau = {
  a: [[], [0.5], [0, 0.5], [0, 0, 1]],
  b: [1 / 6, 1 / 3, 1 / 3, 1 / 6],
  c: [0, 0.5, 0.5, 1],
};

/**
 * The classical method of order 4.
 *
 * @example By its name
 * ```ts
 * import { rk4 } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(rk4.name, "rk4");
 * ```
 */
export const rk4: Stepper = steppers.add(
  rungeKutta("rk4", "classical Runge-Kutta, order 4", 4, rk4Tableau),
);
