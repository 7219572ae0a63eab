/**
 * Threads that share the pieces of a job, for whoever has a memory that they can share.
 *
 * @module
 */

export { help } from "./helper.ts";
export { PIECE_NUMBERS } from "./protocol.ts";
export { Team } from "./team.ts";
