/**
 * What a client answers: a pure function of what it is asked, of its data and of what it keeps
 * from one request of a round to the next.
 *
 * @module
 */

import type { RuleState } from "../integrators/mod.ts";
import { combined, mapped, mappedInTurn, squareOfDifference } from "./parts.ts";
import type {
  ClientAnswer,
  ClientMemory,
  ClientRequest,
  Federation,
  Holder,
  Parts,
  Sample,
  SharedWeights,
} from "./types.ts";

/** What a client says, and what it keeps. */
export interface ClientResponse<M> {
  /** To the server. */
  readonly answer: ClientAnswer<M>;
  /** Until the next request of the round. */
  readonly memory: ClientMemory<M>;
}

/** Answers a request; the memory of a first one in a round is empty. */
export async function respond<M>(
  f: Federation<M>,
  holder: Holder<M>,
  request: ClientRequest<M>,
  memory: ClientMemory<M>,
): Promise<ClientResponse<M>> {
  const known: ClientMemory<M> = {
    ...memory,
    ...(request.weights ? { weights: request.weights } : {}),
    ...(request.columns ? { columns: request.columns } : {}),
  };
  const weights = grown(known.weights!, known.columns);
  if (request.stage === "train") return await trained(f, holder, request, known, weights);
  return await compared(f, holder, request, known, weights);
}

/** Weights in the bases that the server has let grow. */
export function grown<M>(
  weights: SharedWeights<M>,
  columns: ClientRequest<M>["columns"],
): SharedWeights<M> {
  return columns ? mapped(weights, (w, name) => w.grown(columns[name]!)) : weights;
}

/** The flow at the point of the server, as far as it is asked for. */
async function compared<M>(
  f: Federation<M>,
  holder: Holder<M>,
  { stage, round, steps }: ClientRequest<M>,
  memory: ClientMemory<M>,
  weights: SharedWeights<M>,
): Promise<ClientResponse<M>> {
  const observes = stage === "observe";
  const { shares } = f.correction;
  const shared = shares === (observes ? "bases" : "grown-bases");
  const looks = holder.looks ?? 1;
  let sum: Looked<M> | undefined;
  for (let step = 0; step < looks; step++) {
    const before = sum;
    sum = await f.scope(async () => {
      const sample = { purpose: "shared", round, step, steps } as const;
      const seen = await looked(f, holder, weights, sample, { observes, shared });
      return added(f, before, 1 / looks, seen);
    });
    f.free(before, sum);
  }
  const { loss, directions, coordinates } = sum!;
  const values = mapped(weights, (w, name) => w.untold(coordinates[name]!));
  return {
    answer: { loss, moved: 0, directions, values: shared ? values : {} },
    memory: { ...memory, ...(shared ? { own: coordinates } : {}) },
  };
}

/** What one look saw, as far as it is asked for. */
interface Looked<M> {
  readonly loss: number;
  readonly directions: Parts<M>;
  readonly coordinates: Parts<M>;
}

async function looked<M>(
  f: Federation<M>,
  holder: Holder<M>,
  weights: SharedWeights<M>,
  sample: Sample,
  { observes, shared }: { readonly observes: boolean; readonly shared: boolean },
): Promise<Looked<M>> {
  const seen = await holder.look(weights, sample);
  try {
    const directions = await mappedInTurn(
      weights,
      async (w, name) => observes && w.hasBases ? await seen.flows[name]!.directions() : [],
    );
    const coordinates = await mappedInTurn(weights, async (_, name) => {
      // What was observed of a running mean is no flow.
      const wanted = shared && f.plans[name]?.observed === undefined;
      return wanted ? await seen.flows[name]!.coordinates() : [];
    });
    return { loss: seen.loss, directions, coordinates };
  } finally {
    seen.dispose();
  }
}

function added<M>(
  { algebra: a }: Federation<M>,
  sum: Looked<M> | undefined,
  share: number,
  { loss, directions, coordinates }: Looked<M>,
): Looked<M> {
  return {
    loss: (sum?.loss ?? 0) + share * loss,
    directions: combined(a, 1, sum?.directions, share, directions),
    coordinates: combined(a, 1, sum?.coordinates, share, coordinates),
  };
}

