/**
 * What movers of factors share: an integrator's step or one of the core alone, as the refresh rule
 * of the run says, and truncation, perhaps later than the bases have grown.
 *
 * @module
 */

import type { Tensor } from "../../backend/mod.ts";
import { shareWithin, type Sight } from "../../integrators/sight.ts";
import type { TrainingMethod } from "../method.ts";
import type { CyclePlace, Moment } from "../refresh.ts";
import type { Evidence, StateTree, WeightPoint, WeightRecord } from "../weight.ts";

/** What is stored of a cycle with a weight. */
interface CycleRecord {
  /** Steps since the bases were refreshed. */
  readonly held: number;
  /** Ranks from which they have grown, by the number of the mode, where truncation is to come. */
  readonly ranks?: Readonly<Record<string, number>>;
  /** What the last look saw in these bases, for the next one. */
  readonly seen?: Sight<Tensor>;
}

/** Where a weight is in its cycle. */
export interface Cycle {
  /** Whether the integrator takes the step, where no look decides. */
  readonly due: boolean;
  /** Whether one does. */
  readonly looks: boolean;
  /** What the look before saw in these bases. */
  readonly seen: Sight<Tensor> | undefined;
  /** Whether a look says that the integrator takes the step. */
  missing(now: Sight<Tensor>): Promise<boolean>;
  /** Ranks from which the bases have grown, where truncation is to come. */
  readonly grownFrom: readonly number[] | undefined;
  /** What becomes of the ranks in a step of the integrator, or of the core alone. */
  ranksIn(refreshes: boolean, adaptive: boolean): RanksInStep;
  /**
   * What is stored after the step; nothing where every step is one of the integrator.
   *
   * @param now What a look saw in this step.
   */
  record(step: CycleStep, now: Sight<Tensor> | undefined): { readonly cycle?: StateTree };
}

/** What a step did to the bases. */
export interface CycleStep {
  /** Whether the integrator took it. */
  readonly refreshed: boolean;
  /** Whether it ended by truncation after steps of the core. */
  readonly truncated: boolean;
  /** Ranks from which the bases have grown, where truncation is to come. */
  readonly ranks: readonly number[] | undefined;
}

/** What becomes of grown ranks. */
export interface RanksInStep {
  /** Whether truncation, which is not the integrator's own, ends the step. */
  readonly truncates: boolean;
  /** Whether the bases stay grown beyond the step. */
  readonly staysGrown: boolean;
}

/** The cycle of a weight as its state has it. */
export function cycleOf(
  { refresh, algebra }: TrainingMethod,
  state: WeightRecord,
  moment: Moment,
): Cycle {
  const known = state.cycle as CycleRecord | undefined;
  const place: CyclePlace = { ...moment, held: known?.held ?? Infinity };
  const after = (refreshed: boolean): number => refreshed ? 0 : place.held;
  const grownFrom = known?.ranks && Object.values(known.ranks);
  const due = refresh?.refreshes(place) ?? true;
  const look = typeof due === "object" ? due : undefined;
  return {
    due: due === true,
    looks: look !== undefined,
    seen: known?.seen,
    grownFrom,
    async missing(now) {
      const before = look!.agreeing ? known?.seen : now;
      return before !== undefined && await shareWithin(algebra, now, before) < look!.enough;
    },
    ranksIn(refreshes, adaptive) {
      const truncates = refresh?.truncates({ ...place, held: after(refreshes) }) ?? true;
      const grown = refreshes ? adaptive : grownFrom !== undefined;
      return { truncates: grown && truncates && !refreshes, staysGrown: grown && !truncates };
    },
    record({ refreshed, truncated, ranks }, now) {
      if (!refresh) return {};
      const held = after(refreshed) + 1;
      // Bases that were never refreshed are due as before: a file holds no infinity.
      if (held === Infinity) return {};
      // What was seen in other bases tells nothing.
      const same = !refreshed && !truncated;
      const seen = same ? (look?.agreeing ? now : undefined) ?? known?.seen : undefined;
      return {
        cycle: {
          held,
          ...(ranks ? { ranks: Object.fromEntries(ranks.entries()) } : {}),
          ...(seen ? { seen } : {}),
        },
      };
    },
  };
}

/**
 * Lets an integrator take its step.
 *
 * @param answer Asks for F at a point.
 */
export async function* answered<P, R, F>(
  step: AsyncGenerator<P, R, F>,
  answer: (at: P) => AsyncGenerator<WeightPoint, F, Evidence>,
): AsyncGenerator<WeightPoint, R, Evidence> {
  let next = await step.next();
  while (!next.done) next = await step.next(yield* answer(next.value));
  return next.value;
}
