/**
 * Prints the events of a run: a progress bar on a terminal, plain lines elsewhere.
 *
 * @module
 */

import {
  type Listener,
  type MetricLine,
  type RunDownload,
  type RunEnd,
  type RunEvent,
  type RunMessage,
  type RunStart,
  type RunStep,
  testKey,
} from "../../core/io/mod.ts";
import { formatBytes, formatCount, formatDuration, formatMeasure, formatNumber } from "./format.ts";
import { type Progress, progressDetails, progressLine, RateMeter } from "./progress.ts";
import { type TextSink, textSink } from "./sink.ts";

/** Options of {@linkcode createTerminalListener}. */
export interface TerminalListenerOptions {
  /** Least milliseconds between two updates of the bar; default 100. */
  readonly barInterval?: number;
  /** Least milliseconds between two plain progress lines; default 5,000. */
  readonly lineInterval?: number;
  /** Clock in milliseconds; default `performance.now`. */
  readonly now?: () => number;
}

/**
 * Makes a listener that prints a run.
 *
 * @param sink Where to print; default standard output.
 * @param options How often.
 * @returns A listener for one run after another.
 */
export function createTerminalListener(
  sink: TextSink = textSink(),
  options: TerminalListenerOptions = {},
): Listener {
  const printer = new RunPrinter(sink, options);
  return (event) => printer.print(event);
}

class RunPrinter {
  readonly #sink: TextSink;
  readonly #interval: number;
  readonly #now: () => number;
  #run: RunStart | undefined;
  #meter = new RateMeter();
  #lastShown = -Infinity;
  #barShown = false;
  #epochStart = 0;
  #checkpoint = "";

  constructor(sink: TextSink, options: TerminalListenerOptions) {
    this.#sink = sink;
    this.#interval = sink.isTerminal ? options.barInterval ?? 100 : options.lineInterval ?? 5000;
    this.#now = options.now ?? (() => performance.now());
  }

  print(event: RunEvent): void {
    switch (event.type) {
      case "start":
        return this.#start(event);
      case "step":
        return this.#step(event);
      case "epoch":
        return this.#epoch(event.metrics);
      case "checkpoint":
        this.#checkpoint = `; the checkpoint of step ${formatCount(event.step)} is ${event.path}`;
        return;
      case "message":
        return this.#message(event);
      case "download":
        return this.#download(event);
      case "end":
        return this.#end(event);
    }
  }

  #start(event: RunStart): void {
    this.#run = event;
    this.#meter = new RateMeter();
    this.#meter.update(event.firstStep, this.#now());
    this.#lastShown = this.#epochStart = this.#now();
    this.#checkpoint = "";
    const resumed = event.firstStep > 0 ? `, resumed at step ${formatCount(event.firstStep)}` : "";
    const size = `${counted(event.epochs, "epoch")}, ${counted(event.steps, "step")}`;
    this.#line(`${event.label}: ${size}${resumed}`, "bold");
  }

  #step(event: RunStep): void {
    if (this.#tooSoon()) return;
    const rate = this.#meter.update(event.step, this.#now());
    const label = `epoch ${event.epoch}${this.#run ? `/${this.#run.epochs}` : ""}`;
    const { step: done, loss, totalRank } = event;
    this.#show({ label, done, total: this.#run?.steps, rate, loss, totalRank });
  }

  #epoch(metrics: MetricLine): void {
    const now = this.#now();
    this.#meter.update(metrics.step, now);
    this.#meter.skip(now);
    this.#line(epochLine(metrics, this.#run, (now - this.#epochStart) / 1000));
    this.#lastShown = this.#epochStart = now;
  }

  #message({ level, text }: RunMessage): void {
    if (level === "warning") this.#line(`Warning: ${text}`, "yellow");
    else this.#line(text);
  }

  #download({ file, received, total }: RunDownload): void {
    const finished = received === total;
    if (!finished && this.#tooSoon()) return;
    if (finished) this.#line(`downloaded ${file} (${formatBytes(received)})`);
    else this.#show({ label: `downloading ${file}`, done: received, total });
    this.#meter.skip(this.#now());
  }

  #end({ reason, step, seconds }: RunEnd): void {
    const after = `after ${formatCount(step)} steps in ${formatDuration(seconds)}`;
    if (reason === "finished") this.#line(`finished ${after}`);
    else if (reason === "stopped-early") this.#line(`stopped early ${after}`);
    else if (reason === "interrupted") this.#line(`interrupted ${after}${this.#checkpoint}`);
    else this.#line(`Warning: diverged ${after}${this.#checkpoint}`, "yellow");
    this.#run = undefined;
  }

  #tooSoon(): boolean {
    if (this.#now() - this.#lastShown < this.#interval) return true;
    this.#lastShown = this.#now();
    return false;
  }

  #show(progress: Progress): void {
    if (!this.#sink.isTerminal) return this.#line(plainLine(progress));
    const width = Math.min(80, this.#sink.columns()) - 1;
    this.#sink.write(`\r\x1b[2K${progressLine(progress, width)}`);
    this.#barShown = true;
  }

  #line(text: string, style?: keyof typeof STYLES): void {
    const clear = this.#barShown ? "\r\x1b[2K" : "";
    this.#barShown = false;
    const styled = style && this.#sink.color ? `\x1b[${STYLES[style]}m${text}\x1b[0m` : text;
    this.#sink.write(`${clear}${styled}\n`);
  }
}

const STYLES = { bold: 1, yellow: 33 } as const;

function plainLine(progress: Progress): string {
  const percent = progress.total ? ` ${Math.floor(100 * progress.done / progress.total)} %` : "";
  return [`  ${progress.label}${percent}`, ...progressDetails(progress).map((s) => s.trimEnd())]
    .join(", ");
}

function epochLine(metrics: MetricLine, run: RunStart | undefined, seconds: number): string {
  const { epoch, loss, testLoss, ranks } = metrics;
  const total = String(run?.epochs ?? epoch);
  const parts = [`epoch ${String(epoch).padStart(total.length)}/${total}`];
  parts.push(`loss ${formatNumber(loss).padEnd(6)}`);
  const measure = run?.measures[0];
  const value = measure && metrics[testKey(measure.name)];
  if (value !== undefined) parts.push(`test ${formatMeasure({ ...measure, value })}`);
  else if (testLoss !== undefined) parts.push(`test loss ${formatNumber(testLoss)}`);
  if (ranks) parts.push(`ranks ${rankList(Object.values(ranks))}`);
  parts.push(formatDuration(seconds));
  return parts.join("  ");
}

/** Every rank where there are few, else their sum. */
function rankList(ranks: readonly number[]): string {
  if (ranks.length <= 6) return ranks.join(" ");
  return `${formatCount(ranks.reduce((a, b) => a + b, 0))} in ${ranks.length} layers`;
}

/** Such as "1 epoch" and "1,200 steps". */
function counted(count: number, what: string): string {
  return `${formatCount(count)} ${what}${count === 1 ? "" : "s"}`;
}
