/**
 * Files that are either the old ones or the new ones, never half of either.
 *
 * @module
 */

import { basename, dirname, join } from "node:path";
import { reasonOf } from "./files.ts";

/**
 * Replaces a file in one step: writes a temporary file beside it, flushes it to the disk, renames
 * it over the target and flushes the folder. A crash at any moment leaves the old file or the new.
 *
 * @param path The file to write; its folder must exist.
 * @param content A text (UTF-8), bytes, or several byte blocks that are written in turn.
 * @throws {Error} When the file cannot be written; the temporary file is removed.
 */
export async function writeAtomic(
  path: string,
  content: string | Uint8Array | readonly Uint8Array[],
): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${crypto.randomUUID()}.part`);
  try {
    await writeSynced(temporary, blocksOf(content));
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw new Error(`Cannot write ${path}: ${reasonOf(error)}`, { cause: error });
  }
  await syncFolder(dirname(path));
}

function blocksOf(content: string | Uint8Array | readonly Uint8Array[]): readonly Uint8Array[] {
  if (typeof content === "string") return [new TextEncoder().encode(content)];
  return content instanceof Uint8Array ? [content] : content;
}

async function writeSynced(path: string, blocks: readonly Uint8Array[]): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true });
  for (const block of blocks) {
    for (let done = 0; done < block.length;) done += await file.write(block.subarray(done));
  }
  await file.sync();
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
