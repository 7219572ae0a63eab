/**
 * Files that are either the old ones or the new ones, never half of either.
 *
 * @module
 */

import { basename, dirname, join } from "node:path";
import { unwritable } from "./files.ts";
import { lockFile } from "./lock.ts";

/**
 * Replaces a file in one step: writes a temporary file beside it, flushes it to the disk, renames
 * it over the target and flushes the folder. A crash at any moment leaves the old file or the new,
 * and maybe the temporary one, which the next writer of the file removes.
 *
 * @param path The file to write; its folder must exist.
 * @param content A text (UTF-8), bytes, or several byte blocks that are written in turn.
 * @throws {Error} When the file cannot be written; the temporary file is removed.
 */
export async function writeAtomic(
  path: string,
  content: string | Uint8Array | readonly Uint8Array[],
): Promise<void> {
  // A folder that nobody may list can be written into all the same.
  await removeAbandoned(dirname(path), basename(path)).catch(() => {});
  try {
    await replace(path, blocksOf(content));
  } catch (error) {
    throw unwritable(path, error);
  }
  await syncFolder(dirname(path));
}

/**
 * Removes temporary files that processes which died while they wrote have left. Those of writers
 * that are at work stay.
 *
 * @param folder Where to look.
 * @param name Name of the file that was to be written; default any.
 */
export async function removeAbandoned(folder: string, name?: string): Promise<void> {
  for await (const entry of Deno.readDir(folder)) {
    const of = TEMPORARY.exec(entry.name)?.[1];
    if (of === undefined || (name !== undefined && of !== name)) continue;
    const path = join(folder, entry.name);
    try {
      using file = await Deno.open(path, { write: true });
      if (await file.tryLock(true)) await Deno.remove(path);
    } catch {
      // Somebody else removed it, or it belongs to another user, or there are no locks here.
    }
  }
}

/** Names of temporary files, with that of their target. */
const TEMPORARY = /^\.(.+)\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.part$/;

function blocksOf(content: string | Uint8Array | readonly Uint8Array[]): readonly Uint8Array[] {
  if (typeof content === "string") return [new TextEncoder().encode(content)];
  return content instanceof Uint8Array ? [content] : content;
}

/** The lock on the temporary file, kept until it has its new name, tells others that it is in use. */
async function replace(path: string, blocks: readonly Uint8Array[]): Promise<void> {
  const { temporary, file } = await openTemporary(path);
  using _ = file;
  try {
    for (const block of blocks) {
      for (let done = 0; done < block.length;) done += await file.write(block.subarray(done));
    }
    await file.sync();
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw error;
  }
}

async function openTemporary(path: string): Promise<{ temporary: string; file: Deno.FsFile }> {
  for (;;) {
    const name = `.${basename(path)}.${crypto.randomUUID()}.part`;
    const temporary = join(dirname(path), name);
    const file = await Deno.open(temporary, { write: true, createNew: true });
    const got = await lockFile(file, temporary);
    // Between the two lines above it looked like one that a dead process had left.
    if (got === "gone") continue;
    if (got !== "taken") return { temporary, file };
    file.close();
  }
}

/** The rename itself survives a power cut only once the folder is flushed; not all systems can. */
async function syncFolder(path: string): Promise<void> {
  try {
    using folder = await Deno.open(path);
    await folder.sync();
  } catch {
    // Windows cannot open folders, and some network file systems cannot flush them.
  }
}
