/**
 * How adapted weights move.
 *
 * @module
 */

import type { Tensor } from "../backend/mod.ts";
import {
  byRule,
  type Mover,
  type Moving,
  type StateTree,
  type VariablesReading,
  type WeightFormat,
  type WeightRecord,
} from "../training/mod.ts";
import type { Adapter, Tensors } from "./adapter.ts";
import { attachedOf, recordOf } from "./record.ts";
import type { OfWeight } from "./representation.ts";

/** What is trained by the optimizer rule, within what the adapter does before and after its step. */
export function adapterMover(own: OfWeight): Mover {
  return {
    ...byRule,
    async *update(weight: Moving) {
      const adapter = own(weight.spec);
      const { heard, flows } = listening({ ...weight, state: await open(adapter, weight) });
      const moved = yield* byRule.update(heard);
      if (!adapter.settle && !adapter.derive) return moved;
      return { state: await settled(adapter, weight, moved.state, flows()) };
    },
  };
}

/** The weight as this step trains it. */
async function open(adapter: Adapter, { state, spec, motion }: Moving): Promise<WeightRecord> {
  if (!adapter.open) return state;
  const { algebra: a, engine } = motion.method;
  const known = state.moments as Moments;
  const found = await adapter.open(a, attachedOf(a, spec.shape, state), known);
  return { ...recordOf(engine, spec.shape, found.at, state), ...momentsOf(found, known) };
}

type Moments = Readonly<Record<string, unknown>> | undefined;

/** A weight whose flows are heard. */
function listening(weight: Moving): { heard: Moving; flows: () => Tensors<Tensor> } {
  const { representation } = weight;
  let found: Tensors<Tensor> = {};
  const asVariables: typeof representation.asVariables = (...args): VariablesReading => {
    const reading = representation.asVariables!(...args);
    return { ...reading, gradients: (evidence) => found = reading.gradients(evidence) };
  };
  return {
    heard: { ...weight, representation: { ...representation, asVariables } },
    flows: () => found,
  };
}

/** Where a weight comes to rest after a step. */
async function settled(
  adapter: Adapter,
  { spec, state, moment, motion: { method } }: Moving,
  moved: WeightRecord,
  flows: Tensors<Tensor>,
): Promise<WeightRecord> {
  const { algebra: a, engine } = method;
  const { shape } = spec;
  const [before, stepped] = [attachedOf(a, shape, state), attachedOf(a, shape, moved)];
  const after = adapter.derive?.(a, stepped) ?? stepped;
  const [momentsBefore, moments] = [state.moments as Moments, moved.moments as Moments];
  const found = await adapter.settle?.(a, {
    ...{ before, after, flows, momentsBefore, moments, moment },
  }) ?? { at: after };
  const shared = found.at.base === stepped.base ? state : undefined;
  return { ...recordOf(engine, shape, found.at, shared), ...momentsOf(found, moments) };
}

/** Optimizer states as a hook tells them; where it does not, as they are. */
function momentsOf(found: object, known?: Moments): WeightRecord {
  const moments = "moments" in found ? found.moments as Moments : known;
  return moments ? { moments: moments as StateTree } : {};
}

/** What follows a step of all weights of one adapter. */
export function allocation(own: OfWeight): NonNullable<WeightFormat["allocate"]> {
  return async ({ algebra: a, engine }, weights, moment) => {
    const all = new Map(
      weights.map(({ spec, state }) => [spec.name, attachedOf(a, spec.shape, state)] as const),
    );
    const found = await own(weights[0]!.spec).allocate!(a, all, moment);
    return weights.map(({ spec, state }) => ({
      ...recordOf(engine, spec.shape, found.get(spec.name)!, state),
      ...momentsOf(state),
    }));
  };
}
