/**
 * The recipes that come along.
 *
 * @module
 */

export { demo } from "./demo.ts";
export { integratorStudy } from "./integrators.ts";
export { mnist } from "./mnist.ts";
