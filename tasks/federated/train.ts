/**
 * A federated method on a network: a run whose steps are rounds.
 *
 * @module
 */

import {
  choose,
  type Clients,
  describeEnvironment,
  federatedRound,
  type Listener,
  measure,
  type MetricLine,
  type NetworkFederation,
  participantsOf,
  readRun,
  requireMovable,
  Run,
  type RunFolder,
  type Summary,
  type Task,
  type Tensor,
  tensorsIn,
  testKey,
  type TrainResult,
} from "../../core/mod.ts";
import { rateAt, schedules } from "../../optimizers/mod.ts";
import { datasetIdentity, weightTexts } from "../classification/identity.ts";
import { resultOf } from "../classification/summary.ts";
import { pluginRecord } from "../plugins.ts";
import { openRunFolder } from "../run_folder.ts";
import { formatDuration, formatNumber, formatPercent } from "../terminal/mod.ts";
import type { FederatedCurve } from "./curve.ts";
import type { FederatedJob } from "./job.ts";
import { clientsOf, federationOf, subjectOf } from "./among.ts";
import { type FederatedMethod, formOf } from "./methods.ts";

/** A method that ended, or was ended. */
export interface FederatedOutcome {
  /** How. */
  readonly result: TrainResult;
  /** Round by round; absent where it came to no result. */
  readonly curve?: FederatedCurve;
  /** Its result as numbers. */
  readonly summary?: Summary;
}

/** Options that a resumed run may change. */
const MAY_CHANGE = ["backend", "threads", "out", "resume", "data", "offline", "methods"];

/**
 * Trains by one method, or goes on with it.
 *
 * @param path Its folder.
 * @param resume Whether the folder may hold the run from before.
 */
export async function trainAmongClients(
  job: FederatedJob,
  method: FederatedMethod,
  path: string,
  resume: boolean,
): Promise<FederatedOutcome> {
  const { options: o, dataset, sink, signal } = job;
  const { network, task } = subjectOf(job, method);
  requireMovable(job.method, network);
  const config = {
    ...{ recipe: job.subject.recipe, seed: o.seed, backend: job.backend },
    settings: { ...job.settings, method: method.name },
    dataset: datasetIdentity(dataset),
    weights: weightTexts(network),
    measures: task.measures,
    ...pluginRecord(),
    environment: { ...describeEnvironment(), backend: job.method.engine.description },
  };
  const mode = resume && "if-present";
  using folder = await openRunFolder(sink, path, config, { resume: mode, mayChange: MAY_CHANGE });
  using run = await Run.open({
    ...{ label: method.name, method: job.method, network, task, seed: o.seed, folder, signal },
    ...{ epochs: 1, steps: job.rounds, measureEvery: job.measureEvery },
    listener: listenerOf(job),
    batch: Math.min(o.batch, task.train.count),
    rate: rateOf(job, method),
  });
  await loop(run, job, method);
  const result = await run.finish();
  folder.keep();
  const about = { recipe: config.recipe, seed: o.seed, backend: job.backend };
  const { name, classNames } = dataset;
  const named = { ...about, method: method.name, dataset: name, batch: o.batch, classNames };
  const summary = resultOf(named, { network, task, result });
  for (const t of tensorsIn(result.state.states)) t.dispose();
  if (!summary) return { result };
  await folder.writeSummary(summary);
  return { result, summary, curve: await curveOf(folder, method, task, result.state.seconds) };
}

/** Tells of rounds where a run would tell of epochs. */
function listenerOf({ sink, listener, rounds, steps }: FederatedJob): Listener {
  return (event) => {
    if (event.type === "start") {
      sink.write(`${event.label}: ${rounds} rounds of ${steps} local steps\n`);
    } else if (event.type === "epoch") sink.write(`${roundText(event.metrics, rounds)}\n`);
    else if (event.type !== "step" && event.type !== "end") listener(event);
  };
}

/** Where a run is after a round. */
function roundText(line: MetricLine, rounds: number): string {
  const { step, loss, ranks, secondsPerStep = NaN } = line;
  const accuracy = line[testKey("accuracy")];
  return [
    `round ${step}/${rounds}`,
    `loss ${formatNumber(loss)}`,
    ...(accuracy === undefined ? [] : [`test ${formatPercent(accuracy, 2)}`]),
    ...(ranks ? [`ranks ${Object.values(ranks).join(" ")}`] : []),
    `${formatDuration(secondsPerStep)} a round`,
  ].join("  ");
}

/** Step size at a round. */
function rateOf(
  { options: o, rounds }: FederatedJob,
  method: FederatedMethod,
): (step: number, totalSteps: number) => number {
  const schedule = choose(schedules, o.schedule);
  const rate = o.learningRate || formOf(method).learningRate;
  const warmup = Math.min(o.warmup, Math.floor(rounds / 2));
  return (step, totalSteps) => rateAt(rate, schedule, step, { totalSteps, warmupSteps: warmup });
}

/** Rounds, measurements and checkpoints until the run is over. */
async function loop(run: Run, job: FederatedJob, method: FederatedMethod): Promise<void> {
  const among = federationOf(job, method, run.options, run.state.states);
  const clients = clientsOf(job, among, run.options.network.weights.map((w) => w.name));
  while (!run.over && !await run.interrupted()) {
    await takeRound(run, among, clients, job);
    if (run.reason) break;
    if (run.state.step % job.measureEvery !== 0 && run.state.step < run.total) continue;
    await run.measure();
    await run.save();
  }
  await clients.end?.();
}

/** One round as a step of the run. */
async function takeRound(
  run: Run,
  among: NetworkFederation,
  clients: Clients<Tensor>,
  { participation, steps }: Pick<FederatedJob, "participation" | "steps">,
): Promise<void> {
  const round = run.state.step;
  const participants = participantsOf(participation, round);
  let told: MetricLine["round"];
  const outcome = await run.take(async (states, { rate }) => {
    const begin = performance.now();
    const weights = among.shared(states);
    const settings = { round, rate, steps, participants };
    const found = await federatedRound(among.federation, clients, weights, settings);
    const { traffic: { down, up }, drift, trained, held, discarded } = found;
    told = { bytes: down + up, drift, clients: trained, held };
    // Where nobody was in time, the loss is that of the server's network.
    const { method, network, task } = run.options;
    const loss = Number.isNaN(found.loss)
      ? (await measure(method, network, states, task)).loss
      : found.loss;
    const passSeconds = (performance.now() - begin) / 1000;
    return { states: among.states(found.weights), loss, evaluations: 1, discarded, passSeconds };
  });
  if (outcome) run.log(outcome, told);
}

/** What the lines of a run tell. */
async function curveOf(
  folder: RunFolder,
  method: FederatedMethod,
  task: Task,
  seconds: number,
): Promise<FederatedCurve> {
  const key = testKey(task.measures[0].name);
  const found = { rounds: [], values: [], ranks: [], bytes: [], drift: [] } as Record<
    "rounds" | "values" | "ranks" | "bytes" | "drift",
    number[]
  >;
  let [sent, drift, held] = [0, 0, 0];
  for (const line of (await readRun(folder.path)).metrics) {
    if (line.round) {
      sent += line.round.bytes;
      drift = line.round.drift;
      held = Math.max(held, line.round.held);
    }
    const value = line[key];
    if (value === undefined) continue;
    found.rounds.push(line.step);
    found.values.push(value);
    found.bytes.push(sent);
    found.drift.push(drift);
    const ranks = Object.values(line.ranks ?? {});
    if (ranks.length > 0) found.ranks.push(Math.max(...ranks));
  }
  return { method: method.name, ...found, held, seconds };
}
