import { join } from "node:path";
import { fileInfo, readBytes, reasonOf, shorten } from "../../io/mod.ts";
import { enumerate, unpack } from "../files.ts";
import { joined } from "./joined.ts";

/** Endings of the files that are taken from a folder. */
const ENDINGS = /\.txt(\.gz)?$/;
/** Names that a message lists. */
const LISTED = 5;

/**
 * The bytes of a text: of a file, or of all files in a folder and the folders in it that end in
 * `.txt` or `.txt.gz`, in the order of their paths, one after another.
 *
 * @param path File, plain or gzip whatever its name, or folder. Where a file lies there plain and
 * packed, the plain one is taken.
 * @throws {Error} When there is no such file or folder, no text in it, or a file is damaged.
 */
export async function readTextFiles(path: string): Promise<Uint8Array> {
  const info = await fileInfo(path);
  const paths = info.isDirectory ? await textsIn(path) : [path];
  const parts = await Promise.all(paths.map(async (p) => unpack(await readBytes(p), p)));
  const whole = joined(Uint8Array, parts);
  if (whole.length > 0) return whole;
  throw new Error(`Cannot read text from ${path}: expected at least one byte, got none`);
}

/**
 * The characters of a text.
 *
 * @param path Where its bytes come from, for the message.
 * @throws {Error} When the bytes are no UTF-8.
 */
export function decodeText(path: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Error(`Cannot read text from ${path}: expected UTF-8, got other bytes; convert it`);
  }
}

async function textsIn(folder: string): Promise<string[]> {
  const all = await filesIn(folder);
  const found = all.filter((path) => ENDINGS.test(path));
  if (found.length === 0) {
    const names = all.slice(0, LISTED).map((path) => path.slice(folder.length).replace(/^\//, ""));
    const got = names.length > 0 ? shorten(enumerate(names)) : "an empty folder";
    throw new Error(
      `Cannot read text from ${folder}: expected files that end in .txt or .txt.gz, got ${got}`,
    );
  }
  const plain = new Set(found);
  return found.filter((path) => !(path.endsWith(".gz") && plain.has(path.slice(0, -3))));
}

/** Paths of all files below a folder, sorted; links to folders are not followed. */
async function filesIn(folder: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(folder)).catch((error) => {
    throw new Error(`Cannot read ${folder}: ${reasonOf(error)}`, { cause: error });
  });
  const paths = await Promise.all(entries.map(({ name, isDirectory }) => {
    const path = join(folder, name);
    return isDirectory ? filesIn(path) : [path];
  }));
  return paths.flat().sort();
}
