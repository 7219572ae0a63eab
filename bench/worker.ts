/**
 * A worker process of the benches: `worker.ts --backend b [--threads n]` opens one engine, prints
 * one JSON line `{"ready": description}`, then answers each JSON line `{"workload", "steps"}` on
 * standard input with `{"seconds"}`, the wall time of that many steps, and ends with its input.
 * Scripts of other frameworks in bench/peers/ speak the same protocol.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { type Engine, openEngine } from "../core/mod.ts";
import { makeWorkload } from "./workloads/mod.ts";
import type { Workload } from "./workloads/workload.ts";

/** Workloads made so far, by their full name. */
const made = new Map<string, Workload>();

async function workloadOf(engine: Engine, name: string): Promise<Workload> {
  const existing = made.get(name);
  if (existing) return existing;
  const workload = await makeWorkload(engine, name);
  made.set(name, workload);
  return workload;
}

async function answer(engine: Engine, line: string): Promise<Record<string, unknown>> {
  const request = JSON.parse(line) as { workload: string; steps: number };
  const workload = await workloadOf(engine, request.workload);
  const start = performance.now();
  for (let i = 0; i < request.steps; i++) await workload.step();
  await workload.finish?.();
  const seconds = (performance.now() - start) / 1000;
  const { flops, numbers } = workload;
  return { seconds, flops, numbers, peakBytes: await peakResidentBytes() };
}

/** Highest resident memory of this process so far; undefined where the system does not tell. */
async function peakResidentBytes(): Promise<number | undefined> {
  try {
    const status = await Deno.readTextFile("/proc/self/status");
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
  } catch {
    return undefined;
  }
}

function say(record: Record<string, unknown>): void {
  console.log(JSON.stringify(record));
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function serve(engine: Engine): Promise<void> {
  let rest = "";
  for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) say(await answer(engine, line).catch((e) => ({ error: message(e) })));
  }
}

if (import.meta.main) {
  const args = parseArgs(Deno.args, { string: ["backend", "threads"] });
  try {
    const options = args.threads ? { threads: Number(args.threads) } : {};
    const { engine, chosen } = await openEngine(args.backend ?? "auto", options);
    say({ ready: engine.description, backend: chosen });
    await serve(engine);
  } catch (error) {
    say({ error: message(error) });
  }
  Deno.exit(0);
}
