/**
 * The floor under fast kernels on the CPU, for engines, flow solvers and whoever has a loop to run:
 * an assembler for WebAssembly with SIMD, and teams of threads that share its memory. It knows
 * nothing of tensors.
 *
 * - **Assembler.** A {@linkcode FunctionBuilder} collects statements of typed expressions
 *   ({@linkcode i32}, {@linkcode f32}, {@linkcode f64}, {@linkcode v128}); {@linkcode assemble} makes
 *   a module of such functions, on a memory that it imports. Whether the machine has a fused
 *   multiply-add is what {@linkcode hasFused} says. {@linkcode exp} and its kin are elementary
 *   functions on four float32 lanes.
 * - **Shared memory.** A `WebAssembly.Memory` with `shared: true` is seen by all threads; that of a
 *   module which brings its own becomes one by {@linkcode withSharedMemory}.
 * - **Team.** A {@linkcode Team} has *members*: the main thread, and others. It is asked for a *job*,
 *   by name in a table that all members have, cut into *pieces*, each a list of numbers such as
 *   addresses and extents. Whoever is free takes the next piece. Where pieces end does not depend on
 *   the number of members that turn up, so results repeat bit for bit.
 *
 * What the main thread does and what a member's module does:
 *
 * ```ts ignore
 * // jobs.ts
 * export const jobs: Jobs<Kernels> = { scale: (kernels, [at, count]) => kernels.scale(at, count) };
 * // main.ts
 * const others = { module: new URL("./member.ts", import.meta.url), setting: () => memory };
 * const team = new Team({ jobs, member: bind(memory), others });
 * team.threads = 4;
 * team.run("scale", [[0, 1000], [8000, 1000]]);
 * // member.ts
 * joinTeam(jobs, (memory: WebAssembly.Memory) => bind(memory));
 * ```
 *
 * @module
 */

export * from "./assembler.ts";
export { hasFused } from "./fused.ts";
export {
  exp,
  expBelow,
  type MultiplyAdd,
  oneMinusExpNeg,
  polynomial,
  rounded,
  sigmoid,
  softplus,
  softplusAndSlope,
  tanh,
} from "./math.ts";
export { joinTeam } from "./member.ts";
export type { Jobs } from "./pieces.ts";
export { withSharedMemory } from "./share_memory.ts";
export { type OtherMembers, Team, type TeamOptions } from "./team.ts";
