/**
 * Where a person stood when they typed a command: `deno task` runs commands in the folder of
 * deno.json and tells in `INIT_CWD` where it was called.
 *
 * @module
 */

import { fileURLToPath } from "node:url";

/** What {@linkcode typedFolder} needs to know of the process. */
export interface TypedFrom {
  /** Folder that the process runs in. */
  readonly cwd: string;
  /** Folder of the program's deno.json; undefined where it is no file on this machine. */
  readonly root: string | undefined;
  /** `INIT_CWD` of the environment. */
  readonly called: string | undefined;
}

/**
 * The folder that paths on the command line are meant from. Where the process does not run in the
 * folder of deno.json it was not started by one of its tasks, and somebody else set `INIT_CWD`.
 */
export function typedFolder({ cwd, root, called }: TypedFrom = here()): string {
  if (!called || root === undefined || real(cwd) !== real(root)) return cwd;
  return real(called) === undefined ? cwd : called;
}

function here(): TypedFrom {
  const root = new URL("../", import.meta.url);
  return {
    cwd: Deno.cwd(),
    root: root.protocol === "file:" ? fileURLToPath(root) : undefined,
    called: Deno.env.get("INIT_CWD"),
  };
}

/** The folder without links in its path; undefined when it is gone. */
function real(folder: string): string | undefined {
  try {
    return Deno.realPathSync(folder);
  } catch {
    return undefined;
  }
}
