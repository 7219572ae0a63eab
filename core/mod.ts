/**
 * What everything in rankflow shares: plugins, matrices, integrators, backends, the trainer, data
 * and run artefacts. It knows no layer, no optimizer and no task.
 *
 * @module
 */

export * from "./checks.ts";
export { missingPermission, type PermissionName } from "./permissions.ts";
export * from "./registry.ts";
export * from "./settings.ts";
export * from "./tunable.ts";
export * from "./random.ts";
export * from "./adapters/mod.ts";
export * from "./adapters/peft/mod.ts";
export * from "./adjoint/mod.ts";
export * from "./algebra/mod.ts";
export * from "./attacks/mod.ts";
export * from "./backend/mod.ts";
export * from "./comm/mod.ts";
export * from "./data/mod.ts";
export * from "./federated/mod.ts";
export * from "./geometry/mod.ts";
export * from "./integrators/mod.ts";
export * from "./integrators/tucker/mod.ts";
export * from "./io/mod.ts";
export * from "./regularizers/mod.ts";
export * from "./tensors/mod.ts";
export * from "./training/mod.ts";
export * from "./windowing/mod.ts";
