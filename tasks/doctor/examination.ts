/**
 * What is found out about one backend, in a process of its own.
 *
 * @module
 */

import type { BackendOptions, OpenedEngine } from "../../core/backend/mod.ts";
import type { ProductRates } from "./measure.ts";

/** What is found out about one backend. */
export interface Examination {
  /** Registry name. */
  readonly name: string;
  /** Whether it opened and multiplied. */
  readonly works: boolean;
  /** Its own line about library, version, threads or adapter; absent where it does not work. */
  readonly engine?: string;
  /** GFLOP/s; absent where it does not work. */
  readonly gflops?: ProductRates;
  /** Where QR and SVD run: "native" on its own memory, else "host"; absent where it does not work. */
  readonly factorisations?: "native" | "host";
  /** Why it does not work, or why `auto` passes it over; absent when there is nothing to say. */
  readonly reason?: string;
}

/** Which backend `auto` takes. */
export type AutoChoice = Pick<OpenedEngine, "chosen" | "passedOver">;

/** Settings of an examination. */
export interface ExamineOptions extends BackendOptions {
  /** Milliseconds for each of the four products; default 400. */
  readonly budget?: number;
  /** Files of plugins that the process loads; default none. */
  readonly plugins?: readonly string[];
  /** Milliseconds after which a process is given up; default 120,000. */
  readonly patience?: number;
}

/** The line that precedes the answer on the process's output, whatever libraries print around it. */
export const MARK = "rankflow-examination ";

/**
 * Examines a backend in a fresh process, so that one that crashes or hangs spoils nothing else.
 *
 * @param name Registry name.
 * @param options Settings.
 */
export async function examine(name: string, options: ExamineOptions = {}): Promise<Examination> {
  const answer = await ask<Examination>(["backend", name, JSON.stringify(options)], options);
  return typeof answer === "string" ? { name, works: false, reason: answer } : answer;
}

/**
 * Lets `auto` choose, in a fresh process.
 *
 * @throws {Error} When not even that works.
 */
export async function examineAuto(options: ExamineOptions = {}): Promise<AutoChoice> {
  const answer = await ask<AutoChoice>(["auto", "", JSON.stringify(options)], options);
  if (typeof answer === "string") throw new Error(`Cannot open any backend: ${answer}`);
  return answer;
}

/** What carries the messages of jobs of several processes. */
export interface MpiExamination {
  /** Name and version with the file, or why there is no library. */
  readonly library: string;
  /** Whether there is one. */
  readonly works: boolean;
}

/** Looks for MPI, in a fresh process. */
export async function examineMpi(options: ExamineOptions = {}): Promise<MpiExamination> {
  const answer = await ask<MpiExamination>(["mpi", "", JSON.stringify(options)], options);
  return typeof answer === "string" ? { works: false, library: answer } : answer;
}

/** The program that runs in the other process. */
const EXAMINER = new URL("./examiner.ts", import.meta.url).href;

/**
 * Runs a program that answers with one marked line of JSON.
 *
 * @param args Its arguments.
 * @param options How long to wait.
 * @param program The program; default the examiner.
 * @returns Its answer, or one line that says why there is none.
 */
export async function ask<T>(
  args: readonly string[],
  { patience = 120_000 }: Pick<ExamineOptions, "patience"> = {},
  program: string = EXAMINER,
): Promise<T | string> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", program, ...args],
    stdin: "null",
    signal: AbortSignal.timeout(patience),
  });
  const start = performance.now();
  const { code, signal, stdout, stderr } = await command.output();
  const line = decode(stdout).split("\n").find((text) => text.startsWith(MARK));
  if (line) return JSON.parse(line.slice(MARK.length)) as T;
  const seconds = (performance.now() - start) / 1000;
  if (1000 * seconds >= patience) return `no answer within ${Math.round(seconds)} s`;
  if (signal) return `its process died of ${signal}`;
  return `its process ended with code ${code}: ${decode(stderr).trim().split("\n").at(-1)}`;
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
