/**
 * A round as the server sees it.
 *
 * @module
 */

import { checkInteger, checkNumber, NonFiniteError } from "../checks.ts";
import { grown } from "./client.ts";
import { combined, mapped, mappedInTurn, numbersIn, scaled, squareOfDifference } from "./parts.ts";
import type {
  ClientRequest,
  Clients,
  Federation,
  Parts,
  SharedWeight,
  SharedWeights,
} from "./types.ts";

/** Settings of a round. */
export interface RoundOptions {
  /** Its number, from 0. */
  readonly round: number;
  /** Step size of clients. */
  readonly rate: number;
  /** Local steps. */
  readonly steps: number;
  /** Numbers of the clients that take part, ascending. */
  readonly participants: readonly number[];
}

/** What went over the wires. */
export interface RoundTraffic {
  /** Bytes from the server to clients. */
  readonly down: number;
  /** Bytes from clients to the server. */
  readonly up: number;
  /** Times that messages went to and fro. */
  readonly exchanges: number;
}

/** Outcome of a round. */
export interface RoundOutcome<M> {
  /** The weights after it. */
  readonly weights: SharedWeights<M>;
  /** Mean loss of those who trained, before they did. */
  readonly loss: number;
  /** √ of the mean of ‖x_c − x̄‖² over clients: how far they drifted apart. */
  readonly drift: number;
  /** Norm discarded by truncation, by name of the weight. */
  readonly discarded: Readonly<Record<string, number>>;
  /** What was sent. */
  readonly traffic: RoundTraffic;
  /** Numbers that a client holds: weights, what it compares, what it trains; no optimizer state. */
  readonly held: number;
  /** Clients whose coordinates are in the mean. */
  readonly trained: number;
}

/**
 * One round: bases grow by what clients observe, clients move coordinates in them, the mean of the
 * coordinates is truncated (FeDLRT, Schnake, Schotthöfer et al., arXiv 2406.17887). All clients
 * share the bases, so the mean of the coordinates is that of the weights. Weights without bases go
 * along: of those alone it is FedAvg, FedLin or FedProx, as the correction says.
 *
 * Who does not answer is left out of the means, and asked no more in the round; where nobody has
 * trained, the weights stay as they are.
 *
 * @throws {RangeError} When nobody takes part, or a setting makes no sense.
 * @throws {NonFiniteError} When the loss of clients is not finite.
 */
export async function federatedRound<M>(
  f: Federation<M>,
  clients: Clients<M>,
  weights: SharedWeights<M>,
  o: RoundOptions,
): Promise<RoundOutcome<M>> {
  checkRound(clients, o);
  const { shares } = f.correction;
  const exchange = new Exchange(f, clients, weights, o);
  let columns: ClientRequest<M>["columns"];
  let mean: Parts<M> | undefined;
  const hasBases = Object.values(weights).some((w) => w.hasBases);
  if (hasBases || shares === "bases") {
    const observed = await exchange.ask("observe", {});
    if (!observed) return unchanged(exchange, weights);
    columns = hasBases ? await columnsOf(weights, observed.directions) : undefined;
    if (shares === "bases") mean = flowOf(f, weights, observed);
  }
  const points = grown(weights, columns);
  if (shares === "grown-bases") {
    const known = exchange.last?.directions ?? {};
    const compared = await exchange.ask("compare", columns ? { columns } : {});
    if (!compared) return unchanged(exchange, weights);
    mean = flowOf(f, points, { values: compared.values, directions: known });
  }
  const sent = shares === "grown-bases" || !columns ? {} : { columns };
  const trained = await exchange.ask("train", { ...sent, ...(mean ? { mean } : {}) });
  return trained ? await finished(f, exchange, points, trained) : unchanged(exchange, weights);
}

function checkRound<M>(clients: Clients<M>, { rate, steps, participants }: RoundOptions): void {
  checkNumber("take a round", "rate", rate, { least: 0 });
  checkInteger("take a round", "steps", steps);
  checkInteger("take a round", "number of participants", participants.length, {
    least: 1,
    most: clients.count,
  });
}

async function columnsOf<M>(
  weights: SharedWeights<M>,
  directions: Parts<M>,
): Promise<NonNullable<ClientRequest<M>["columns"]>> {
  return await mappedInTurn(
    weights,
    async (w, name) => w.hasBases ? await w.newColumns(directions[name]!) : [],
  );
}

/** The mean flow in the coordinates of weights, of what has been told. */
function flowOf<M>(
  { plans }: Federation<M>,
  weights: SharedWeights<M>,
  { directions, values }: Pick<Gathered<M>, "directions" | "values">,
): Parts<M> {
  return mapped(weights, (w, name) => {
    if (plans[name]?.observed !== undefined) return [];
    return w.told(directions[name] ?? [], values[name] ?? []);
  });
}

