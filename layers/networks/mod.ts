/**
 * Networks, one readable file for each family.
 *
 * @module
 */

export { alexnet32 } from "./alexnet.ts";
export { lenet5 } from "./lenet.ts";
export { perceptronFamily } from "./perceptron.ts";
export { resnet18, resnet20, resnet8 } from "./resnet.ts";
export { type NetworkFamily, type NetworkOptions, networks } from "./types.ts";
export { vgg16, vggSmall } from "./vgg.ts";
export { wideResnet } from "./wide_resnet.ts";
