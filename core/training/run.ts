/**
 * A training run: start or resume, next batch, step, log, measure, save, finish. Who trains in
 * another way writes another loop over it.
 *
 * @module
 */

import { NonFiniteError } from "../checks.ts";
import { alone } from "../comm/mod.ts";
import { batchCount, type BatchSource, type Examples } from "../data/mod.ts";
import { type MetricLine, type RunEndReason, testFields } from "../io/mod.ts";
import { Random } from "../random.ts";
import { StateStore, type TrainerState } from "./checkpoint.ts";
import type { Evaluator } from "./evaluator.ts";
import { measure, uploaded } from "./measure.ts";
import { requireMovable } from "./movable.ts";
import {
  begin,
  type Begun,
  checkOptions,
  openBatches,
  totalOf,
  type TrainOptions,
} from "./opening.ts";
import { RunMember, type StepTraffic, type Subject } from "./parallel/member.ts";
import { currentPoints } from "./pass.ts";
import { rankMetrics, ranksOf } from "./ranks.ts";
import { type Spent, Stopwatch } from "./spent.ts";
import { disposeStates, type StepOutcome, type StepSettings, trainStep } from "./step.ts";
import { type Batch, isBetter, type Measurement } from "./task.ts";
import type { WeightStates } from "./weight.ts";

/** A loss that grew by this many times that of the first step counts as divergence. */
const DIVERGENCE_FACTOR = 1000;
/** First losses below this, such as that of a network which starts at its best, count as this. */
const SMALL_LOSS = 1e-3;
/** Lines in metrics.jsonl between two measurements. */
const LINES_BETWEEN = 8;
/** Milliseconds of training between two looks at signals and timers. */
const PAUSE_EVERY = 50;

/** How a run ended. */
export interface TrainResult {
  /** Why it ended. */
  readonly reason: RunEndReason;
  /** What went wrong, when it diverged. */
  readonly message?: string;
  /** State at the end; the caller disposes the tensors. */
  readonly state: TrainerState;
  /** Mean loss before the last measurement. */
  readonly trainLoss: number;
  /** On the test examples; undefined when the run was interrupted or diverged. */
  readonly test?: Measurement;
  /** Median seconds of a step. */
  readonly secondsPerStep: number;
  /** What the time went to since the run was opened last. */
  readonly spent: Spent;
  /** What a process told the others in a step; absent where there are none. */
  readonly traffic?: StepTraffic;
}

/** A training run under way. */
export class Run {
  /** What it was opened with. */
  readonly options: TrainOptions;
  /** Steps in an epoch. */
  readonly perEpoch: number;
  /** Steps in all. */
  readonly total: number;
  readonly #store: StateStore;
  readonly #source: BatchSource;
  readonly #member: RunMember;
  readonly #durations: number[] = [];
  readonly #watch: Stopwatch = new Stopwatch();
  readonly #started: number;
  #state: TrainerState;
  #reason: RunEndReason | undefined;
  #why: string | undefined;
  #test: Measurement | undefined;
  /** When signals and timers were last let in. */
  #paused = -Infinity;
  /** Step of the checkpoint in the folder, if there is one. */
  #lastSaved: number | undefined;

  private constructor(o: TrainOptions, perEpoch: number, begun: Begun) {
    this.options = o;
    this.perEpoch = perEpoch;
    this.total = totalOf(o, perEpoch);
    this.#state = begun.state;
    this.#store = new StateStore(o.method.engine, begun.state.states, begun.fixed);
    this.#started = performance.now() - 1000 * begun.state.seconds;
    this.#lastSaved = begun.resumed ? begun.state.step : undefined;
    this.#member = new RunMember(o.comm ?? alone(), o.batch, begun.state.parts);
    this.#source = openBatches(o, this.#member.places);
  }

