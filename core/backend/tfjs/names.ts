/**
 * Names of the operations that training needs beyond TensorFlow.js, and what they hold.
 *
 * @module
 */

import type { TfTensor } from "./types.ts";

/** Names of the kernels. */
export const KERNEL = {
  activate: "RankflowActivate",
  activationGrad: "RankflowActivationGrad",
  columnSums: "RankflowColumnSums",
  linear: "RankflowLinear",
  lowRankLinear: "RankflowLowRankLinear",
  lowRankBackward: "RankflowLowRankBackward",
  crossEntropy: "RankflowCrossEntropy",
  crossEntropyGrad: "RankflowCrossEntropyGrad",
  scale: "RankflowScale",
  lincomb: "RankflowLincomb",
  lincombSquare: "RankflowLincombSquare",
  adaptiveStep: "RankflowAdaptiveStep",
  norm: "RankflowNorm",
  conv2d: "RankflowConv2d",
  conv2dInputGradient: "RankflowConv2dInputGradient",
  conv2dFilterGradient: "RankflowConv2dFilterGradient",
  conv2dTranspose: "RankflowConv2dTranspose",
  chainConv2d: "RankflowChainConv2d",
  chainConv2dBackward: "RankflowChainConv2dBackward",
  pixelProduct: "RankflowPixelProduct",
  pixelProductTransposed: "RankflowPixelProductTransposed",
  depthwiseConv2d: "RankflowDepthwiseConv2d",
  globalAveragePool: "RankflowGlobalAveragePool",
  globalAveragePoolGrad: "RankflowGlobalAveragePoolGrad",
  batchNorm: "RankflowBatchNorm",
  batchNormGrad: "RankflowBatchNormGrad",
  affine: "RankflowAffine",
  batchMatMul: "RankflowBatchMatMul",
  gather: "RankflowGather",
  gatherGrad: "RankflowGatherGrad",
  smooth: "RankflowSmooth",
  smoothGrad: "RankflowSmoothGrad",
  rowNorm: "RankflowRowNorm",
  rowNormGrad: "RankflowRowNormGrad",
  rotary: "RankflowRotary",
  attention: "RankflowAttention",
  attentionGrad: "RankflowAttentionGrad",
  attentionBiasGrad: "RankflowAttentionBiasGrad",
} as const;

/**
 * What a recorded forward pass holds for its backward pass: operands and intermediate results by
 * name, under handles that no scope frees. Whoever made the record disposes them.
 */
export type Held = Record<string, TfTensor>;
