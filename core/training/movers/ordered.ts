import { type Algebra, columnSquares } from "../../algebra/mod.ts";
import type { Tensor } from "../../backend/mod.ts";
import { checkInteger, checkNumber } from "../../checks.ts";
import type { RuleState } from "../../integrators/mod.ts";
import { drawsOf } from "../draws.ts";
import type { WeightMotion } from "../method.ts";
import { Random } from "../../random.ts";
import type { Allocation, Mover, Stepped } from "../mover.ts";
import type { Representation, VariablesReading } from "../representation.ts";
import { leftFactor, leftMatrix } from "../representation/matrix_factors.ts";
import type { StateTree, WeightRecord, WeightSpec } from "../weight.ts";
import { byRule } from "./rule.ts";

/** Settings of {@linkcode ordered}. */
export interface OrderedOptions {
  /** Strength λ of the group lasso on tails of columns. */
  readonly lasso: number;
  /** Tails of columns with ‖U‖ ‖V‖ below this are cut. */
  readonly threshold: number;
  /** Steps from one cut to the next. */
  readonly period: number;
  /**
   * Of how many columns a step uses: "independent" draws for each weight, "per-layer" for one weight
   * at a time while the others use all, or "none".
   */
  readonly draws: string;
}

/** Ways in which {@linkcode ordered} draws prefixes. */
export const PREFIX_DRAWS = ["independent", "per-layer", "none"] as const;

/**
 * Factors U Vᵀ whose columns are in order of importance (Maestro: Horváth et al., arXiv 2308.14929):
 * each step draws b and uses the first b columns, in every weight on its own or, as published, in
 * one weight at a time, where in shuffled rounds each has each b once. λ Σᵢ (‖U[:, i:]‖ + ‖V[:, i:]‖)
 * draws late ones to zero, and tails that are as good as zero are cut. Every prefix is a network of
 * its own. Columns after b have no gradient of the loss in a step; their moments fade.
 */
export function ordered({ lasso, threshold, period, draws }: OrderedOptions): Mover {
  checkNumber("order columns", "lasso", lasso, { least: 0 });
  checkNumber("order columns", "threshold", threshold, { least: 0 });
  checkInteger("order columns", "period", period);
  return {
    ...byRule,
    name: "ordered",
    description: "prefixes of two factors' columns by the optimizer rule, tails cut",
    moves: (representation) =>
      byRule.moves(representation) && representation.anchor === "s" && !representation.asMatrix,
    ...(draws === "per-layer" ? { allocate: inTurns } : {}),

    async *update(weight) {
      const { representation, spec, state: before, motion } = weight;
      const { algebra: a } = motion.method;
      const count = (before.count ?? 0) as number;
      const { u, v } = matricesOf(a, before);
      const columns = v.shape[1]!;
      const used = draws === "independent"
        ? 1 + drawsOf(motion.method, spec, count).integer(columns)
        : (before.used ?? columns) as number;
      const pull = lasso > 0 ? [await tailSlopes(a, u), await tailSlopes(a, v)] : undefined;
      const own = prefixed(representation, used, (flows) => ({
        u: pull ? a.lincomb(1, flows.u!, -lasso, a.weighted(u, { columns: pull[0]! })) : flows.u!,
        v: pull ? a.lincomb(1, flows.v!, -lasso, a.weighted(v, { columns: pull[1]! })) : flows.v!,
      }));
      const { state } = yield* byRule.update({ ...weight, representation: own });
      const cut = (count + 1) % period === 0
        ? await shortened(motion, spec, state, threshold)
        : state;
      return { state: { ...cut, count: count + 1 } };
    },
  };
}

