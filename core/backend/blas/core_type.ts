/**
 * What OpenBLAS takes a processor for that is newer than itself.
 *
 * @module
 */

/** Environment variable by which people say which kernels OpenBLAS uses. */
export const CORE_VARIABLE = "OPENBLAS_CORETYPE";

/** Kernels without AVX: those of old processors, and of all that OpenBLAS does not know. */
const WITHOUT_AVX = new Set([
  ...["Katmai", "Coppermine", "Northwood", "Prescott", "Banias", "Core2", "Penryn", "Dunnington"],
  ...["Nehalem", "Atom", "Athlon", "Opteron", "Opteron_SSE3", "Barcelona", "Bobcat", "Nano"],
]);

/** Kernels by what they need, best first. */
const KERNELS: readonly [core: string, flags: readonly string[]][] = [
  ["SkylakeX", ["avx512f", "avx512bw", "avx512dq", "avx512vl", "avx2", "fma"]],
  ["Haswell", ["avx2", "fma"]],
  ["Sandybridge", ["avx"]],
];

/**
 * The kernels that OpenBLAS should use in place of those without AVX that it chose; undefined where
 * its choice stands. OpenBLAS 0.3.21 takes processors of 2023 and later for one of 2004, and
 * multiplies at a fifth of their speed.
 *
 * @param core What it chose, as `openblas_get_config` ends.
 * @param processors Text of /proc/cpuinfo.
 */
export function betterCore(core: string | undefined, processors: string): string | undefined {
  if (core === undefined || !WITHOUT_AVX.has(core)) return undefined;
  const flags = /^flags\s*:(.*)$/m.exec(processors)?.[1] ?? "";
  const has = new Set(flags.trim().split(/\s+/));
  return KERNELS.find(([, needed]) => needed.every((flag) => has.has(flag)))?.[0];
}

const PROCESSORS = "/proc/cpuinfo";

/** Text of /proc/cpuinfo; empty where there is none, or this process may not read it. */
export function processorText(): string {
  const { state } = Deno.permissions.querySync({ name: "read", path: PROCESSORS });
  if (Deno.build.os !== "linux" || state !== "granted") return "";
  try {
    return Deno.readTextFileSync(PROCESSORS);
  } catch {
    return "";
  }
}
