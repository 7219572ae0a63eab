/**
 * Regularizers at work: as a part of the field that an update sees, or as a flow of the core of its
 * own after each step.
 *
 * Both belong to the same flow dW/dt = −∇L(W) − β ∇R(W). In "field" the integrator and the
 * optimizer rule see the sum. In "split" the step of the loss comes first, then one of the
 * regularizer's own flow, which moves the core alone and leaves the bases as they are: first order,
 * as the step itself is, and of the cost of r×r matrices.
 *
 * @module
 */

import type { Tensor } from "../backend/mod.ts";
import { checkNumber } from "../checks.ts";
import {
  factoredField,
  type FieldAt,
  type LowRank,
  orthonormalizeLowRank,
  sumField,
  sumTuckerField,
  tuckerField,
  type TuckerFieldAt,
} from "../geometry/mod.ts";
import {
  type Descent,
  projectionOf,
  type Regularization,
  type RegularizerSettings,
  regularizerSettings,
  termOf,
} from "../regularizers/mod.ts";
import { orthonormalizeTucker, type TuckerTensor } from "../tensors/mod.ts";
import type { TrainingMethod } from "./method.ts";
import type { Layer } from "./pass.ts";
import type { WeightSpec, WeightState } from "./weight.ts";
import { representationOf, weightFormats } from "./format.ts";

/**
 * The regularizers of a method at a share of the run, with their strengths of that moment.
 *
 * @throws {RangeError} When a strength, or the factor that its schedule gives, is none.
 */
export function regularizationAt(
  method: TrainingMethod,
  progress: number,
): readonly Regularization[] {
  return (method.regularization ?? []).map((r) => {
    const action = `regularise by "${r.regularizer.name}"`;
    checkNumber(action, "strength", r.strength, { least: 0 });
    const factor = r.schedule?.at(progress) ?? 1;
    checkNumber(action, `the factor of schedule "${r.schedule?.name}"`, factor, { least: 0 });
    return { ...r, strength: r.strength * factor };
  });
}

/**
 * F − β U ∇R(S) Vᵀ for those regularizers of the method that are coupled by the field.
 *
 * @param at Where F was evaluated, as matrices.
 * @param orthonormal Whether its bases are orthonormal; on the way of a K- or L-flow they are not.
 */
export async function regularisedField(
  method: TrainingMethod,
  spec: WeightSpec,
  field: FieldAt<Tensor>,
  at: LowRank<Tensor>,
  orthonormal: boolean,
): Promise<FieldAt<Tensor>> {
  const chosen = coupled(method, spec, "field");
  if (chosen.length === 0) return field;
  const y = orthonormal ? at : await orthonormalizeLowRank(method.algebra, at);
  const pull = await pullOn(method, chosen, y.s);
  return pull
    ? sumField(method.algebra, [field, factoredField(method.algebra, { ...y, s: pull }, true)])
    : field;
}

/** The same for a kernel or matrix in Tucker format: R acts on Mat(C)ᵀ of the output channels. */
export async function regularisedTuckerField(
  method: TrainingMethod,
  spec: WeightSpec,
  field: TuckerFieldAt<Tensor>,
  at: TuckerTensor<Tensor>,
  orthonormal: boolean,
): Promise<TuckerFieldAt<Tensor>> {
  const { algebra: a } = method;
  const chosen = coupled(method, spec, "field");
  if (chosen.length === 0) return field;
  const y = orthonormal ? at : await orthonormalizeTucker(a, at);
  const pull = await pullOn(method, chosen, byColumns(method, y.core.data, y.core.shape));
  if (!pull) return field;
  const { data, shape } = y.core;
  const core = { shape, data: a.reshape(pull, a.rows(data), a.cols(data)) };
  return sumTuckerField(a, [field, tuckerField(a, { core, factors: y.factors })]);
}

/** F − β ∇R(W) for a weight stored in full. */
export async function regularisedGradient(
  method: TrainingMethod,
  spec: WeightSpec,
  gradient: Tensor,
  value: Tensor,
): Promise<Tensor> {
  const chosen = coupled(method, spec, "field");
  if (chosen.length === 0) return gradient;
  const pull = await pullOn(method, chosen, byColumns(method, value, value.shape));
  return pull
    ? method.engine.lincomb(1, gradient, 1, method.engine.reshape(pull, value.shape))
    : gradient;
}

/**
 * The step of the regularizers' own flow: S ← S − ηβ ∇R(S), less where that would overshoot, and
 * projections.
 *
 * @param states After the step of the loss; the result shares what did not change.
 * @param rate η.
 */