/** Which weight uses a prefix in the next step, and which one: the next pair of a shuffled round. */
const inTurns: Allocation = (method, weights) => {
  const [{ before, state }] = weights as [Stepped];
  const count = state.count as number;
  const ranks = weights.map((w) => (w.state.v as Tensor).shape[1]!);
  const pairs = ranks.flatMap((rank, weight) =>
    Array.from({ length: rank }, (_, i) => ({ weight, used: i + 1 }))
  );
  const round = before.round as number | undefined;
  const goesOn = round !== undefined && before.pairs === pairs.length &&
    count - round < pairs.length;
  const begun = goesOn ? round : count;
  const random = new Random(method.seed ?? 0).fork("draws").fork("rounds").fork(begun);
  const turn = pairs[random.permutation(pairs.length)[count - begun]!]!;
  return Promise.resolve(weights.map((w, i) => ({
    ...w.state,
    ...{ round: begun, pairs: pairs.length, used: i === turn.weight ? turn.used : ranks[i]! },
  })));
};

/** Both factors as matrices. */
function matricesOf(
  a: Algebra<Tensor>,
  { u, v }: WeightRecord,
): { readonly u: Tensor; readonly v: Tensor } {
  return { u: leftMatrix(a, u as Tensor), v: v as Tensor };
}

/** The same with a pass through the first columns alone. */
function prefixed(
  representation: Representation,
  used: number,
  pulled: (flows: Readonly<Record<string, Tensor>>) => Record<string, Tensor>,
): Representation {
  return {
    ...representation,
    asVariables(method, spec, state): VariablesReading {
      const { algebra: a, engine } = method;
      const whole = representation.asVariables!(method, spec, state);
      const { u, v } = matricesOf(a, state);
      const [left, right] = [u, v].map((x) => a.columns(x, 0, used));
      const prefix = { u: leftFactor(engine, spec, left!), s: a.identity(used), v: right! };
      const part = representation.asVariables!(method, spec, prefix);
      return {
        ...whole,
        point: part.point,
        gradients(evidence) {
          const flows = part.gradients(evidence);
          return pulled({ u: widened(a, flows.u!, u), v: widened(a, flows.v!, v) });
        },
      };
    },
  };
}

/** The columns of x, and zeros up to the width of another matrix. */
function widened(a: Algebra<Tensor>, x: Tensor, like: Tensor): Tensor {
  const missing = a.cols(like) - a.cols(x);
  return missing === 0 ? x : a.hstack([x, a.zeros(a.rows(x), missing)]);
}

/** ‖X[:, i:]‖ for every i. */
async function tailNorms(a: Algebra<Tensor>, x: Tensor): Promise<Float64Array> {
  const squares = await a.read(columnSquares(a, x));
  let sum = 0;
  for (let i = squares.length - 1; i >= 0; i--) squares[i] = sum += squares[i]!;
  return squares.map(Math.sqrt);
}

/** Σ 1 / ‖X[:, i:]‖ over i ≤ j: the factor of column j in the slope of the lasso. */
async function tailSlopes(a: Algebra<Tensor>, x: Tensor): Promise<Float64Array> {
  let sum = 0;
  return (await tailNorms(a, x)).map((norm) => sum += norm > 0 ? 1 / norm : 0);
}

/** Without the columns whose tails are as good as zero; one stays. */
async function shortened(
  { method: { algebra: a, engine, rule } }: WeightMotion,
  spec: WeightSpec,
  state: WeightRecord,
  threshold: number,
): Promise<WeightRecord> {
  const { u, v } = matricesOf(a, state);
  const [left, right] = [await tailNorms(a, u), await tailNorms(a, v)];
  const kept = Math.max(1, left.filter((norm, i) => norm * right[i]! >= threshold).length);
  if (kept === v.shape[1]) return state;
  const carry = (x: Tensor): Tensor => a.columns(x, 0, kept);
  const moments = Object.entries((state.moments ?? {}) as Record<string, RuleState<Tensor>>)
    .map(([name, m]) => [name, rule.transport?.(a, m, { carry, carrySquare: carry })])
    .filter(([, m]) => m !== undefined);
  return {
    u: leftFactor(engine, spec, carry(u)),
    s: a.identity(kept),
    v: carry(v),
    ...(moments.length > 0 ? { moments: Object.fromEntries(moments) as StateTree } : {}),
  };
}
