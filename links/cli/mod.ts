/**
 * Command-line parsing under the name and signature of `jsr:@std/cli`, for machines that cannot
 * reach jsr.io: a subset, used through `links` in deno.json. Published code resolves the real
 * package.
 *
 * @module
 */

export { parseArgs } from "./parse_args.ts";
export type { Args, ParseOptions } from "./parse_args.ts";