  /**
   * Starts a run, or goes on with the one in the folder.
   *
   * @throws {RangeError} When a setting makes no sense, there are fewer examples than a batch takes,
   * or nothing can move a weight; nothing has been written then.
   * @throws {Error} When the checkpoint in the folder is damaged, or of another run.
   */
  static async open(o: TrainOptions): Promise<Run> {
    checkOptions(o);
    const perEpoch = batchCount(o.task.train.count, o.batch, true);
    if (perEpoch === 0) {
      throw new RangeError(
        `Cannot train: a batch of ${o.batch} needs as many examples, got ${o.task.train.count}`,
      );
    }
    requireMovable(o.method, o.network);
    const run = new Run(o, perEpoch, await begin(o, totalOf(o, perEpoch)));
    const { label } = o;
    const epochs = Math.ceil(run.total / perEpoch);
    const firstStep = run.state.step;
    const { measures } = o.task;
    o.listener?.({ type: "start", label, epochs, steps: run.total, firstStep, measures });
    return run;
  }

  /** Where it is. */
  get state(): TrainerState {
    return this.#state;
  }

  /** Why it ended before its last step; undefined while it may go on. */
  get reason(): RunEndReason | undefined {
    return this.#reason;
  }

  /** Whether there is no step left to take. */
  get over(): boolean {
    const { earlyStop } = this.options;
    return this.#reason !== undefined || this.#state.step >= this.total ||
      (earlyStop !== undefined && this.#state.sinceBest >= earlyStop.patience);
  }

  /** The batches up to the next measurement; ends early where the run does. */
  async *batches(): AsyncGenerator<Batch> {
    const every = this.options.measureEvery ?? this.perEpoch;
    const until = Math.min(this.total, (Math.floor(this.#state.step / every) + 1) * every);
    while (this.#state.step < until) {
      const epoch = Math.floor(this.#state.step / this.perEpoch);
      const first = this.#state.step - epoch * this.perEpoch;
      const { engine } = this.options.method;
      const made = this.#watch.waiting("data", this.#source.epoch(epoch, first));
      for await (const host of made) {
        if (await this.interrupted()) return;
        const batch = uploaded(engine, host);
        try {
          yield batch;
        } finally {
          for (const t of Object.values(batch)) t.dispose();
        }
        if (this.#reason || this.#state.step >= until) return;
      }
    }
  }

  /**
   * Lets signals and timers through; saves and ends the run where one asks for it.
   *
   * @returns Whether it is over.
   */
  async interrupted(): Promise<boolean> {
    // CPU backends answer at once: promises alone would never let them in.
    if (performance.now() - this.#paused >= PAUSE_EVERY) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      this.#paused = performance.now();
    }
    const { stops, comm } = this.#member;
    if (!(comm.size > 1 ? stops : this.options.signal?.aborted)) return false;
    await this.save();
    this.#reason ??= "interrupted";
    return true;
  }

  /**
   * Takes a step.
   *
   * @param evaluator Answers in place of one pass on the batch.
   * @returns Nothing where the step diverged: the run is over then, its state as before.
   */
  async step(batch: Batch, evaluator?: Evaluator): Promise<StepOutcome | undefined> {
    const { network, seed } = this.options;
    const method = { ...this.options.method, seed };
    return await this.take(async (states, settings) => {
      const own = evaluator ?? await this.#evaluator(batch);
      const answers = this.#member.together(this.#subject, own, this.options.signal);
      return await trainStep(method, network, states, answers, settings);
    });
  }

  /**
   * Takes a step of any kind, such as a round among clients.
   *
   * @param work Makes new states of the old ones, which stay the run's, within a scope of the engine.
   * @returns Nothing where it diverged: the run is over then, its state as before.
   */
  async take(
    work: (states: WeightStates, settings: StepSettings) => Promise<StepOutcome>,
  ): Promise<StepOutcome | undefined> {
    const { method, clipNorm, rate } = this.options;
    const { step, states } = this.#state;
    const before = performance.now();
    const settings = {
      rate: rate(step, this.total),
      progress: step / this.total,
      final: step + 1 === this.total,
      count: { done: step, all: this.total },
      ...(clipNorm === undefined ? {} : { clipNorm }),
    };
    const outcome = await this.#orDiverged(() =>
      this.#member.counted(() => method.engine.scope(() => work(states, settings)))
    );
    if (!outcome) return undefined;
    const { firstLoss } = this.#state;
    const why = grown(Number.isNaN(firstLoss) ? outcome.loss : firstLoss, outcome.loss);
    if (why !== undefined) {
      disposeStates(outcome.states, states);
      return this.#diverged(why);
    }
    this.#advance(outcome);
    const seconds = (performance.now() - before) / 1000;
    this.#durations.push(seconds);
    this.#watch.add("pass", outcome.passSeconds);
    this.#watch.add("update", seconds - outcome.passSeconds);
    return outcome;
  }

  /** What passes are taken on. */
  get #subject(): Subject {
    const { method: { engine }, network, task } = this.options;
    const prepare = task.prepare?.bind(task);
    return { engine, network, loss: task.loss, ...(prepare ? { prepare } : {}) };
  }

  /** One pass on what the task makes of a batch. */
  async #evaluator(batch: Batch): Promise<Evaluator> {
    const { network, seed } = this.options;
    const { step, states } = this.#state;
    const random = new Random(seed).fork(`step ${step}`);
    return await this.#member.local(
      this.#subject,
      currentPoints(network, states),
      batch,
      random,
    );
  }

  #advance(outcome: StepOutcome): void {
    disposeStates(this.#state.states, outcome.states);
    const { firstLoss, lossSum, step } = this.#state;
    this.#state = {
      ...this.#state,
      step: step + 1,
      states: outcome.states,
      lossSum: lossSum + outcome.loss,
      firstLoss: Number.isNaN(firstLoss) ? outcome.loss : firstLoss,
    };
  }

  /**
   * Tells of a step, and now and then writes a line.
   *
   * @param round What else is to be written of each step.
   */
  log({ loss, discarded }: StepOutcome, round?: MetricLine["round"]): void {
    const { network, listener, folder, measureEvery = this.perEpoch } = this.options;
    const { step } = this.#state;
    const ranks = ranksOf(network, this.#state.states);
    const factorised = Object.keys(ranks).length > 0;
    const totalRank = Object.values(ranks).reduce((a, b) => a + b, 0);
    const epoch = this.#epoch;
    listener?.({ type: "step", step, epoch, loss, ...(factorised ? { totalRank } : {}) });
    const due = step % Math.max(1, Math.floor(measureEvery / LINES_BETWEEN)) === 0;
    if (!due && !round) return;
    folder?.appendMetric({
      ...{ step, epoch, loss },
      ...(factorised ? { ranks, discarded } : {}),
      ...this.#trafficFields,
      ...(round ? { round } : {}),
    });
  }

  /** Measures the network, decides whether it got better, and writes what it found. */
  async measure(): Promise<Measurement | undefined> {
    const { task, earlyStop, method, network } = this.options;
    const test = await this.#orDiverged(() => this.#measured(task.test));
    if (!test) return undefined;
    const why = grown(this.#state.firstLoss, test.loss);
    if (why !== undefined) return this.#diverged(why);
    const judged = earlyStop && await this.#orDiverged(() => this.#measured(earlyStop.on));
    if (earlyStop && !judged) return undefined;
    this.#test = test;
    const steps = this.#stepsSinceMeasured();
    this.#state = {
      ...this.#state,
      ...(judged ? this.#judgement(judged) : {}),
      lossSum: 0,
      trainLoss: this.#state.lossSum / steps,
      secondsPerStep: median(this.#durations),
    };
    const { states } = this.#state;
    const metrics: MetricLine = {
      step: this.#state.step,
      epoch: this.#epoch,
      loss: this.#state.trainLoss,
      learningRate: this.options.rate(this.#state.step - 1, this.total),
      ...testFields({ loss: test.loss, ...test.values }),
      ...await this.#watch.during("measuring", () => rankMetrics(method, network, states)),
      secondsPerStep: median(this.#durations.slice(-steps)),
      seconds: this.#seconds,
      ...this.#trafficFields,
    };
    this.options.folder?.appendMetric(metrics);
    this.options.listener?.({ type: "epoch", metrics });
    return test;
  }

  #judgement({ values }: Measurement): Pick<TrainerState, "best" | "sinceBest"> {
    const [first] = this.options.task.measures;
    const value = values[first.name]!;
    const { best, sinceBest } = this.#state;
    return Number.isNaN(best) || isBetter(first, value, best)
      ? { best: value, sinceBest: 0 }
      : { best, sinceBest: sinceBest + 1 };
  }

  #measured(on: Examples): Promise<Measurement> {
    const { method, network, task } = this.options;
    const { states } = this.#state;
    return this.#watch.during(
      "measuring",
      () => measure(method, network, states, task, { on, comm: this.#member.comm }),
    );
  }

  /** Bytes of a step beside those of the dense twin, for metrics. */
  get #trafficFields(): Pick<MetricLine, "bytes" | "denseBytes"> {
    const { bytes, denseBytes } = this.#member.traffic ?? {};
    return bytes === undefined ? {} : { bytes, denseBytes: denseBytes! };
  }

  /** Writes a checkpoint, if there is a folder. Of several members the first one does. */
  async save(): Promise<void> {
    if (this.#reason === "diverged") return;
    const { method: { engine } } = this.options;
    await this.#member.requireSame(engine, this.#state.states, this.#state.step);
    await this.#write();
    const failed = await this.#member.agreed(this.#why !== undefined);
    if (failed && this.#why === undefined) this.#diverged("a weight is NaN or infinite");
  }

  async #write(): Promise<void> {
    const { folder, listener } = this.options;
    if (!folder) return;
    const timed = { ...this.#state, seconds: this.#seconds };
    const found = await this.#orDiverged(() => this.#store.store(timed));
    if (!found) return;
    const path = await folder.saveCheckpoint(found);
    this.#lastSaved = this.#state.step;
    listener?.({ type: "checkpoint", path, step: this.#state.step });
  }

  /** Ends the run; the state is the caller's from here on. */
  async finish(): Promise<TrainResult> {
    if (!this.#reason && !this.#test) {
      this.#test = await this.#orDiverged(() => this.#measured(this.options.task.test));
    }
    const early = this.#state.step < this.total ? "stopped-early" : "finished";
    const reason = this.#reason ?? early;
    const seconds = this.#seconds;
    this.options.listener?.({ type: "end", reason, step: this.#state.step, seconds });
    return {
      reason,
      state: { ...this.#state, seconds },
      trainLoss: this.#state.trainLoss,
      // A run that was over when it was resumed has timed no step of its own.
      secondsPerStep: this.#durations.length > 0
        ? median(this.#durations)
        : this.#state.secondsPerStep,
      spent: this.#watch.spent,
      ...(this.#member.traffic ? { traffic: this.#member.traffic } : {}),
      ...(reason === early && this.#test ? { test: this.#test } : {}),
      ...(this.#why === undefined ? {} : { message: this.#message(this.#why) }),
    };
  }

  /** Ends what goes on in the background. */
  [Symbol.dispose](): void {
    this.#source.close();
  }

  /** Number of the epoch under way, or just done, from 1. */
  get #epoch(): number {
    return Math.ceil(this.#state.step / this.perEpoch);
  }

  get #seconds(): number {
    return (performance.now() - this.#started) / 1000;
  }

  #stepsSinceMeasured(): number {
    const { measureEvery = this.perEpoch } = this.options;
    return (this.#state.step - 1) % measureEvery + 1;
  }

  async #orDiverged<T>(f: () => Promise<T>): Promise<T | undefined> {
    try {
      return await f();
    } catch (error) {
      if (!(error instanceof NonFiniteError)) throw error;
      return this.#diverged(error.message.replace(/^Cannot [^:]*: /, ""));
    }
  }

  #diverged(why: string): undefined {
    this.#reason = "diverged";
    this.#why = why;
  }

  #message(why: string): string {
    const { rate, folder } = this.options;
    const { step } = this.#state;
    // Either the last step was too long, or the one that failed was.
    const longest = Math.max(...[step - 1, step].map((n) => rate(Math.max(0, n), this.total)));
    const saved = folder && this.#lastSaved !== undefined
      ? `; the checkpoint of step ${this.#lastSaved} is kept in ${folder.path}`
      : "";
    return `Training diverged after step ${step}: ${why}${saved}. ` +
      `Lower the learning rate (now ${Number(longest.toPrecision(3))}) or clip the gradient`;
  }
}

/** Says how far the loss grew where that is no training any more; losses may be negative. */
function grown(first: number, loss: number): string | undefined {
  if (loss <= first + DIVERGENCE_FACTOR * Math.max(Math.abs(first), SMALL_LOSS)) return undefined;
  return `the loss grew from ${first.toPrecision(3)} to ${loss.toPrecision(3)}`;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length === 0 ? NaN : sorted[sorted.length >> 1]!;
}
