/**
 * The command `doctor`.
 *
 * @module
 */

import { backends } from "../core/backend/mod.ts";
import { MPI_HINT } from "../core/comm/mod.ts";
import { describeEnvironment } from "../core/io/mod.ts";
import { adviceFor, type Diagnosis, renderDiagnosis } from "./doctor/diagnosis.ts";
import { type Examination, examine, examineAuto, examineMpi } from "./doctor/examination.ts";
import { parseOptions } from "./options.ts";
import { loadPlugins, pluginRecord } from "./plugins.ts";
import { textSink } from "./terminal/sink.ts";

/** Options of {@linkcode doctor} with their defaults. */
const defaults = {
  json: false, // one JSON record instead of a page
  budget: 400, // milliseconds for each of the four products
};

/**
 * Prints which backends work here, how fast they are, which one `auto` takes and how to get a
 * better one. Each backend runs in a process of its own: a broken one is a row of the table.
 *
 * @param args Arguments after the command: `--json`, `--budget MS`, `--plugin FILE`.
 * @returns Exit code 0.
 */
export async function doctor(args: string[]): Promise<number> {
  const { json, budget } = parseOptions(await loadPlugins(args), defaults, { budget: { min: 1 } });
  const diagnosis = await diagnose(budget);
  const text = json ? JSON.stringify(diagnosis, null, 2) : renderDiagnosis(diagnosis);
  textSink().write(`${text}\n`);
  return 0;
}

async function diagnose(budget: number): Promise<Diagnosis> {
  const examinations: Examination[] = [];
  // One after the other: side by side they would take each other's cores.
  for (const name of backends.names()) {
    announce(`measuring ${name} …`);
    examinations.push(await examine(name, { budget, ...pluginRecord() }));
  }
  announce("");
  const auto = await examineAuto(pluginRecord());
  const advice = adviceFor(auto, (name) => backends.get(name).hint);
  const memory = String(Deno.systemMemoryInfo().total);
  return {
    machine: { ...describeEnvironment(), memory },
    backends: examinations,
    auto,
    mpi: { ...await examineMpi(pluginRecord()), hint: MPI_HINT },
    ...(advice && { advice }),
  };
}

/** Shows on a terminal what is going on; the next announcement takes its place. */
function announce(text: string): void {
  const sink = textSink(Deno.stderr);
  if (sink.isTerminal) sink.write(`\r\x1b[K${text}`);
}
