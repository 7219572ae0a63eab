/**
 * Where a user's downloads live.
 *
 * @module
 */

import { join } from "node:path";

/** What {@linkcode cacheDirectory} needs to know of the system. */
export interface CacheSystem {
  /** Operating system as `Deno.build.os` names it. */
  readonly os: string;
  /** Value of an environment variable, undefined where it is not set. */
  readonly env: (name: string) => string | undefined;
}

const THIS_SYSTEM: CacheSystem = {
  os: Deno.build.os,
  env: (name) => Deno.env.get(name),
};

/**
 * The folder for files of this project that can be fetched again: `rankflow` in the cache folder
 * of the user (`$XDG_CACHE_HOME` or `~/.cache`, on macOS `~/Library/Caches`, on Windows
 * `%LOCALAPPDATA%`). It may not exist yet.
 *
 * @throws {Error} When the environment names no home.
 */
export function cacheDirectory(system: CacheSystem = THIS_SYSTEM): string {
  const base = userCache(system);
  if (base) return join(base, "rankflow");
  const names = system.os === "windows" ? "LOCALAPPDATA" : "HOME";
  throw new Error(
    `Cannot choose a cache folder: expected the environment variable ${names}, got none; ` +
      "set it or name a folder with --data DIR",
  );
}

function userCache({ os, env }: CacheSystem): string | undefined {
  if (os === "windows") return env("LOCALAPPDATA");
  const home = env("HOME");
  if (os === "darwin") return home && join(home, "Library", "Caches");
  return env("XDG_CACHE_HOME") || (home && join(home, ".cache"));
}
