/**
 * Finding and loading the system's MPI.
 *
 * @module
 */

import { missingPermission } from "../../permissions.ts";
import { launchOf, type MpiFamily } from "./launch.ts";
import {
  MPICH_HANDLES,
  type MpiFunctions,
  type MpiHandles,
  openMpiHandles,
  SYMBOLS,
} from "./symbols.ts";

/** Which library there is. */
export interface FoundMpi {
  /** Path or name under which it was found. */
  readonly path: string;
  /** Name and version, as the library tells: "MPICH 4.0.2". */
  readonly title: string;
}

/** A loaded library. */
export interface MpiLibrary extends FoundMpi {
  /** Whose handles it takes. */
  readonly family: MpiFamily;
  /** Its functions. */
  readonly functions: MpiFunctions;
  /** Its handles. */
  readonly handles: MpiHandles;
}

/** Environment variable that names the library to load, and no other. */
export const MPI_VARIABLE = "RANKFLOW_MPI";

/** What to do where there is none. */
export const MPI_HINT =
  "install MPICH (Debian: mpich) or Open MPI (openmpi-bin), or set RANKFLOW_MPI to a library";

const WELL_KNOWN: Readonly<Record<MpiFamily, readonly string[]>> = Deno.build.os === "darwin"
  ? {
    "MPICH": ["/opt/homebrew/opt/mpich/lib/libmpi.dylib", "/usr/local/opt/mpich/lib/libmpi.dylib"],
    "Open MPI": [
      "/opt/homebrew/opt/open-mpi/lib/libmpi.dylib",
      "/usr/local/opt/open-mpi/lib/libmpi.dylib",
    ],
  }
  : { "MPICH": ["libmpich.so.12", "libmpi.so.12"], "Open MPI": ["libmpi.so.40", "libmpi.so.80"] };

/** The names that are tried, in this order: first those of the family that started this process. */
export function mpiCandidates(): readonly string[] {
  const named = Deno.env.get(MPI_VARIABLE);
  if (named) return [named];
  const launch = launchOf((name) => Deno.env.get(name));
  const families: MpiFamily[] = ["MPICH", "Open MPI"];
  if (launch?.family === "Open MPI") families.reverse();
  return [...families.flatMap((family) => WELL_KNOWN[family]), "libmpi.so"];
}

let loaded: MpiLibrary | string | undefined;

/** The library, or one line that says why there is none. Loads it once per process. */
export function loadMpi(): MpiLibrary | string {
  loaded ??= missingPermission("ffi", "env") ?? search();
  return loaded;
}

/** Which library a job takes, or one line that says why there is none. */
export function findMpi(): FoundMpi | string {
  return loadMpi();
}

function search(): MpiLibrary | string {
  const names = mpiCandidates();
  const failures: string[] = [];
  for (const path of names) {
    const library = openLibrary(path);
    if (typeof library !== "string") return library;
    failures.push(library);
  }
  return names.length === 1
    ? `${names[0]} cannot be loaded (${failures[0]})`
    : `no MPI library found (tried ${names.join(", ")})`;
}

function openLibrary(path: string): MpiLibrary | string {
  try {
    keepLoaded(path);
    const functions = Deno.dlopen(path, SYMBOLS).symbols as unknown as MpiFunctions;
    const open = openMpiHandles(path);
    const family = open ? "Open MPI" : "MPICH";
    return { path, family, title: titleOf(functions), functions, handles: open ?? MPICH_HANDLES };
  } catch (error) {
    return (error instanceof Error ? error.message : String(error)).split("\n")[0]!;
  }
}

/**
 * Loads a library so that it stays until the process is gone. Open MPI leaves functions with the
 * system that are called when a thread ends, after Deno has closed its libraries. Its own plugins
 * look for its symbols among those of the whole process.
 */
function keepLoaded(path: string): void {
  const { names, flags } = KEEPING[Deno.build.os] ?? { names: [], flags: 0 };
  const symbols = { dlopen: { parameters: ["buffer", "i32"], result: "pointer" } } as const;
  for (const name of names) {
    try {
      Deno.dlopen(name, symbols).symbols.dlopen(new TextEncoder().encode(`${path}\0`), flags);
      return;
    } catch {
      // Older systems have the function in a library of its own.
    }
  }
}

/** Where `dlopen` is, and its flags RTLD_NOW, RTLD_GLOBAL and RTLD_NODELETE together. */
const KEEPING: Partial<
  Record<typeof Deno.build.os, { readonly names: readonly string[]; readonly flags: number }>
> = {
  linux: { names: ["libc.so.6", "libdl.so.2"], flags: 0x1102 },
  darwin: { names: ["libSystem.dylib"], flags: 0x8a },
};

/** Bytes that a library's description may take: the longest that MPICH and Open MPI state. */
const LONGEST_TITLE = 8192;

/** Such as "MPICH 4.0.2" or "Open MPI 4.1.4". */
function titleOf({ MPI_Get_library_version }: MpiFunctions): string {
  const [text, length] = [new Uint8Array(LONGEST_TITLE), new Int32Array(1)];
  MPI_Get_library_version(text, length);
  const all = new TextDecoder().decode(text.subarray(0, length[0])).replaceAll("\0", "");
  const [, version] = all.match(/(\d+\.\d+[.\w]*)/) ?? [];
  const name = all.match(/Open MPI|MPICH|Intel\(R\) MPI|MVAPICH/)?.[0] ?? "MPI";
  return version ? `${name} ${version}` : name;
}
