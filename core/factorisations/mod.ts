/**
 * QR, SVD and what they are made of in float64 with SIMD, on memory that the caller lays out: for
 * the host where there is no LAPACK, and for engines. It stands on `core/wasm` alone and knows nothing
 * of tensors.
 *
 * @module
 */

export type { Place } from "./block.ts";
export { type Dense, denseQr, denseSvd } from "./dense.ts";
export { diagonalise, STEPS_PER_VALUE, type Turns } from "./golub_kahan.ts";
export { type FactorKernels, factorKernels, LANES } from "./kernels.ts";
export { type FactorMemory, factorMemory } from "./memory.ts";
export { reflector } from "./reflector.ts";
export { planThinQr, thinQr, type ThinQrPlan } from "./thin_qr.ts";
export { planThinSvd, type SvdPlaces, thinSvd, type ThinSvdPlan } from "./thin_svd.ts";
