/**
 * M_N as a run that can be saved and go on, with the closure that options choose.
 *
 * @module
 */

import { UsageError } from "../../usage_error.ts";
import type { TransportOptions } from "../options.ts";
import { type Ordinates, quadratures } from "../ordinates.ts";
import type { Setup } from "../problem.ts";
import type { Simulation } from "../simulate.ts";
import type { TransportRun } from "../transport_run.ts";
import type { Closure } from "./closure.ts";
import { NewtonClosure, type Regularisation, REGULARISATIONS } from "./newton.ts";
import { type ClosureErrors, loadClosure } from "./saved_closure.ts";
import { EntropySolver } from "./solver.ts";
import { type MomentFunctions, type MomentSystem, momentSystem } from "./system.ts";

/** N of M_N at most: beyond, the dual is too ill-conditioned for what it gains. */
const MOST = 4;

/** A closure to be used, and what it is for people. */
export interface ChosenClosure {
  /** The closure. */
  readonly closure: Closure;
  /** M_N, its kind and γ. */
  readonly label: string;
  /** Mean squared errors against Newton's multipliers, of networks. */
  readonly errors?: ClosureErrors;
}

/**
 * The closure that options choose: Newton's, or a trained one from its folder.
 *
 * @throws {UsageError} When it does not fit the directions, or the degree is too large.
 */
export async function closureOf(
  o: Pick<TransportOptions, "closure" | "gamma" | "degree" | "functions" | "threads">,
  dimension: 1 | 2,
  ordinates: Ordinates,
): Promise<ChosenClosure> {
  const regularisation = regularisationOf(o);
  if (regularisation !== undefined) {
    if (o.degree > MOST) {
      throw new UsageError(
        `Cannot close M_${o.degree}: expected --degree from 1 to ${MOST}, got ${o.degree}`,
      );
    }
    const functions = o.functions as MomentFunctions;
    const system = momentSystem({ dimension, degree: o.degree, functions }, ordinates);
    return described(newtonOf(system, o.gamma, o, regularisation));
  }
  const { about, closure } = await loadClosure(
    ...[o.closure, ordinates, undefined, threadsOf(o.threads)] as const,
  );
  if (about.dimension !== dimension) {
    throw new UsageError(
      `Cannot close by ${o.closure}: expected a closure in ${dimension} dimensions, got one in ` +
        String(about.dimension),
    );
  }
  return { ...described(closure), errors: about.errors };
}

/** Newton's closure on the threads that options choose. */
export function newtonOf(
  system: MomentSystem,
  gamma: number,
  { threads }: Pick<TransportOptions, "threads">,
  regularisation: Regularisation = "partial",
): NewtonClosure {
  return new NewtonClosure(system, gamma, { regularisation, threads: threadsOf(threads) });
}

/** A number of threads, 0 for all cores. */
export function threadsOf(threads: number): number {
  return threads || navigator.hardwareConcurrency;
}

/**
 * The regularisation in "newton:full"; "newton" takes the partial one. Undefined for folders.
 *
 * @throws {UsageError} When there is none of that name, or it does not suit γ.
 */
function regularisationOf(
  { closure, gamma }: Pick<TransportOptions, "closure" | "gamma">,
): Regularisation | undefined {
  if (closure === "newton") return "partial";
  if (!closure.startsWith("newton:")) return undefined;
  const found = REGULARISATIONS.find((name) => closure === `newton:${name}`);
  if (found === undefined) {
    throw new UsageError(
      `Cannot close by ${closure}: expected newton:${REGULARISATIONS.join(", newton:")}`,
    );
  }
  if ((found === "none") === (gamma === 0)) return found;
  throw new UsageError(
    `Cannot close by ${closure}: expected --gamma ${
      found === "none" ? "0" : "above 0"
    }, got ${gamma}`,
  );
}

/** The closure with its label. */
export function described(closure: Closure): ChosenClosure {
  const { label, gamma, system: { degree } } = closure;
  return { closure, label: `M_${degree}, ${label}${gamma > 0 ? `, γ = ${gamma}` : ""}` };
}

/** Directions that options choose. */
export function ordinatesOf(o: Pick<TransportOptions, "quadrature" | "order">): Ordinates {
  return quadratures.get(o.quadrature).ordinates(o.order);
}

/** A problem that starts with a least φ. */
export function floored(setup: Setup, floor: number): Setup {
  return { ...setup, start: setup.start.map((phi) => Math.max(floor, phi)) };
}

/**
 * M_N as simulations: by the chosen closure, and where that is trained by Newton's method before.
 *
 * @param line Says what a trained closure is.
 */
export async function entropyPlan(
  dimension: 1 | 2,
  setup: Setup,
  o: TransportOptions,
  line: (text: string) => void,
): Promise<Simulation[]> {
  const ordinates = ordinatesOf(o);
  const chosen = await closureOf(o, dimension, ordinates);
  const { closure, errors } = chosen;
  if (errors) line(`${chosen.label}: mean squared errors ${errorText(errors)}`);
  const all = errors && o.compare
    ? [described(newtonOf(closure.system, closure.gamma, o)), chosen]
    : [chosen];
  return all.map(({ closure, label }, k) => ({
    label,
    name: `entropy-${k}`,
    setup: floored(setup, o.floor),
    legacy: false,
    open: () => openEntropy(setup, closure, o),
  }));
}

/** Errors on one line. */
export function errorText({ entropy, multipliers, moments }: ClosureErrors): string {
  const parts = Object.entries({ h: entropy, "α": multipliers, u: moments });
  return parts.filter(([, value]) => !Number.isNaN(value))
    .map(([name, value]) => `${name} ${value.toExponential(1)}`).join(", ");
}

/** Opens M_N with a closure. */
export function openEntropy(
  setup: Setup,
  closure: Closure,
  o: Pick<TransportOptions, "cfl" | "time" | "floor" | "threads">,
): TransportRun {
  const solver = new EntropySolver(setup, closure, {
    ...(o.time === "heun" && { time: "heun" as const }),
    ...(o.cfl > 0 && { cfl: o.cfl }),
    floor: o.floor,
    threads: threadsOf(o.threads),
  });
  return {
    steps: solver.steps,
    balanced: true,
    get flux() {
      return solver.flux;
    },
    numbers: solver.numbers + closure.numbers,
    async step(n) {
      return { balance: await solver.step(n) };
    },
    save: () => ({ moments: solver.moments, ...solver.multipliers }),
    load(state) {
      const { moments, alpha, offset } = state as SavedMoments;
      solver.moments.set(moments);
      solver.multipliers.alpha.set(alpha);
      solver.multipliers.offset.set(offset);
    },
    close() {
      solver[Symbol.dispose]();
      closure[Symbol.dispose]?.();
    },
  };
}

interface SavedMoments {
  readonly moments: Float64Array;
  readonly alpha: Float64Array;
  readonly offset: Float64Array;
}
