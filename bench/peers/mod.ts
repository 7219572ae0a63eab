/**
 * Other frameworks as workers of the benches.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { Worker } from "../support/worker_client.ts";

/** A Python that can import a module, or the reason why there is none. */
export type FoundPython =
  | { readonly python: string; readonly reason?: undefined }
  | { readonly python?: undefined; readonly reason: string };

/**
 * Looks for a Python with PyTorch, as {@linkcode findPython} does.
 */
export async function findPyTorch(): Promise<FoundPython> {
  return await findPython("torch");
}

/**
 * Looks for a Python with a module: the program named by the environment variable RANKFLOW_PYTHON,
 * and this one only, where it is set; else `python3`.
 *
 * @param module Name to import.
 */
export async function findPython(module: string): Promise<FoundPython> {
  const named = Deno.env.get("RANKFLOW_PYTHON");
  const python = named ?? "python3";
  if (await imports(python, module)) return { python };
  const where = named === undefined ? "python3" : `RANKFLOW_PYTHON=${named}`;
  return { reason: `${where} cannot import ${module}; set RANKFLOW_PYTHON to a Python that can` };
}

async function imports(python: string, module: string): Promise<boolean> {
  try {
    const done = await new Deno.Command(python, {
      args: ["-c", `import ${module}`],
      stdout: "null",
      stderr: "null",
    }).output();
    return done.success;
  } catch {
    return false;
  }
}

/**
 * Starts a PyTorch worker with a number of threads.
 *
 * @param file File of this folder.
 * @param device PyTorch's name of the device; default the CPU.
 */
export function startPyTorch(
  python: string,
  threads: number,
  file = "torch_steps.py",
  device = "cpu",
): Promise<Worker> {
  const script = fileURLToPath(new URL(file, import.meta.url));
  return Worker.start([python, script, "--threads", String(threads), "--device", device]);
}
