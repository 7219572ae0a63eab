import type { Figure } from "./history.ts";
import type { MeasureOptions } from "../harness.ts";
import type { Workload } from "../workloads/workload.ts";

/** What the command line chose. */
export interface BenchOptions {
  /** Only this backend; absent: every one that the bench looks at and that works here. */
  readonly backend?: string;
  /** Fewer and shorter rounds, for a first look. */
  readonly quick: boolean;
  /** Rounds and lengths of turns that follow from it. */
  readonly measure: MeasureOptions;
}

/** A quantity that should stay below a bound. */
export interface Aim {
  /** What should hold, in words. */
  readonly what: string;
  /** The measured value; undefined where something it needs is not there. */
  readonly value: number | undefined;
  /** The value should be at most this. */
  readonly limit: number;
}

/** A part of a bench's outcome with a table of its own. */
export interface Section {
  /** Heading. */
  readonly title: string;
  /** Results by variant. */
  readonly figures: ReadonlyMap<string, Figure>;
  /** The variant that others are compared with; absent: none. */
  readonly reference?: string;
  /** Further columns by variant, such as GFLOP/s. */
  readonly extra?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Outcome of a bench. */
export interface BenchResult {
  /** Its tables. */
  readonly sections: readonly Section[];
  /** What should hold. */
  readonly aims: readonly Aim[];
  /** What was left out, and why. */
  readonly notes: readonly string[];
}

/** A piece of work that `deno bench` measures by itself, in this process. */
export interface Piece {
  /** Table it belongs to: its pieces are compared with each other. */
  readonly group: string;
  /** Name within the bench; filters read it. */
  readonly name: string;
  /** Whether the others of the group are compared with this one. */
  readonly baseline?: boolean;
  /** Repetitions that are measured; absent: as many as fit into Deno's half second. */
  readonly repetitions?: number;
  /** Makes the work ready; called once, when the piece is about to run. */
  start(): Workload | Promise<Workload>;
  /** Clears up after each repetition, which is not measured; absent: there is nothing to clear. */
  cleanUp?(): Promise<void>;
}

/** What `deno bench` finds in a bench. */
export interface Pieces {
  /** Work that can be done here. */
  readonly pieces: readonly Piece[];
  /** What was left out, and why. */
  readonly notes: readonly string[];
}

/** A bench: the default export of a file `*_bench.ts` in the folder above. */
export interface Bench {
  /** Name on the command line and in the history. */
  readonly name: string;
  /** One line that says what it measures. */
  readonly description: string;
  /** The part of its work that `deno bench` measures: small sizes, no peers. */
  pieces(): Promise<Pieces>;
  /** Measures all of it, peers included, variants in turns. */
  run(options: BenchOptions): Promise<BenchResult>;
}
