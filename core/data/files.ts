/**
 * Files of a collection: finding them, plain or packed, and telling the published ones.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { join } from "node:path";

/**
 * Path of a file in a folder, plain or with `.gz` at the end; undefined when it is not there.
 *
 * @param directory The folder; it may not exist.
 * @param name Name of the plain file.
 */
export async function locate(directory: string, name: string): Promise<string | undefined> {
  for (const candidate of [name, `${name}.gz`]) {
    const path = join(directory, candidate);
    try {
      if ((await Deno.stat(path)).isFile) return path;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return undefined;
}

/**
 * Unpacks gzip content and returns anything else as it is.
 *
 * @param bytes Whole file.
 * @param name Where it comes from, for messages.
 * @throws {Error} When the gzip data are damaged or cut off.
 */
export async function unpack(bytes: Uint8Array, name: string): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const stream = new Blob([bytes.slice()]).stream().pipeThrough(new DecompressionStream("gzip"));
  try {
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `Cannot unpack ${name}: expected whole gzip data, got damaged or cut-off ones (${reason})`,
      { cause: error },
    );
  }
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
