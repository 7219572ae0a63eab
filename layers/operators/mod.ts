/**
 * Networks of operators: from functions to functions, and the invariants that they respect.
 *
 * @module
 */

export { type Conservation, conservations } from "./conservation.ts";
export { type DeepOnet, deepOnet, type DeepOnetOptions } from "./deep_onet.ts";
export type { FunctionDomain, FunctionSpace } from "./function_space.ts";
