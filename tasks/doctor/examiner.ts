/**
 * The program that examines one backend and prints what it found as one marked line of JSON.
 *
 * @module
 */

import { pathToFileURL } from "node:url";
import { backends, openEngine } from "../../core/backend/mod.ts";
import { findMpi } from "../../core/comm/mod.ts";
import {
  type AutoChoice,
  type Examination,
  type ExamineOptions,
  MARK,
  type MpiExamination,
} from "./examination.ts";
import { measureProducts } from "./measure.ts";

async function examineHere(name: string, options: ExamineOptions): Promise<Examination> {
  const backend = backends.get(name);
  try {
    const reservation = await backend.reservation?.();
    const { engine } = await openEngine(name, options);
    return {
      name,
      works: true,
      engine: engine.description,
      gflops: await measureProducts(engine, options),
      factorisations: engine.linalg ? "native" : "host",
      ...(reservation !== undefined && { reason: reservation }),
    };
  } catch (error) {
    return { name, works: false, reason: await shortReason(name, error) };
  }
}

/** The probe's own words where they tell it all; the error of opening repeats them with advice. */
async function shortReason(name: string, error: unknown): Promise<string> {
  const reason = await backends.get(name).probe();
  return reason ?? (error instanceof Error ? error.message : String(error));
}

async function chooseHere(options: ExamineOptions): Promise<AutoChoice> {
  const { chosen, passedOver } = await openEngine("auto", options);
  return { chosen, passedOver };
}

function mpiHere(): MpiExamination {
  const found = findMpi();
  return typeof found === "string"
    ? { works: false, library: found }
    : { works: true, library: `${found.title} (${found.path})` };
}

async function answerTo(kind: string, name: string, options: ExamineOptions): Promise<unknown> {
  if (kind === "mpi") return mpiHere();
  return await (kind === "auto" ? chooseHere(options) : examineHere(name, options));
}

if (import.meta.main) {
  const [kind, name = "", text = "{}"] = Deno.args;
  const options = JSON.parse(text) as ExamineOptions;
  for (const path of options.plugins ?? []) await import(pathToFileURL(path).href);
  const answer = await answerTo(kind!, name, options);
  const line = `\n${MARK}${JSON.stringify(answer)}\n`;
  await Deno.stdout.write(new TextEncoder().encode(line));
  // Drivers and libraries may keep the process alive, or fall over while it ends on its own.
  Deno.exit(0);
}
