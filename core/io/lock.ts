/**
 * Locks on files that end with the process that holds them, however it ends.
 *
 * @module
 */

import { join } from "node:path";
import { unwritable } from "./files.ts";

/** Name of the file in a locked folder; it holds the number of the process that locked it. */
export const LOCK_FILE = ".lock";

/** The right to be the only one who writes into a folder. */
export class FolderLock implements Disposable {
  /** Says where it does not keep others away, as on file systems without locks. */
  readonly warnings: readonly string[];
  readonly #path: string;
  readonly #file: Deno.FsFile;

  /** Used by {@linkcode lockFolder}. */
  constructor(path: string, file: Deno.FsFile, warnings: readonly string[]) {
    this.#path = path;
    this.#file = file;
    this.warnings = warnings;
  }

  /** Lets others write; removes the file. */
  [Symbol.dispose](): void {
    try {
      // While the lock is still held: whoever locked the file in between would lose it.
      Deno.removeSync(this.#path);
    } catch {
      // The folder itself is gone, or nothing in it may be removed; an unlocked file harms nobody.
    }
    this.#file.close();
  }
}

/**
 * Locks a folder against other writers, also those of this process.
 *
 * @param folder An existing folder.
 * @returns The lock; it is released when it is disposed or the process ends.
 * @throws {Error} When somebody else holds it, or the folder cannot be written into.
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const path = join(folder, LOCK_FILE);
  for (;;) {
    const file = await openLock(path, folder);
    const got = await lockFile(file, path);
    if (got === "gone") continue;
    if (got === "taken") {
      file.close();
      throw new Error(`Cannot write into ${folder}: ${await holder(path)} is writing there`);
    }
    await nameHolder(file);
    return new FolderLock(
      path,
      file,
      got === "held" ? [] : [
        `Nothing keeps another process from writing into ${folder}: no locks there (${got.missing})`,
      ],
    );
  }
}

/** For the message that others get, no more: a full disk does not matter here. */
async function nameHolder(file: Deno.FsFile): Promise<void> {
  try {
    await file.truncate();
    await file.write(new TextEncoder().encode(`${Deno.pid}\n`));
  } catch {
    // The lock holds without a name.
  }
}

async function openLock(path: string, folder: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path, { create: true, read: true, write: true });
  } catch (error) {
    throw unwritable(folder, error);
  }
}

/** What became of the wish for a lock. */
type Locking = "held" | "taken" | "gone" | { readonly missing: string };

/**
 * Locks an open file. File systems without locks let everybody pass.
 *
 * @param path Where it lies; the answer is "gone", and the file closed, when it lies there no more.
 */
export async function lockFile(file: Deno.FsFile, path: string): Promise<Locking> {
  let got: Locking;
  try {
    got = await file.tryLock(true) ? "held" : "taken";
  } catch (error) {
    got = { missing: error instanceof Error ? error.message : String(error) };
  }
  if (got === "taken" || await liesAt(file, path)) return got;
  file.close();
  return "gone";
}

/** Whether an open file is the one that a path leads to. */
async function liesAt(file: Deno.FsFile, path: string): Promise<boolean> {
  try {
    const [own, found] = [await file.stat(), await Deno.stat(path)];
    return own.ino === found.ino && own.dev === found.dev;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function holder(path: string): Promise<string> {
  // Where locks keep readers away, too, the number stays unknown.
  const text = await Deno.readTextFile(path).catch(() => "");
  return /^\d+\n$/.test(text) ? `process ${text.trim()}` : "another process";
}
