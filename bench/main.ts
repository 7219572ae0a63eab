/**
 * `deno task bench [name …] [--backend b] [--quick] [--no-save] [--history FILE]`: runs the benches
 * of this folder, prints their tables at 80 columns, appends one JSON line each to
 * bench/history.jsonl and compares with the previous entry of the same machine.
 *
 * Quick runs print and compare, but are kept only with `--save`.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { resolve } from "node:path";
import { suggest } from "../core/registry.ts";
import { typedFolder } from "../tasks/mod.ts";
import type { Bench, BenchOptions, BenchResult } from "./support/definition.ts";
import { appendHistory, type Entry, previousOf, readHistory } from "./support/history.ts";
import { thisMachine, thisRevision } from "./support/machine.ts";
import { comparisonText, resultText } from "./support/print.ts";

const HELP = `deno task bench [name …] [--backend b] [--quick] [--no-save] [--history FILE]`;

/** Every bench of this folder, by name. */
async function loadBenches(): Promise<Map<string, Bench>> {
  const folder = new URL(".", import.meta.url);
  const files: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    if (entry.name.endsWith("_bench.ts")) files.push(entry.name);
  }
  const benches = new Map<string, Bench>();
  for (const file of files.sort()) {
    const bench = (await import(new URL(file, folder).href)).default as Bench;
    benches.set(bench.name, bench);
  }
  return benches;
}

function choose(benches: ReadonlyMap<string, Bench>, names: readonly string[]): Bench[] {
  if (names.length === 0) return [...benches.values()];
  return names.map((name) => {
    const bench = benches.get(name);
    if (bench) return bench;
    throw new RangeError(`Cannot find bench "${name}": ${suggest(name, [...benches.keys()])}`);
  });
}

async function entryOf(bench: Bench, options: BenchOptions, result: BenchResult): Promise<Entry> {
  const figures = result.sections.flatMap((section) =>
    [...section.figures].map(([name, figure]) => [`${section.title}: ${name}`, figure] as const)
  );
  return {
    date: new Date().toISOString(),
    ...await thisRevision(),
    machine: thisMachine(),
    deno: Deno.version.deno,
    bench: bench.name,
    ...(options.backend === undefined ? {} : { backend: options.backend }),
    quick: options.quick,
    figures: Object.fromEntries(figures),
  };
}

async function main(): Promise<void> {
  const args = parseArgs(Deno.args, {
    string: ["backend", "history", "_"],
    boolean: ["quick", "save", "help"],
    negatable: ["save"],
    default: { save: undefined },
    unknown: (arg, key) => {
      if (key === undefined) return true;
      const known = ["--backend", "--quick", "--no-save", "--save", "--history", "--help"];
      throw new RangeError(`Cannot read option "${arg}": ${suggest(arg, known)}`);
    },
  });
  const benches = await loadBenches();
  if (args.help) {
    const lines = [...benches.values()].map((b) => `  ${b.name.padEnd(12)} ${b.description}`);
    return console.log([HELP, "", ...lines].join("\n"));
  }
  const history = args.history === undefined
    ? new URL("history.jsonl", import.meta.url)
    : resolve(typedFolder(), args.history);
  const options: BenchOptions = {
    quick: args.quick,
    measure: args.quick ? { rounds: 5, turnSeconds: 0.03 } : { rounds: 15, turnSeconds: 0.1 },
    ...(args.backend === undefined ? {} : { backend: args.backend }),
  };
  const save = args.save ?? !args.quick;
  for (const bench of choose(benches, args._.map(String))) {
    console.log(`${bench.name}: ${bench.description}\n`);
    const result = await bench.run(options);
    console.log(`${resultText(result)}\n`);
    const entry = await entryOf(bench, options, result);
    console.log(`${comparisonText(entry, previousOf(await readHistory(history), entry))}\n`);
    if (save) await appendHistory(history, entry);
  }
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    const isMistake = error instanceof Error && /^Cannot .*: /.test(error.message);
    console.error(isMistake ? error.message : error);
    Deno.exit(1);
  }
}
