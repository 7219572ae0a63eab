/**
 * Folders that appear at once, when all of their files are there.
 *
 * @module
 */

import { basename, dirname, join, resolve } from "node:path";
import { makeFolder, unlessMissing, unwritable } from "./files.ts";

/**
 * Fills a folder beside its place, then moves it there.
 *
 * @param folder A new folder, or an empty one.
 * @param what What is written, for messages.
 * @param fill Writes files into the folder that it is given.
 * @throws {Error} When there are files in the folder, or it cannot be written; nothing is left then.
 */
export async function writeNewFolder(
  folder: string,
  what: string,
  fill: (temporary: string) => Promise<void>,
): Promise<void> {
  const path = resolve(folder);
  await requireNewFolder(path, what);
  const temporary = join(dirname(path), `.${basename(path)}.${crypto.randomUUID()}.part`);
  await makeFolder(dirname(path));
  await makeFolder(temporary);
  try {
    await fill(temporary);
    await moveTo(path, temporary);
  } catch (error) {
    await Deno.remove(temporary, { recursive: true }).catch(() => {});
    throw error;
  }
}

/**
 * Makes sure that a folder can be written, for those who compute long what they will write.
 *
 * @throws {Error} When there are files in it, or it is no folder.
 */
export async function requireNewFolder(folder: string, what: string): Promise<void> {
  const path = resolve(folder);
  const names = await unlessMissing(() => Array.fromAsync(Deno.readDir(path), (e) => e.name))
    .catch((error) => {
      throw unwritable(path, error);
    });
  if (!names || names.length === 0) return;
  const article = /^[aeiou]/.test(what) ? "an" : "a";
  throw new Error(
    `Cannot write ${article} ${what} into ${path}: expected a new folder or an empty one, got ` +
      `${names.sort()[0]} in it; name another folder`,
  );
}

/** A folder that is there must go first on some systems. */
async function moveTo(path: string, temporary: string): Promise<void> {
  try {
    await unlessMissing(() => Deno.remove(path));
    await Deno.rename(temporary, path);
  } catch (error) {
    throw unwritable(path, error);
  }
}