/** The mean of what clients made of the coordinates, truncated. */
async function finished<M>(
  f: Federation<M>,
  exchange: Exchange<M>,
  points: SharedWeights<M>,
  { values, loss, moved, count }: Gathered<M>,
): Promise<RoundOutcome<M>> {
  const { algebra: a, plans } = f;
  const start = mapped(points, (w) => w.coordinates);
  const ofMean = await f.scope(() => squareOfDifference(a, values, start));
  const discarded: Record<string, number> = {};
  const weights = await mappedInTurn(points, async (w, name): Promise<SharedWeight<M>> => {
    const t = await w.withCoordinates(values[name]!).truncated(plans[name]?.truncation);
    if (t.discarded !== undefined) discarded[name] = t.discarded;
    return t.weight;
  });
  return {
    ...{ weights, loss, discarded, traffic: exchange.traffic, trained: count },
    held: exchange.told + numbersIn(a, start) * (f.correction.shares === "nothing" ? 1 : 2),
    drift: Math.sqrt(Math.max(0, moved - ofMean)),
  };
}

function unchanged<M>({ traffic, told }: Exchange<M>, weights: SharedWeights<M>): RoundOutcome<M> {
  return { weights, loss: NaN, drift: 0, discarded: {}, traffic, held: told, trained: 0 };
}

/** Means of what clients answered. */
interface Gathered<M> {
  readonly directions: Parts<M>;
  readonly values: Parts<M>;
  readonly loss: number;
  readonly moved: number;
  /** How many answered. */
  readonly count: number;
}

/** The messages of a round. */
class Exchange<M> {
  /** What was gathered last. */
  last: Gathered<M> | undefined;
  /** Numbers that a client has been sent. */
  told = 0;
  readonly #federation: Federation<M>;
  readonly #clients: Clients<M>;
  readonly #options: RoundOptions;
  #weights: SharedWeights<M> | undefined;
  #who: readonly number[];
  #traffic: RoundTraffic = { down: 0, up: 0, exchanges: 0 };

  constructor(
    federation: Federation<M>,
    clients: Clients<M>,
    weights: SharedWeights<M>,
    options: RoundOptions,
  ) {
    this.#federation = federation;
    this.#clients = clients;
    this.#weights = weights;
    this.#options = options;
    this.#who = options.participants;
  }

  /** What went over the wires so far. */
  get traffic(): RoundTraffic {
    return this.#traffic;
  }

  /** The mean of the answers; undefined where nobody answers. */
  async ask(
    stage: ClientRequest<M>["stage"],
    more: Pick<ClientRequest<M>, "columns" | "mean">,
  ): Promise<Gathered<M> | undefined> {
    const { round, rate, steps } = this.#options;
    const sent = this.#weights ? { weights: this.#weights } : {};
    this.#weights = undefined;
    const request = { stage, round, rate, steps, ...sent, ...more };
    const gathered = await this.#gathered(request);
    if (gathered) this.last = gathered;
    return gathered;
  }

  async #gathered(request: ClientRequest<M>): Promise<Gathered<M> | undefined> {
    const { algebra: a } = this.#federation;
    const { sizes } = this.#clients;
    const total = this.#who.reduce((sum, c) => sum + sizes[c]!, 0);
    const answered: number[] = [];
    let up = 0;
    const none: Gathered<M> | undefined = undefined;
    const sum = await this.#clients.ask<Gathered<M> | undefined>(
      this.#who,
      request,
      none,
      (known, client, answer) => {
        answered.push(client);
        up += numbersIn(a, answer.directions) + numbersIn(a, answer.values);
        const share = sizes[client]! / total;
        return {
          directions: combined(a, 1, known?.directions, share, answer.directions),
          values: combined(a, 1, known?.values, share, answer.values),
          loss: (known?.loss ?? 0) + share * answer.loss,
          moved: (known?.moved ?? 0) + share * answer.moved,
          count: answered.length,
        };
      },
    );
    this.#count(request, this.#who.length, up);
    const silent = answered.length < this.#who.length;
    this.#who = answered;
    if (sum && !Number.isFinite(sum.loss)) {
      throw new NonFiniteError(`Cannot take a round: the loss of clients is ${sum.loss}`);
    }
    return sum && silent ? this.#rescaled(sum, total) : sum;
  }

  /** Means over those who answered. */
  #rescaled(
    { directions, values, loss, moved, count }: Gathered<M>,
    total: number,
  ): Gathered<M> {
    const { algebra: a } = this.#federation;
    const factor = total / this.#who.reduce((sum, c) => sum + this.#clients.sizes[c]!, 0);
    return {
      ...{ directions: scaled(a, factor, directions), values: scaled(a, factor, values) },
      ...{ loss: factor * loss, moved: factor * moved, count },
    };
  }

  #count({ weights, columns, mean }: ClientRequest<M>, asked: number, up: number): void {
    const { algebra: a, bytesPerNumber } = this.#federation;
    const parts = weights && mapped(weights, (w) => w.parts);
    const down = numbersIn(a, parts) + numbersIn(a, columns) + numbersIn(a, mean);
    this.told += down;
    this.#traffic = {
      down: this.#traffic.down + asked * down * bytesPerNumber,
      up: this.#traffic.up + up * bytesPerNumber,
      exchanges: this.#traffic.exchanges + 1,
    };
  }
}
