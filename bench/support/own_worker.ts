import { fileURLToPath } from "node:url";
import { Worker } from "./worker_client.ts";

/**
 * Starts a worker of our own with one backend.
 *
 * @param backend Registry name, or "auto".
 * @param threads Threads of the backend; default its own.
 */
export function startOwn(backend: string, threads?: number): Promise<Worker> {
  const script = fileURLToPath(new URL("../worker.ts", import.meta.url));
  const command = [Deno.execPath(), "run", "-A", script, "--backend", backend];
  if (threads !== undefined) command.push("--threads", String(threads));
  return Worker.start(command);
}

/** Thread counts worth trying here: one, and all cores. */
export function threadCounts(): number[] {
  return [...new Set([1, navigator.hardwareConcurrency])];
}
