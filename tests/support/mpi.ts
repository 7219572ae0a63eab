/** Programs of this repository as jobs of several processes. */

import { findMpi } from "../../core/comm/mod.ts";
import type { Finished } from "./command_line.ts";

/** Declares a test of a job; skipped with the reason where there can be none. */
export function mpiTest(name: string, fn: () => Promise<void>): void {
  const reason = missingMpi === undefined ? "" : ` (skipped: ${missingMpi})`;
  Deno.test({ name: `${name}${reason}`, ignore: missingMpi !== undefined, fn });
}

const ROOT = new URL("../../", import.meta.url);

/** Lets Open MPI run as root, and with more processes than cores, as in containers. */
const WILLING = {
  OMPI_ALLOW_RUN_AS_ROOT: "1",
  OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1",
  OMPI_MCA_rmaps_base_oversubscribe: "1",
};

/** Why there can be no job of several processes here; undefined where there can. */
export const missingMpi: string | undefined = await whyNone();

async function whyNone(): Promise<string | undefined> {
  const library = findMpi();
  if (typeof library === "string") return library;
  try {
    const { success } = await new Deno.Command("mpiexec", {
      args: ["-n", "1", "true"],
      env: WILLING,
    }).output();
    return success ? undefined : "mpiexec starts nothing";
  } catch {
    return "there is no mpiexec";
  }
}

/** A program as a job of so many processes. */
export function mpiCommand(
  processes: number,
  program: string,
  args: readonly string[],
): Deno.Command {
  return new Deno.Command("mpiexec", {
    args: [
      ...["-n", String(processes), Deno.execPath(), "run", "-A", "--no-check", program],
      ...args,
    ],
    cwd: ROOT,
    env: { NO_COLOR: "1", ...WILLING },
    stdout: "piped",
    stderr: "piped",
  });
}

/** Runs a program as a job of so many processes to its end. */
export async function runMpi(
  processes: number,
  program: string,
  ...args: string[]
): Promise<Finished> {
  const { code, stdout, stderr } = await mpiCommand(processes, program, args).output();
  const text = new TextDecoder();
  return { code, out: text.decode(stdout), err: text.decode(stderr) };
}
