/**
 * The recipes that come along.
 *
 * @module
 */

export { cifar } from "./cifar.ts";
export { compressRecipe } from "./compress.ts";
export { demo } from "./demo.ts";
export { flow } from "./flow.ts";
export { illConditionedRecipe } from "./ill_conditioned.ts";
export { integratorStudy } from "./integrators.ts";
export { integratorsMnist } from "./integrators_mnist.ts";
export { lenetMnist } from "./lenet_mnist.ts";
export { mnist } from "./mnist.ts";
export { robust } from "./robust.ts";
export { shape } from "./shape.ts";
export { windowing } from "./windowing.ts";
