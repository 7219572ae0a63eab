/**
 * The format of weights that an adapter is: one for all of them.
 *
 * @module
 */

import type { Registry } from "../registry.ts";
import type { Allocation, Mover, WeightFormat } from "../training/mod.ts";
import { tune } from "../tunable.ts";
import type { Adapter } from "./adapter.ts";
import { adapterMover, allocation } from "./mover.ts";
import { adapterRepresentation, type OfWeight } from "./representation.ts";

/**
 * The format of weights of an adapter: attaching is `fromDense`, merging `toDense`. Its settings are
 * those of each weight.
 *
 * @param table Where the adapter is registered.
 */
export function adapterFormat(table: Registry<Adapter>, adapter: Adapter): WeightFormat {
  const own = ofWeights(table, adapter);
  return {
    name: adapter.name,
    description: adapter.description,
    representation: adapterRepresentation(adapter, own),
    mover: adapter.mover ? ownMover(adapter.mover, own) : adapterMover(own),
    ...allocationOf(adapter, own),
  };
}

/** The mover of an adapter, as the settings of each weight make it. */
function ownMover(mover: Mover, own: OfWeight): Mover {
  return { ...mover, update: (weight) => own(weight.spec).mover!.update(weight) };
}

function allocationOf(adapter: Adapter, own: OfWeight): Pick<WeightFormat, "allocate"> {
  if (adapter.allocate) return { allocate: allocation(own) };
  if (!adapter.mover?.allocate) return {};
  const allocate: Allocation = (method, weights, moment) =>
    own(weights[0]!.spec).mover!.allocate!(method, weights, moment);
  return { allocate };
}

/** The adapter by the settings of weights, made once for each. */
function ofWeights(table: Registry<Adapter>, adapter: Adapter): OfWeight {
  const known = new Map<string, Adapter>();
  return ({ rank, settings }) => {
    const hasRank = rank !== undefined && "rank" in (adapter.defaults ?? {});
    const wanted = { ...(hasRank ? { rank } : {}), ...settings };
    const key = JSON.stringify(wanted);
    const found = known.get(key) ?? tune(table, adapter, wanted);
    known.set(key, found);
    return found;
  };
}
