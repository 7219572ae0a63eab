/**
 * A run from its start, or from where it was saved, to its end.
 *
 * @module
 */

import { join } from "node:path";
import {
  aCount,
  aNumber,
  anything,
  aRecord,
  arrayOf,
  checked,
  type Expectation,
  listOf,
  readRecord,
  type RunFolder,
  unlessMissing,
  writeRecord,
} from "../../core/mod.ts";
import { Interrupted, type Ticker } from "../flow/ticker.ts";
import { areaOf } from "./grid.ts";
import type { Outcome } from "./outcome.ts";
import type { Setup } from "./problem.ts";
import { Quantities } from "./quantities.ts";
import { addBalance, type Balance, emptyBalance } from "./solver.ts";
import type { TransportRun } from "./transport_run.ts";

/** Seconds between checkpoints. */
const INTERVAL = 30;

/** What has been seen so far. */
interface Progress {
  /** Steps done. */
  step: number;
  readonly rows: number[][];
  readonly windows: number[][];
  readonly flux: Float64Array;
  readonly ranks: number[];
  readonly balance: Balance;
  law: number;
  discarded: number;
  numbers: number;
  seconds: number;
  readonly state: unknown;
}

const progress: Expectation<Progress> = aRecord<Progress>({
  step: aCount,
  rows: listOf(listOf(aNumber)) as Expectation<number[][]>,
  windows: listOf(listOf(aNumber)) as Expectation<number[][]>,
  flux: arrayOf(Float64Array),
  ranks: listOf(aNumber) as Expectation<number[]>,
  balance: anything as Expectation<Balance>,
  law: aNumber,
  discarded: aNumber,
  numbers: aNumber,
  seconds: aNumber,
  state: anything,
});

/** A run to be made. */
export interface Simulation {
  /** For people. */
  readonly label: string;
  /** Fit for a file name. */
  readonly name: string;
  /** The problem. */
  readonly setup: Setup;
  /** As published code, see {@linkcode Quantities}. */
  readonly legacy: boolean;
  /** Opens the solver. */
  open(): TransportRun | Promise<TransportRun>;
}

/**
 * Runs to the end, with checkpoints in a folder.
 *
 * @throws {Interrupted} When the person pressed Ctrl-C; a checkpoint is there then.
 */
export async function simulate(
  simulation: Simulation,
  folder: Pick<RunFolder, "path">,
  ticker: Pick<Ticker, "tick">,
): Promise<Outcome> {
  const run = await simulation.open();
  try {
    return await new Course(simulation, run, join(folder.path, `${simulation.name}.checkpoint`))
      .follow(ticker);
  } finally {
    run.close();
  }
}

class Course {
  readonly #simulation: Simulation;
  readonly #run: TransportRun;
  readonly #file: string;
  #quantities: Quantities;
  #seen: Omit<Progress, "state" | "rows" | "windows" | "flux"> = {
    step: 0,
    ranks: [],
    balance: emptyBalance(),
    law: 0,
    discarded: 0,
    numbers: 0,
    seconds: 0,
  };

  constructor(simulation: Simulation, run: TransportRun, file: string) {
    this.#simulation = simulation;
    this.#run = run;
    this.#file = file;
    this.#quantities = new Quantities(simulation.setup, run.reading, simulation.legacy);
  }

  async follow(ticker: Pick<Ticker, "tick">): Promise<Outcome> {
    await this.#resume();
    const { count } = this.#run.steps;
    let saved = performance.now();
    try {
      while (this.#seen.step < count) {
        await this.#step();
        if (performance.now() - saved > 1000 * INTERVAL) {
          await this.#save();
          saved = performance.now();
        }
        const done = { label: this.#simulation.label, done: this.#seen.step, total: count };
        await ticker.tick(done);
      }
    } catch (error) {
      if (error instanceof Interrupted) await this.#save();
      throw error;
    }
    const outcome = await this.#outcome();
    await unlessMissing(() => Deno.remove(this.#file));
    return outcome;
  }

  async #step(): Promise<void> {
    const run = this.#run;
    const n = this.#seen.step;
    const begin = performance.now();
    const { balance, rank, discarded = 0, defect = 0 } = await run.step(n);
    this.#seen.seconds += (performance.now() - begin) / 1000;
    const { flux } = run;
    this.#quantities.observe({ flux, dt: run.steps.lengthOf(n), time: run.steps.endOf(n) });
    if (balance) addBalance(this.#seen.balance, balance);
    if (rank !== undefined) this.#seen.ranks.push(rank);
    this.#seen.discarded += discarded;
    const largest = flux.reduce((most, phi) => Math.max(most, Math.abs(phi)), 0);
    this.#seen.law = Math.max(this.#seen.law, defect / (largest || 1));
    this.#seen.numbers = Math.max(this.#seen.numbers, run.numbers);
    this.#seen.step++;
  }

  async #save(): Promise<void> {
    const { rows, windows } = this.#quantities;
    const state = this.#run.save();
    await writeRecord(this.#file, { ...this.#seen, rows, windows, flux: this.#run.flux, state });
  }

  async #resume(): Promise<void> {
    const found = await unlessMissing(() => readRecord(this.#file));
    if (found === undefined) return;
    const { state, rows, windows, flux, ...seen } = checked(progress, found, this.#file);
    const { setup, legacy } = this.#simulation;
    this.#quantities = new Quantities(setup, this.#run.reading, legacy, { rows, windows, flux });
    this.#seen = { ...seen, balance: { ...seen.balance }, ranks: [...seen.ranks] };
    this.#run.load(state);
  }

  async #outcome(): Promise<Outcome> {
    const { ranks, balance, law, numbers, seconds, discarded } = this.#seen;
    const { rows, windows, columns } = this.#quantities;
    const norm = await this.#run.norm?.() ?? Infinity;
    return {
      label: this.#simulation.label,
      columns,
      history: Float64Array.from(rows.flat()),
      windows: Float64Array.from(windows.flat()),
      flux: this.#run.flux,
      ranks: Float64Array.from(ranks),
      balance,
      defect: this.#run.balanced ? this.#defect() : NaN,
      law,
      lost: discarded / norm,
      numbers,
      dt: this.#run.steps.dt,
      seconds,
    };
  }

  /** What the balance does not explain, over all that came in. */
  #defect(): number {
    const { grid, start } = this.#simulation.setup;
    const { source, absorbed, outflow, inflow, clipped } = this.#seen.balance;
    const before = areaOf(grid) * start.reduce((sum, phi) => sum + phi, 0);
    const expected = before + source - absorbed - outflow + inflow + clipped;
    return (this.#quantities.last("Mass") - expected) / (before + source + inflow || 1);
  }
}
