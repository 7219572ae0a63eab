import { NetworkBuilder } from "./builder.ts";
import { type NetworkFamily, networks, scaled } from "./types.ts";

/**
 * LeNet-5 in the form of the publications on low-rank training: 20 and 50 kernels of 5×5 without
 * padding, 500 hidden neurons; 430,500 weights beside the biases for 28×28×1 images.
 */
export const lenet5: NetworkFamily = networks.add({
  name: "lenet-5",
  description: "two 5×5 convolutions (20, 50) with pooling, 500 hidden neurons",
  create: (o) =>
    new NetworkBuilder(o)
      .conv({
        name: "conv1",
        outputs: scaled(20, o),
        size: 5,
        padding: "valid",
        activation: "relu",
      })
      .pool(2)
      .conv({
        name: "conv2",
        outputs: scaled(50, o),
        size: 5,
        padding: "valid",
        activation: "relu",
      })
      .pool(2)
      .flat()
      .dense({ name: "dense1", outputs: scaled(500, o), activation: "relu" })
      .drop("dropout", o.dropout)
      .classify(o.classes),
});
