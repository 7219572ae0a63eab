import type { Layer } from "../../core/mod.ts";
import { NetworkBuilder } from "./builder.ts";
import { type NetworkFamily, type NetworkOptions, networks, scaled } from "./types.ts";

/** Stages of 3×3 convolutions with batch normalisation; each ends in a pooling that halves. */
function stages(o: NetworkOptions, channels: readonly (readonly number[])[]): NetworkBuilder {
  const net = new NetworkBuilder(o);
  for (const [stage, counts] of channels.entries()) {
    for (const [i, count] of counts.entries()) {
      const name = `conv${stage + 1}-${i + 1}`;
      net.normedConv({ name, outputs: scaled(count, o), size: 3, activation: "relu" });
    }
    net.pool(2);
  }
  return net;
}

/** VGG-16 (Simonyan, Zisserman, ICLR 2015) with batch normalisation, for images from 32×32. */
export const vgg16: NetworkFamily = networks.add({
  name: "vgg-16",
  description: "13 convolutions in 5 stages (64 to 512), 512 hidden neurons twice",
  create: (o): Layer =>
    stages(o, [[64, 64], [128, 128], [256, 256, 256], [512, 512, 512], [512, 512, 512]])
      .flat()
      .drop("dropout1", o.dropout)
      .dense({ name: "dense1", outputs: scaled(512, o), activation: "relu" })
      .drop("dropout2", o.dropout)
      .dense({ name: "dense2", outputs: scaled(512, o), activation: "relu" })
      .classify(o.classes),
});

/** A VGG net that two cores train on CIFAR-10 in minutes; most weights are where images are small. */
export const vggSmall: NetworkFamily = networks.add({
  name: "vgg-small",
  description: "8 convolutions in 4 stages (32 to 256), global average: for a laptop",
  create: (o): Layer =>
    stages(o, [[32, 32], [64, 64], [128, 128], [256, 256]])
      .average()
      .drop("dropout", o.dropout)
      .classify(o.classes),
});