export async function regularisedStates(
  method: TrainingMethod,
  network: Layer,
  states: Readonly<Record<string, WeightState>>,
  rate: number,
): Promise<Record<string, WeightState>> {
  const out: Record<string, WeightState> = { ...states };
  for (const spec of network.weights) {
    const chosen = coupled(method, spec, "split");
    if (chosen.length === 0) continue;
    const anchor = representationOf(spec).anchor!;
    const before = coreOf(spec, states[spec.name]!, anchor);
    const core = byColumns(method, before, before.shape);
    const after = await steppedCore(method, chosen, core, rate);
    if (after === core) continue;
    const value = method.engine.reshape(after, before.shape);
    out[spec.name] = { ...states[spec.name]!, [anchor]: value };
  }
  return out;
}

/**
 * The tensor that a regularizer acts on.
 *
 * @throws {RangeError} When the weight is a product of factors that are not orthonormal.
 */
function coreOf(spec: WeightSpec, state: WeightState, anchor: string): Tensor {
  const core = state[anchor] as Tensor;
  const whole = spec.shape.reduce((n, d) => n * d, 1);
  if (hasBases(spec) || core.size === whole) return core;
  throw new RangeError(
    `Cannot regularise "${spec.name}": a core between orthonormal bases is needed, and format ` +
      `"${spec.format}" has none`,
  );
}

async function steppedCore(
  method: TrainingMethod,
  chosen: readonly Regularization[],
  before: Tensor,
  rate: number,
): Promise<Tensor> {
  const { algebra: a } = method;
  let core = before;
  for (const regularization of chosen) {
    const { regularizer, settings, coupling, strength } = regularization;
    const own = regularizerSettings(regularizer, settings);
    if (coupling !== "field") core = await descended(a, regularizer, own, core, rate * strength);
    core = await projectionOf(a, regularizer, core, own);
  }
  return core;
}

/**
 * S − t ∇R(S), with a t that does not overshoot: on a straight way R would be at its least value R*
 * after t* = (R − R*) / ‖∇R‖² (Polyak's step). The flow is there in finite time and stays, whereas
 * longer steps would chatter around it, and throw the core away where β is large.
 */
async function descended(
  a: TrainingMethod["algebra"],
  regularizer: Regularization["regularizer"],
  settings: RegularizerSettings,
  core: Tensor,
  time: number,
): Promise<Tensor> {
  const { least } = regularizer;
  const found = await termOf(a, regularizer, core, settings);
  const way = found && (found.descent ?? await straight(a, core, found.gradient));
  if (!found || !way || way.slope === 0) return core;
  const longest = least === undefined ? Infinity : (found.value - least) / way.slope ** 2;
  return way.at(Math.min(time, longest));
}

/** The way down along a gradient. */
async function straight(
  a: TrainingMethod["algebra"],
  core: Tensor,
  gradient: Tensor | undefined,
): Promise<Descent<Tensor> | undefined> {
  if (!gradient) return undefined;
  return { slope: await a.norm(gradient), at: (t) => a.lincomb(1, core, -t, gradient) };
}

/** The regularizers of a weight that join its steps in one way. */
function coupled(
  method: TrainingMethod,
  spec: WeightSpec,
  coupling: "split" | "field",
): readonly Regularization[] {
  return (method.regularization ?? []).filter((r) => {
    if (!(r.strength > 0) || !applies(r, spec)) return false;
    const projects = coupling === "split" && r.regularizer.project !== undefined;
    return projects || (r.coupling ?? "split") === coupling;
  });
}

function applies({ applies }: Regularization, spec: WeightSpec): boolean {
  if (representationOf(spec).anchor === undefined || spec.shape.length < 2) return false;
  return applies ? applies(spec) : hasBases(spec);
}

/** Whether an integrator keeps bases of the weight orthonormal. */
function hasBases(spec: WeightSpec): boolean {
  return weightFormats.get(spec.format).mover.keepsBases === true;
}

/** −Σ β ∇R; undefined where that is zero. */
async function pullOn(
  { algebra: a }: TrainingMethod,
  chosen: readonly Regularization[],
  core: Tensor,
): Promise<Tensor | undefined> {
  let sum: Tensor | undefined;
  for (const { regularizer, settings, strength } of chosen) {
    const own = regularizerSettings(regularizer, settings);
    const { gradient } = await termOf(a, regularizer, core, own) ?? {};
    if (!gradient) continue;
    sum = sum ? a.lincomb(1, sum, -strength, gradient) : a.scale(-strength, gradient);
  }
  return sum;
}

/** A tensor as a matrix with a column for each entry of its last mode. */
function byColumns(
  { algebra: a }: TrainingMethod,
  x: Tensor,
  shape: readonly number[],
): Tensor {
  const cols = shape.at(-1)!;
  return x.shape.length === 2 && x.shape[1] === cols ? x : a.reshape(x, x.size / cols, cols);
}
