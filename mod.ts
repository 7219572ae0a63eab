/**
 * rankflow: geometric low-rank training. Networks are trained on manifolds of low-rank matrices by
 * the integrators of dynamical low-rank approximation, with ranks that adapt.
 *
 * This entry has what most programs need; `@rankflow/rankflow/core`, `/layers`, `/optimizers` and
 * `/tasks` have everything.
 *
 * @module
 */

export { type Plugin, Registry } from "./core/registry.ts";
