/**
 * What `--help` prints.
 *
 * @module
 */

import { type TextSink, textSink, wrap } from "./terminal/mod.ts";

/** What can be typed after a command, and what it does. */
const USAGE: Readonly<Record<string, readonly [args: string, what: string]>> = {
  demo: ["[--key value …]", "train a low-rank network and its dense twin on drawn digits"],
  train: ["RECIPE [--key value …]", "run a recipe; --help after its name lists its options"],
  sweep: ["RECIPE [--key a,b,c …]", "run a recipe over lists of values"],
  list: ["[KIND or NAME …]", "print plugins and recipes in a line each, or all of one"],
  check: ["[NAME …]", "measure whether manifolds and what belongs to them are what they claim"],
  doctor: ["", "show which backends work here and how fast they are"],
  generate: ["RUN [--prompt TEXT …]", "let the language model of a run go on with a text"],
  merge: [
    "--model DIR --adapter DIR,… --out DIR [--rank R]",
    "merge PEFT adapters into their model, or several into one of a rank; --unmerge takes one out",
  ],
  changes: [
    "DIR DIR [--leading K]",
    "compare a model before and after training: intruder dimensions, size and rank of changes",
  ],
  report: ["DIR … [--kind NAME]", "build the report of a run again, or one of another kind"],
  "setup:tensorflow": ["", "install or build the native addon of TensorFlow"],
};

/** Whether arguments ask for help. */
export function asksForHelp(args: readonly string[]): boolean {
  return args.includes("--help") || args.includes("-h");
}

/**
 * Prints what can be typed after commands.
 *
 * @param names Which commands; none: all.
 * @returns Exit code 0.
 */
export function help(names: readonly string[] = [], sink: TextSink = textSink()): number {
  for (const [name, [args, what]] of Object.entries(USAGE)) {
    if (names.length > 0 && !names.includes(name)) continue;
    const lines = wrap(what, 74).map((line) => `    ${line}\n`).join("");
    sink.write(`deno task ${name}${args === "" ? "" : ` ${args}`}\n${lines}`);
  }
  if (names.length === 0) {
    sink.write("All take --plugin FILE, which adds what the file registers. Several processes\n");
    sink.write("train together by mpiexec -n N deno task train RECIPE --comm mpi.\n");
  }
  return 0;
}
