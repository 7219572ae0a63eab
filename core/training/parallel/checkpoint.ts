/**
 * The checkpoint of a run of several members.
 *
 * @module
 */

import { resolve } from "node:path";
import type { Communicator } from "../../comm/mod.ts";
import { type Checkpoint, readCheckpoint, type RunFolder } from "../../io/mod.ts";

/**
 * The checkpoint in the folder that the first member has, for all of them: the others read the same
 * file, which they must be able to reach.
 *
 * @throws {Error} When the file is damaged.
 */
export async function sharedCheckpoint(
  comm: Communicator | undefined,
  folder: RunFolder | undefined,
): Promise<Checkpoint | undefined> {
  const own = await folder?.loadCheckpoint();
  if (comm === undefined || comm.size === 1) return own;
  const text = new TextEncoder().encode(own ? resolve(folder!.path) : "");
  const [length] = await comm.broadcast(new Int32Array([text.length]));
  if (length === 0) return undefined;
  const path = await comm.broadcast(comm.rank === 0 ? text : new Uint8Array(length!));
  return own ?? await readCheckpoint(new TextDecoder().decode(path));
}
