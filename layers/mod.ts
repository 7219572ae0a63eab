/**
 * Layers: forward maps over weights, how weights start, and networks made of them.
 *
 * Images are batch×height×width×channels (NHWC).
 *
 * @module
 */

export {
  type AttentionKind,
  type AttentionLayer,
  type AttentionLayerOptions,
  AttentionMemory,
  attentions,
  type Converted,
  groupedQuery,
  type HeadAttention,
  multiHead,
  multiHeadLatent,
  multiQuery,
  type NetworkStates,
  type Projected,
  type Projections,
  scaledAttention,
  type TuckerAttention,
  tuckerAttention,
  tuckerOfHeads,
  type TuckerRanks,
  withTuckerAttention,
} from "./attention/mod.ts";
export { activate } from "./activate.ts";
export { batchNorm, type BatchNormOptions } from "./batch_norm.ts";
export { conv2d, type Conv2dOptions, type ConvOptions } from "./conv2d.ts";
export { conv2dTranspose, type Conv2dTransposeOptions } from "./conv2d_transpose.ts";
export { depthwiseConv2d, type DepthwiseConv2dOptions } from "./depthwise_conv2d.ts";
export { dropout, type DropoutOptions } from "./dropout.ts";
export { embedding, type EmbeddingOptions } from "./embedding.ts";
export {
  drawToken,
  type Generated,
  type GenerateOptions,
  generateTokens,
  type SamplingOptions,
} from "./generation.ts";
export type { ConvWindowOptions, PaddingChoice, Pair, WindowOptions } from "./geometry.ts";
export {
  groupNorm,
  type GroupNormOptions,
  layerNorm,
  type LayerNormOptions,
} from "./group_norm.ts";
export {
  glorotNormal,
  glorotUniform,
  initialisers,
  kaimingNormal,
  kaimingUniform,
  normalOf,
  ones,
  orthonormal,
  zeros,
} from "./initialisers.ts";
export { linear, type LinearOptions } from "./linear.ts";
export { gatedMlp, mlp, type MlpActivation, type MlpOptions } from "./mlp.ts";
export { disentangled, distanceRow, type Distances } from "./attention/disentangled.ts";
export { bert, type BertOptions } from "./networks/bert.ts";
export { deberta, type DebertaOptions } from "./networks/deberta.ts";
export {
  type Embedded,
  type Encoder,
  encoder,
  type EncoderInput,
  type EncoderParts,
  isEncoder,
} from "./networks/encoder.ts";
export { gpt, type GptOptions } from "./networks/gpt.ts";
export {
  isLanguageModel,
  type LanguageModel,
  languageModel,
  type LanguageModelParts,
} from "./networks/language_model.ts";
export { llama, type LlamaOptions } from "./networks/llama.ts";
export { vit, vitFamily, type VitOptions } from "./networks/vit.ts";
export {
  alexnet32,
  lenet5,
  type NetworkFamily,
  type NetworkOptions,
  networks,
  perceptronFamily,
  resnet18,
  resnet20,
  resnet8,
  vgg16,
  vggSmall,
  wideResnet,
} from "./networks/mod.ts";
export { inputConvex, type InputConvexOptions } from "./networks/input_convex.ts";
export { normalise, type NormaliseOptions } from "./normalise.ts";
export {
  type Conservation,
  conservations,
  type DeepOnet,
  deepOnet,
  type DeepOnetOptions,
  type FunctionDomain,
  type FunctionSpace,
} from "./operators/mod.ts";
export { perceptron, type PerceptronOptions } from "./perceptron.ts";
export { averagePool, globalAveragePool, maxPool, type PoolOptions } from "./pooling.ts";
export { channelsLast, flatten, planesToImages, toImages } from "./reshape.ts";
export {
  asBert,
  asDeberta,
  asLlama,
  asVit,
  attachedAdapter,
  type AttachedNetwork,
  bertModels,
  type Config,
  debertaModels,
  type ExportedAdapter,
  exportedAdapter,
  type ExportOptions,
  forImagesOf,
  gpt2,
  gptAsGpt2,
  llamaFamily,
  type Place,
  type Pretrained,
  pretrainedBase,
  pretrainedFamilies,
  type PretrainedFamily,
  pretrainedOf,
  pretrainedStates,
  pretrainedTensors,
  vitModels,
} from "./pretrained/mod.ts";
export { resizeImages } from "./resize.ts";
export { residual, type ResidualOptions } from "./residual.ts";
export { rmsNorm, type RmsNormOptions } from "./rms_norm.ts";
export { rotaryFrequencies, type RotaryOptions, type RotaryScaling } from "./rotary.ts";
export {
  type BlockOptions,
  postNormBlock,
  preNormBlock,
  type SequenceLayer,
  type Sequences,
} from "./sequences.ts";
export { sequential } from "./sequential.ts";
export type { WeightOptions } from "./weights.ts";
