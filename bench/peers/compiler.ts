/**
 * Peers in C, compiled on the spot where there is a compiler.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import type { BenchResult } from "../support/definition.ts";
import { Worker } from "../support/worker_client.ts";

/** A compiled program, or the reason why there is none. */
export type Compiled =
  | { readonly program: string; readonly reason?: undefined }
  | { readonly program?: undefined; readonly reason: string };

const FLAGS = ["-O3", "-march=native", "-ffp-contract=fast"];

/**
 * Compiles a source file of this folder with the program that the environment variable CC names,
 * or `cc`.
 *
 * @param source Name of the file.
 * @param folder Where the program goes.
 * @param compiler Takes the place of that program.
 */
export async function compile(
  source: string,
  folder: string,
  compiler: string = Deno.env.get("CC") ?? "cc",
): Promise<Compiled> {
  const program = `${folder}/${source.replace(/\.c$/, "")}`;
  const file = fileURLToPath(new URL(source, import.meta.url));
  try {
    const { success, stderr } = await new Deno.Command(compiler, {
      args: [...FLAGS, "-o", program, file, "-lm"],
    }).output();
    if (success) return { program };
    return { reason: `${compiler}: ${new TextDecoder().decode(stderr).split("\n")[0]}` };
  } catch {
    const advice = compiler === "mpicc" ? "install one" : "install one or set CC";
    return { reason: `there is no C compiler "${compiler}"; ${advice}` };
  }
}

/**
 * Measures beside a compiled peer, or without it where it cannot be compiled: a note says why.
 *
 * @param source Name of the file in this folder.
 * @param name Name of the peer in notes.
 * @param run Measures; without a peer where there is none.
 */
export async function besideCompiled(
  source: string,
  name: string,
  run: (peer: Worker | undefined) => Promise<Pick<BenchResult, "sections" | "aims">>,
): Promise<BenchResult> {
  const folder = await Deno.makeTempDir();
  try {
    const { program, reason } = await compile(source, folder);
    if (program === undefined) return { ...await run(undefined), notes: [`${name}: ${reason}`] };
    await using peer = await startCompiled(program);
    return { ...await run(peer), notes: [] };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Starts a compiled peer. */
export function startCompiled(program: string): Promise<Worker> {
  return Worker.start([program]);
}
