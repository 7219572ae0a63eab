/** The run that is killed, interrupted, starved and doubled, and the one that is left in peace. */

import { join } from "node:path";
import { findRun, type MetricLine, readRecord } from "../../core/mod.ts";
import type { Random } from "../../core/random.ts";
import { blobsPlugin } from "../support/command_line.ts";

/** Folder of the repository. */
const ROOT = new URL("../../", import.meta.url);

/** A run of a second or two: 100 epochs of 2 steps, each with a checkpoint. */
const SETTINGS = [
  ...["--backend", "wasm", "--threads", "1"],
  ...["--train-count", "40", "--test-count", "20", "--batch", "20", "--epochs", "100"],
];

/** What a program leaves when it ends. */
export interface Ended {
  /** Exit code. */
  readonly code: number;
  /** The signal that killed it. */
  readonly signal: Deno.Signal | null;
  /** Standard output and standard error. */
  readonly text: string;
}

/** The program and its arguments that do the run in a folder, by default one of its choice. */
export function commandLine(out?: string, ...more: string[]): [program: string, ...args: string[]] {
  const folder = out === undefined ? [] : ["--out", out];
  const config = new URL("deno.json", ROOT).pathname;
  const main = new URL("tasks/main.ts", ROOT).pathname;
  const args = ["train", "trial", "--plugin", blobsPlugin, ...SETTINGS, ...folder, ...more];
  return [Deno.execPath(), "run", "-A", "--config", config, main, ...args];
}

/** Starts a program. */
export function start([program, ...args]: readonly string[], cwd?: string): Deno.ChildProcess {
  return new Deno.Command(program!, {
    args,
    ...(cwd === undefined ? {} : { cwd }),
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/**
 * Waits for the end of a program.
 *
 * @param onOutput Called when it writes for the first time.
 */
export async function ended(
  child: Deno.ChildProcess,
  onOutput: () => void = () => {},
): Promise<Ended> {
  const [first, whole] = child.stdout.tee();
  const [out, err, { code, signal }] = await Promise.all([
    new Response(whole).text(),
    new Response(child.stderr).text(),
    child.status,
    hear(first, onOutput),
  ]);
  return { code, signal, text: out + err };
}

async function hear(stream: ReadableStream<Uint8Array>, onOutput: () => void): Promise<void> {
  const reader = stream.getReader();
  if (!(await reader.read()).done) onOutput();
  await reader.cancel();
}

/**
 * Starts the run in a folder, or goes on there, and sends it a signal at a random moment: half of
 * the time one of its whole life, otherwise one after it has begun to work.
 */
export async function disturbed(
  out: string,
  signal: Deno.Signal,
  random: Random,
  { duration, work }: Reference,
): Promise<Ended> {
  const whole = random.uniform() < 0.5;
  const moment = random.uniform() * (whole ? duration : work);
  const child = await startOrResume(out);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const arm = (): void => void (timer = setTimeout(() => child.kill(signal), moment));
  if (whole) arm();
  const end = await ended(child, whole ? undefined : arm);
  clearTimeout(timer);
  return end;
}

/** Starts the run in a folder, or goes on with what is there. */
export async function startOrResume(out: string): Promise<Deno.ChildProcess> {
  return start(commandLine(out, ...await findRun(out) ? ["--resume"] : []));
}

/**
 * Everything that a finished run leaves, without the times that it took.
 *
 * @throws {Error} When a file is damaged or missing.
 */
export async function traceOf(out: string): Promise<unknown> {
  const run = await findRun(out);
  const names = [...Deno.readDirSync(out)].map(({ name }) => name).sort();
  return {
    names,
    metrics: run?.metrics.map(({ secondsPerStep: _, seconds: _s, ...line }: MetricLine) => line),
    summary: timeless(run?.summary),
    checkpoint: timeless(await readRecord(join(out, "checkpoint.safetensors"))),
  };
}

function timeless(record: object = {}): object {
  const { seconds: _s, secondsPerStep: _p, spent: _t, ...rest } = record as Record<string, unknown>;
  return rest;
}

/** Steps in the checkpoint of a folder; undefined where there is none. */
export async function stepsSaved(out: string): Promise<number | undefined> {
  try {
    return (await readRecord(join(out, "checkpoint.safetensors"))).step as number;
  } catch (error) {
    if (error instanceof Error && error.cause instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** The run left in peace. */
export interface Reference {
  /** What it leaves. */
  readonly trace: unknown;
  /** How many milliseconds it takes. */
  readonly duration: number;
  /** How many of them after its first output. */
  readonly work: number;
}

/** Does the run once, undisturbed. */
export async function reference(folder: string): Promise<Reference> {
  const out = join(folder, "reference");
  const begin = performance.now();
  let heard = begin;
  const { code, text } = await ended(start(commandLine(out)), () => heard = performance.now());
  if (code !== 0) throw new Error(`Cannot test: the undisturbed run ended with ${code}: ${text}`);
  const end = performance.now();
  return { trace: await traceOf(out), duration: end - begin, work: end - heard };
}
