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
      const { motion } = weight;
      const decay = adapter.decays === false ? 0 : motion.decay;
      const opened = { ...weight, state: open(adapter, weight), motion: { ...motion, decay } };
      const { heard, flows } = listening(opened);
      const moved = yield* byRule.update(heard);
      return adapter.settle
        ? { state: await settled(adapter, opened, moved.state, flows()) }
        : moved;
    },
  };
}

/** The weight as this step trains it. */
function open(adapter: Adapter, { state, spec, motion, moment }: Moving): WeightRecord {
  if (!adapter.open) return state;
  const { algebra: a, engine } = motion.method;
  const at = adapter.open(a, attachedOf(a, spec.shape, state), moment);
  return { ...recordOf(engine, spec.shape, at, state), ...momentsOf(state) };
}

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

async function settled(
  adapter: Adapter,
  { spec, state, moment, motion: { method } }: Moving,
  moved: WeightRecord,
  flows: Tensors<Tensor>,
): Promise<WeightRecord> {
  const { algebra: a, engine } = method;
  const [before, after] = [state, moved].map((record) => attachedOf(a, spec.shape, record));
  type Moments = Readonly<Record<string, unknown>> | undefined;
  const [momentsBefore, moments] = [state, moved].map((record) => record.moments as Moments);
  const found = await adapter.settle!(a, {
    before: before!,
    after: after!,
    flows,
    momentsBefore,
    moments,
    moment,
  });
  const kept = "moments" in found ? found.moments : moments;
  return {
    ...recordOf(engine, spec.shape, found.at, moved),
    ...(kept ? { moments: kept as StateTree } : {}),
  };
}

function momentsOf({ moments }: WeightRecord): WeightRecord {
  return moments === undefined ? {} : { moments };
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
