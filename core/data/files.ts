/**
 * Files of a collection: finding them, plain or packed, and telling the published ones.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { LoadOptions } from "./dataset.ts";
import { fileInfo, reasonOf, unlessMissing } from "../io/mod.ts";

/**
 * Refuses a folder of data that is something else.
 *
 * @param directory The folder; it may not exist.
 * @throws {Error} When it is a file, or cannot be looked at.
 */
export async function checkFolder(directory: string): Promise<void> {
  const info = await unlessMissing(() => fileInfo(directory));
  if (!info || info.isDirectory) return;
  throw new Error(`Cannot read data from ${directory}: expected a folder, got a file`);
}

/**
 * Path of a file, plain or with `.gz` at the end; undefined when it is nowhere.
 *
 * @param folders Where to look, in this order; they may not exist.
 * @param names Spellings of the name of the plain file, the best first.
 */
export async function locate(
  folders: readonly string[],
  names: readonly string[],
): Promise<string | undefined> {
  for (const folder of folders) {
    for (const name of names) {
      for (const path of [join(folder, name), join(folder, `${name}.gz`)]) {
        if (await isFile(path)) return path;
      }
    }
  }
  return undefined;
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await unlessMissing(() => fileInfo(path)))?.isFile ?? false;
  } catch (error) {
    // A file where a folder could be is no such folder.
    if (error instanceof Error && error.cause instanceof Deno.errors.NotADirectory) return false;
    throw error;
  }
}

/** Forms in which people pass data on and which are not read. */
const OTHER_FORM =
  /(\.(zip|tar|tgz|tar\.\w+|7z|rar|npz|npy|mat|parquet|pkl|pickle|pt|pth|h5|hdf5)|-py)$/i;

/** Files of a collection that are not where they should be. */
export interface MissingFiles {
  /** Registry name of the collection. */
  readonly collection: string;
  /** The folder; it may not exist. */
  readonly directory: string;
  /** What to put there, in words. */
  readonly wanted: string;
}

/**
 * Downloads files that are missing.
 *
 * @param offline Whether that is switched off.
 * @param fetchFiles Does it.
 * @throws {Error} When it is switched off or fails, or when the collection lies there in a form that
 * is not read; the message says what to put where.
 */
export async function fetchMissing(
  { collection, directory, wanted }: MissingFiles,
  options: Pick<LoadOptions, "directory" | "offline" | "onWarning">,
  fetchFiles: () => Promise<void>,
): Promise<void> {
  const refuse = (why: string, cause?: unknown) =>
    new Error(
      `Cannot load ${collection}: ${why}. Put ${wanted} into ${directory}, ` +
        "or name the folder that has them with --data DIR",
      { cause },
    );
  const others = enumerate(await otherForms(directory, collection));
  if (others !== "") {
    throw refuse(`files are missing, and what lies there is in a form that is not read: ${others}`);
  }
  if (options.offline) throw refuse("files are missing and downloads are switched off");
  // The folder of the cache is ours to make; one that is named may be mistyped.
  if (options.directory !== undefined && !await unlessMissing(() => fileInfo(directory))) {
    options.onWarning?.(
      `there is no folder ${directory}: it is made, and ${collection} is downloaded into it`,
    );
  }
  try {
    await fetchFiles();
  } catch (error) {
    throw refuse(error instanceof Error ? error.message : String(error), error);
  }
}

/** Names in a folder that have a word of the collection in them and an ending that is not read. */
async function otherForms(directory: string, collection: string): Promise<string[]> {
  const words = collection.split(/[^a-z]+/).filter((word) => word.length > 3);
  const alike = new RegExp([...words, "^archive\\b", "^train\\b", "^test\\b"].join("|"), "i");
  const names = await unlessMissing(() => Array.fromAsync(Deno.readDir(directory), (e) => e.name));
  return (names ?? []).filter((name) => OTHER_FORM.test(name) && alike.test(name)).sort();
}

/**
 * Unpacks gzip content and returns anything else as it is.
 *
 * Several gzip members in a row are one content, as of `cat a.gz b.gz` or pigz, and zeros may fill
 * the file up to a block of a tape.
 *
 * @param bytes Whole file.
 * @param name Where it comes from, for messages.
 * @throws {Error} When the gzip data are damaged or cut off, or something else follows them.
 */
export function unpack(bytes: Uint8Array, name: string): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    // The types leave out that `info` makes a pair of the result.
    const { buffer, engine } = gunzipSync(bytes, { info: true }) as unknown as Unpacked;
    if (bytes.subarray(engine.bytesWritten).every((b) => b === 0)) return buffer;
  } catch (error) {
    throw damaged(name, reasonOf(error), error);
  }
  throw damaged(name, "other data follow");
}

interface Unpacked {
  readonly buffer: Uint8Array;
  readonly engine: { readonly bytesWritten: number };
}

function damaged(name: string, reason: string, cause?: unknown): Error {
  return new Error(
    `Cannot unpack ${name}: expected whole gzip data, got damaged or cut-off ones (${reason})`,
    { cause },
  );
}

/**
 * What speaks against bytes being the published ones; undefined when nothing does.
 *
 * @param digest Digest of the published bytes, hexadecimal: SHA-256 or, by its length, MD5.
 */
export function contradiction(bytes: Uint8Array, digest: string): string | undefined {
  const algorithm = digest.length === 64 ? "sha256" : "md5";
  const actual = createHash(algorithm).update(bytes).digest("hex");
  if (actual === digest) return undefined;
  return `expected content with ${algorithm} ${digest}, got ${actual}`;
}

/** Names as a sentence has them: `a, b and c`. */
export function enumerate(names: readonly string[]): string {
  return names.length < 2
    ? names.join()
    : `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`;
}
