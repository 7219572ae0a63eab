import type { Layer } from "../../core/mod.ts";
import { residual } from "../residual.ts";
import { sequential } from "../sequential.ts";
import { NetworkBuilder, normedConvAt, shapeAfter } from "./builder.ts";
import { type NetworkFamily, type NetworkOptions, networks, scaled } from "./types.ts";

/**
 * act(x + norm(conv(act(norm(conv(x)))))) with 3×3 kernels, and a 1×1 projection on the way past
 * where extents change (He, Zhang, Ren, Sun, CVPR 2016).
 */
function addBlock(net: NetworkBuilder, name: string, outputs: number, strides: number): void {
  const shape = net.shape;
  const first = {
    name: `${name}.conv1`,
    outputs,
    size: 3,
    strides,
    padding: 1,
    activation: "relu",
  } as const;
  const between = shapeAfter(shape, first);
  const second = { name: `${name}.conv2`, outputs, size: 3, padding: 1 };
  const body = sequential([normedConvAt(net, shape, first), normedConvAt(net, between, second)]);
  const projection = { name: `${name}.shortcut`, outputs, size: 1, strides, padding: 0 };
  const changes = strides !== 1 || shape[2] !== outputs;
  const shortcut = changes ? { shortcut: normedConvAt(net, shape, projection) } : {};
  net.add(residual({ body, ...shortcut, activation: "relu" }), between);
}

/** A stem, stages of blocks of which all but the first halve the image, a global average. */
function resnet(o: NetworkOptions, channels: readonly number[], blocks: number): Layer {
  const net = new NetworkBuilder(o);
  const stem = { name: "stem", outputs: scaled(channels[0]!, o), size: 3, padding: 1 };
  net.normedConv({ ...stem, activation: "relu" });
  for (const [stage, count] of channels.entries()) {
    for (let i = 0; i < blocks; i++) {
      const strides = stage > 0 && i === 0 ? 2 : 1;
      addBlock(net, `stage${stage + 1}-${i + 1}`, scaled(count, o), strides);
    }
  }
  return net.average().drop("dropout", o.dropout).classify(o.classes);
}

/** ResNet-18 with the 3×3 stem for small images: 11.2 million weights. */
export const resnet18: NetworkFamily = networks.add({
  name: "resnet-18",
  description: "8 residual blocks in 4 stages (64 to 512)",
  create: (o) => resnet(o, [64, 128, 256, 512], 2),
});

/** ResNet-20 of the CIFAR-10 experiments: 0.27 million weights. */
export const resnet20: NetworkFamily = networks.add({
  name: "resnet-20",
  description: "9 residual blocks in 3 stages (16, 32, 64)",
  create: (o) => resnet(o, [16, 32, 64], 3),
});

/** The smallest of that family, one block a stage. */
export const resnet8: NetworkFamily = networks.add({
  name: "resnet-8",
  description: "3 residual blocks in 3 stages (16, 32, 64): for a laptop",
  create: (o) => resnet(o, [16, 32, 64], 1),
});
