/**
 * Measures a device with what lies in this folder: `run.ts [--out FILE] [--minutes N] [--backend b]
 * [--doctor SECONDS] [--small]`. Needs no network. What has been measured is written after every line,
 * so that nothing is lost when the machine is taken away; the doctor comes last, in the seconds that
 * are kept for it.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { parseArgs } from "@std/cli/parse-args";
import { describeEnvironment, writeAtomic } from "../../core/io/mod.ts";
import { findPython, startPyTorch } from "../peers/mod.ts";
import { startOwn } from "../support/own_worker.ts";
import type { Worker } from "../support/worker_client.ts";
import { clock, OutOfTime, type Seconds } from "./clock.ts";
import { type Item, planOf, type Side } from "./plan.ts";

/** Seconds that one line may take. */
const PATIENCE = 40;
/** Seconds without which no line is begun. */
const LEAST = 3;
/** Seconds of a turn at small sizes, which are there to see that it runs. */
const SHORT = 0.02;

/** A line of the result. */
interface Line extends Item {
  readonly seconds?: Seconds;
  readonly error?: string;
}

/** Workers that were started, by side; a reason where that failed. */
class Workers {
  readonly #started = new Map<Side, Worker | string>();
  readonly #descriptions = new Map<Side, string>();
  readonly #start: (side: Side) => Promise<Worker>;

  constructor(start: (side: Side) => Promise<Worker>) {
    this.#start = start;
  }

  /** The worker of a side, started when it is first asked for. */
  async of(side: Side): Promise<Worker> {
    const found = this.#started.get(side) ?? await this.#start(side).catch(messageOf);
    this.#started.set(side, found);
    this.#descriptions.set(side, typeof found === "string" ? found : found.description);
    if (typeof found === "string") throw new Error(found);
    return found;
  }

  /** Ends a worker: the next one begins with an empty memory. */
  drop(side: Side): void {
    const worker = this.#started.get(side);
    if (worker === undefined || typeof worker === "string") return;
    worker.kill();
    this.#started.delete(side);
  }

  /** What the workers say they are, or why they are not. */
  descriptions(): Record<string, string> {
    return Object.fromEntries(this.#descriptions);
  }

  /** Ends all of them. */
  end(): void {
    for (const worker of this.#started.values()) if (typeof worker !== "string") worker.kill();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Runs a program for its output; undefined where it fails or is not there. */
async function outputOf(
  program: string,
  args: string[],
  seconds = 20,
): Promise<string | undefined> {
  try {
    const signal = AbortSignal.timeout(1000 * seconds);
    const done = await new Deno.Command(program, { args, signal, stderr: "null" }).output();
    return done.success ? new TextDecoder().decode(done.stdout).trim() : undefined;
  } catch {
    return undefined;
  }
}

async function examined(seconds: number): Promise<unknown> {
  const main = fileURLToPath(new URL("../../tasks/main.ts", import.meta.url));
  const args = ["run", "-A", "--quiet", main, "doctor", "--json", "--budget", "200"];
  const text = await outputOf(Deno.execPath(), args, seconds);
  return text === undefined ? `no answer within ${Math.round(seconds)} s` : JSON.parse(text);
}

/** PyTorch's device: CUDA where it has some, else the CPU. */
async function torchDevice(python: string): Promise<string> {
  const code = "import torch; print('cuda' if torch.cuda.is_available() else 'cpu')";
  return await outputOf(python, ["-c", code], 60) ?? "cpu";
}

async function startSide(side: Side, backend: string): Promise<Worker> {
  if (side === "ours") return await startOwn(backend);
  const { python, reason } = await findPython("torch");
  if (python === undefined) throw new Error(reason);
  const threads = navigator.hardwareConcurrency;
  return await startPyTorch(python, threads, side, await torchDevice(python));
}

async function measured(
  workers: Workers,
  item: Item,
  seconds: number,
  turn: number | undefined,
): Promise<Line> {
  try {
    const worker = await workers.of(item.side);
    return { ...item, seconds: await clock(worker, item.work, seconds, turn) };
  } catch (error) {
    const reason = messageOf(error);
    if (error instanceof OutOfTime || reason.endsWith("it ended")) workers.drop(item.side);
    return { ...item, error: reason };
  }
}

/** What the command line chose. */
interface Options {
  readonly out: string;
  readonly backend: string;
  readonly small: boolean;
  /** Seconds for everything. */
  readonly seconds: number;
  /** Seconds of them that are kept for the doctor. */
  readonly doctor: number;
}

function optionsFrom(args: readonly string[]): Options {
  const known = parseArgs([...args], {
    string: ["out", "minutes", "backend", "doctor"],
    boolean: ["small"],
    default: { out: "device.json", minutes: "8", backend: "webgpu", doctor: "90" },
    unknown(name) {
      throw new TypeError(
        `Cannot read "${name}": known are --out, --minutes, --backend, --doctor, --small`,
      );
    },
  });
  const [minutes, doctor] = [Number(known.minutes), Number(known.doctor)];
  if (!(minutes > 0 && doctor >= 0)) {
    throw new RangeError(
      `Cannot measure: expected --minutes above 0 and --doctor of at least 0, got ` +
        `${known.minutes} and ${known.doctor}`,
    );
  }
  const { out, backend, small } = known;
  return { out, backend, small, seconds: 60 * minutes, doctor: Math.min(doctor, 30 * minutes) };
}

async function main({ out, backend, small, seconds, doctor }: Options): Promise<void> {
  const end = performance.now() + 1000 * seconds;
  const left = (): number => (end - performance.now()) / 1000;
  const machine = describeEnvironment();
  const graphics = await outputOf("nvidia-smi", [
    "--query-gpu=name,driver_version",
    "--format=csv",
  ]);
  const workers = new Workers((side) => startSide(side, backend));
  const lines: Line[] = [];
  const leftOut: Item[] = [];
  const write = (more: Record<string, unknown> = {}): Promise<void> => {
    const what = { machine, graphics, sides: workers.descriptions(), lines, leftOut, ...more };
    return writeAtomic(out, `${JSON.stringify(what, null, 2)}\n`);
  };
  let group = "";
  for (const item of planOf(small)) {
    if (item.group !== group) workers.drop("ours");
    group = item.group;
    const time = Math.min(PATIENCE, left() - doctor);
    if (time < LEAST) leftOut.push(item);
    else lines.push(await measured(workers, item, time, small ? SHORT : undefined));
    if (time >= LEAST) console.log(inWords(lines.at(-1)!));
    await write();
  }
  workers.end();
  if (doctor > 0) await write({ doctor: await examined(left()) });
  console.log(`${lines.length} lines in ${out}, ${leftOut.length} left out`);
}

function inWords({ group, label, seconds, error }: Line): string {
  const result = seconds ? `${(1e3 * seconds.median).toPrecision(3)} ms` : error;
  return `${group}: ${label}: ${result}`;
}

if (import.meta.main) {
  try {
    await main(optionsFrom(Deno.args));
    Deno.exit(0);
  } catch (error) {
    console.error(messageOf(error));
    Deno.exit(1);
  }
}
