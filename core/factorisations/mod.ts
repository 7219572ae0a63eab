/**
 * QR, SVD and what they are made of in float64 with SIMD, on memory that the caller lays out: for
 * the host where there is no LAPACK, and for engines. It stands on `core/wasm` alone and knows nothing
 * of tensors.
 *
 * @module
 */

export { type Dense, denseQr, denseSvd } from "./dense.ts";
export { diagonalise, STEPS_PER_VALUE, type Turns } from "./golub_kahan.ts";
export { bindFactorKernels, type FactorKernels, factorKernels } from "./kernels.ts";
export { type Block, type FactorMemory, Layout, pitchOf } from "./memory.ts";
export { applyReflectors, factorQr, reflectors } from "./qr.ts";
export { reflector } from "./reflector.ts";
export { planSvd, squareSvd, type SvdPlan } from "./svd.ts";
