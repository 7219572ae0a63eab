/**
 * The recipes that come along, in the order in which `list` prints them.
 *
 * @module
 */

export { demo } from "./demo.ts";
export { mnist } from "./mnist.ts";
export { integratorsMnist } from "./integrators_mnist.ts";
export { lenetMnist } from "./lenet_mnist.ts";
export { cifar } from "./cifar.ts";
export { finetune } from "./finetune.ts";
export { compressRecipe } from "./compress.ts";
export { pela } from "./pela.ts";
export { characters } from "./characters.ts";
export { vitRecipe } from "./vit.ts";
export { gptRecipe } from "./gpt.ts";
export { attentionStudy } from "./attention.ts";
export { pretrain } from "./pretrain.ts";
export { robust } from "./robust.ts";
export { illConditionedRecipe } from "./ill_conditioned.ts";
export { integratorStudy } from "./integrators.ts";
export { windowing } from "./windowing.ts";
export { federated } from "./federated.ts";
export { federatedLeastSquares } from "./federated_least_squares.ts";
export { flow } from "./flow.ts";
export { shape } from "./shape.ts";
export { planeSourceRecipe } from "./plane_source.ts";
export { lineSourceRecipe } from "./line_source.ts";
export { latticeRecipe } from "./lattice.ts";
export { hohlraumRecipe } from "./hohlraum.ts";
export { collision } from "./collision.ts";
export { transport } from "./transport.ts";
export { closureRecipe } from "./closure.ts";