/** Where coordinates are within local training. */
interface Local<M> {
  readonly x: Parts<M>;
  readonly moments: Readonly<Record<string, readonly (RuleState<M> | undefined)[]>>;
  readonly loss: number;
}

/** Local steps from the point of the server. */
async function trained<M>(
  f: Federation<M>,
  holder: Holder<M>,
  { round, rate, steps, mean }: ClientRequest<M>,
  { own }: ClientMemory<M>,
  weights: SharedWeights<M>,
): Promise<ClientResponse<M>> {
  const { algebra: a } = f;
  const start = mapped(weights, (w) => w.coordinates);
  const shift = mean && own && shiftOf(f, weights, mean, own);
  let local: Local<M> = { x: start, moments: {}, loss: NaN };
  for (let step = 0; step < steps; step++) {
    const before = local;
    const sample = { purpose: "local", round, step, steps } as const;
    local = await f.scope(() =>
      stepped(f, holder, weights, { start, shift, rate, sample }, before)
    );
    f.free([before.x, before.moments], [local, start]);
  }
  const moved = await f.scope(() => squareOfDifference(a, local.x, start));
  return { answer: { loss: local.loss, moved, directions: {}, values: local.x }, memory: {} };
}

/** Mean flow less the own one, in the coordinates of the grown bases. */
function shiftOf<M>(
  { algebra: a, correction: { shares } }: Federation<M>,
  weights: SharedWeights<M>,
  mean: Parts<M>,
  own: Parts<M>,
): Parts<M> {
  const shift = combined(a, -1, own, 1, mean);
  if (shares !== "bases") return shift;
  return mapped(shift, (list, name) => list.length > 0 ? weights[name]!.embedded(list) : list);
}

/** What stays the same in the local steps of a round. */
interface Round<M> {
  readonly start: Parts<M>;
  readonly shift: Parts<M> | undefined;
  readonly rate: number;
  readonly sample: Sample;
}

async function stepped<M>(
  f: Federation<M>,
  holder: Holder<M>,
  weights: SharedWeights<M>,
  { start, shift, rate, sample }: Round<M>,
  { x, moments, loss }: Local<M>,
): Promise<Local<M>> {
  const { algebra: a, rule, correction } = f;
  const here = sample.step === 0
    ? weights
    : mapped(weights, (w, name) => w.withCoordinates(x[name]!));
  const seen = await holder.look(here, sample);
  try {
    const next: Record<string, M[]> = {};
    const kept: Record<string, (RuleState<M> | undefined)[]> = {};
    for (const name of Object.keys(weights)) {
      const { rateFactor = 1, decay = 0, vector = false, observed } = f.plans[name] ?? {};
      const flows = await seen.flows[name]!.coordinates();
      [next[name], kept[name]] = [[], []];
      for (const [i, from] of x[name]!.entries()) {
        if (observed !== undefined) {
          next[name].push(a.lincomb(1 - observed, from, observed, flows[i]!));
          continue;
        }
        const apart = shift?.[name]?.[i];
        const flow = correction.flow(a, {
          ...{ flow: flows[i]!, x: from, start: start[name]![i]! },
          ...(apart === undefined ? {} : { shift: apart }),
        });
        const state = moments[name]?.[i];
        // In new columns a part of the flow may vanish, of which rounding leaves some.
        const noisy = rule.scaleFree && state === undefined && weights[name]!.hasBases;
        const used = noisy ? await a.withoutRoundOff(flow) : flow;
        const step = { rate: rate * rateFactor, decay, vector };
        const updated = await rule.update(a, from, used, step, state);
        next[name].push(updated.value);
        kept[name].push(updated.state);
      }
    }
    return { x: next, moments: kept, loss: sample.step === 0 ? seen.loss : loss };
  } finally {
    seen.dispose();
  }
}
