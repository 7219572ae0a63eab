import { NetworkBuilder } from "./builder.ts";
import { type NetworkFamily, networks, scaled } from "./types.ts";

/**
 * AlexNet for 32×32 images: kernels of 3×3, two hidden layers of 4,096 neurons; 23.3 million
 * weights, of which the two hidden matrices hold 90 %.
 */
export const alexnet32: NetworkFamily = networks.add({
  name: "alexnet-32",
  description: "AlexNet with 3×3 kernels for small images, 4,096 hidden neurons twice",
  create(o) {
    const relu = { size: 3, activation: "relu" } as const;
    return new NetworkBuilder(o)
      .conv({ name: "conv1", outputs: scaled(64, o), ...relu, strides: 2, padding: 1 })
      .pool(2)
      .conv({ name: "conv2", outputs: scaled(192, o), ...relu })
      .pool(2)
      .conv({ name: "conv3", outputs: scaled(384, o), ...relu })
      .conv({ name: "conv4", outputs: scaled(256, o), ...relu })
      .conv({ name: "conv5", outputs: scaled(256, o), ...relu })
      .pool(2)
      .flat()
      .drop("dropout1", o.dropout)
      .dense({ name: "dense1", outputs: scaled(4096, o), activation: "relu" })
      .drop("dropout2", o.dropout)
      .dense({ name: "dense2", outputs: scaled(4096, o), activation: "relu" })
      .classify(o.classes);
  },
});
