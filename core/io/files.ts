/**
 * Reading files and making folders, with one line that says why where it does not work.
 *
 * @module
 */

import { dirname } from "node:path";
import { shorten } from "./json.ts";

/** What went wrong, in words, by the code of the operating system's error. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file or folder",
  ENOTDIR: "expected folders in its path, got a file",
  EEXIST: "expected a folder, got a file",
  EISDIR: "expected a file, got a folder",
  EACCES: "expected permission, got none",
  EPERM: "expected permission, got none",
  EROFS: "expected a disk that can be written to, got a read-only one",
  ENAMETOOLONG: "expected a shorter path, got one that is too long",
  ENOSPC: "expected room on the disk, got none",
  EDQUOT: "expected room within the disk quota, got none",
  ELOOP: "expected a link that ends, got a circle of links",
};

/**
 * Why an operation on a file failed, in a few words without the path.
 *
 * @param error What was thrown.
 */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return shorten(String(error));
  const code = (error as { readonly code?: unknown }).code;
  if (typeof code === "string" && code in REASONS) return REASONS[code]!;
  // The caller has the path of 'Requires read access to "/a/b", run again with the --allow-read flag'.
  const flag = error instanceof Deno.errors.NotCapable && /--allow-[a-z]+/.exec(error.message);
  if (flag) return `${flag[0]} is not granted`;
  // Of "Input/output error (os error 5): open '/a/b'" the caller has the path.
  return shorten(error.message.replace(/( \(os error \d+\))?(: \w+ '.*)?$/s, ""));
}

/**
 * Reads a whole file.
 *
 * @param path The file.
 * @throws {Error} "Cannot read PATH: …", with the system's error as its cause.
 */
export async function readBytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  return await explained(path, () => Deno.readFile(path));
}

/**
 * Reads a whole text file.
 *
 * @param path The file.
 * @throws {Error} "Cannot read PATH: …", with the system's error as its cause.
 */
export async function readText(path: string): Promise<string> {
  return await explained(path, () => Deno.readTextFile(path));
}

/**
 * What is at a path.
 *
 * @param path File or folder.
 * @throws {Error} "Cannot read PATH: …", with the system's error as its cause.
 */
export async function fileInfo(path: string): Promise<Deno.FileInfo> {
  return await explained(path, () => Deno.stat(path));
}

/**
 * Says in one line that a file or folder cannot be written, and why: a full disk, no permission.
 *
 * @param path What was to be written.
 * @param error What the system said, which becomes the cause.
 */
export function unwritable(path: string, error: unknown): Error {
  return new Error(`Cannot write ${path}: ${reasonOf(error)}`, { cause: error });
}

/**
 * Makes a folder and those that it lies in; one that is there stays as it is.
 *
 * @param path The folder.
 * @returns The folders that were missing, the innermost first.
 * @throws {Error} "Cannot make the folder PATH: …", with the system's error as its cause.
 */
export async function makeFolder(path: string): Promise<string[]> {
  const missing: string[] = [];
  try {
    for (let at = path; !await unlessMissing(() => Deno.stat(at)); at = dirname(at)) {
      missing.push(at);
    }
    await Deno.mkdir(path, { recursive: true });
    return missing;
  } catch (error) {
    throw new Error(`Cannot make the folder ${path}: ${reasonOf(error)}`, { cause: error });
  }
}

/**
 * The result of reading, or undefined where the file or folder is missing.
 *
 * @param read Reads, as {@linkcode readBytes} does or as `Deno.readFile` does.
 * @throws {Error} Whatever `read` throws for other reasons.
 */
export async function unlessMissing<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (isMissing(error) || error instanceof Error && isMissing(error.cause)) return undefined;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound;
}

async function explained<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw new Error(`Cannot read ${path}: ${reasonOf(error)}`, { cause: error });
  }
}
