/**
 * Where the native addon of the `tensorflow` backend lives: outside the repository, per user.
 *
 * @module
 */

/** Release of the engine package whose binding the addon is built from. */
export const PACKAGE_VERSION = "4.22.0";

/** What is known of an installed addon without loading it; written beside it by the setup. */
export interface AddonRecord {
  /** Folder of libtensorflow that the addon was linked against; it must stay where it is. */
  readonly libtensorflow: string;
  /** Release of the engine package. */
  readonly packageVersion: string;
}

/** What the choice of a folder depends on. */
export interface Surroundings {
  /** Operating system as `Deno.build.os` names it. */
  readonly os: string;
  /** Environment variables. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * The folder that holds the addon: `RANKFLOW_TENSORFLOW` where set, else the user's cache folder
 * by the conventions of the operating system.
 *
 * @throws {Error} When no home folder is known and the variable is not set.
 */
export function addonFolder(around: Surroundings = here()): string {
  const { env } = around;
  if (env.RANKFLOW_TENSORFLOW) return env.RANKFLOW_TENSORFLOW;
  const cache = userCache(around);
  if (cache) return `${cache}/rankflow/tensorflow`;
  throw new Error(
    "Cannot place the TensorFlow addon: expected a home folder, got none; set RANKFLOW_TENSORFLOW",
  );
}

/** The addon's file within its folder; the engine package uses the same relative path. */
export function addonFile(folder: string): string {
  return `${folder}/lib/napi-v8/tfjs_binding.node`;
}

/** The record's file within the addon's folder. */
export function recordFile(folder: string): string {
  return `${folder}/rankflow.json`;
}

/** Reads the record of an installed addon; undefined when there is none or it cannot be read. */
export async function readRecord(folder: string): Promise<AddonRecord | undefined> {
  try {
    return JSON.parse(await Deno.readTextFile(recordFile(folder))) as AddonRecord;
  } catch {
    return undefined;
  }
}

/** Whether there is a file or folder of that name. */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch {
    return false;
  }
}

function here(): Surroundings {
  return { os: Deno.build.os, env: Deno.env.toObject() };
}

function userCache({ os, env }: Surroundings): string | undefined {
  if (os === "windows") return env.LOCALAPPDATA;
  if (os === "darwin") return env.HOME && `${env.HOME}/Library/Caches`;
  return env.XDG_CACHE_HOME || (env.HOME && `${env.HOME}/.cache`);
}
