import type { Layer } from "../../core/mod.ts";
import { batchNorm } from "../batch_norm.ts";
import { dropout } from "../dropout.ts";
import { residual } from "../residual.ts";
import { sequential } from "../sequential.ts";
import { convAt, NetworkBuilder, shapeAfter } from "./builder.ts";
import { type NetworkFamily, networks, scaled } from "./types.ts";

/** Residual blocks in each of the three stages: depth 16. */
const BLOCKS = 2;

/**
 * A block that normalises before it convolves: norm, ReLU, conv, norm, ReLU, dropout, conv. Where
 * the extents change, the projection on the way past starts from the normalised images.
 */
function addBlock(
  net: NetworkBuilder,
  name: string,
  outputs: number,
  strides: number,
  rate: number,
): void {
  const shape = net.shape;
  const conv1 = { name: `${name}.conv1`, outputs, size: 3, strides, padding: 1, bias: false };
  const conv2 = { name: `${name}.conv2`, outputs, size: 3, padding: 1, bias: false };
  const past = { name: `${name}.shortcut`, outputs, size: 1, strides, padding: 0, bias: false };
  const between = shapeAfter(shape, conv1);
  const activation = "relu";
  const norm1 = batchNorm({ name: `${name}.norm1`, channels: shape[2], activation });
  const body = sequential([
    convAt(net, shape, conv1),
    batchNorm({ name: `${name}.norm2`, channels: outputs, activation }),
    dropout({ name: `${name}.dropout`, rate }),
    convAt(net, between, conv2),
  ]);
  const layer: Layer = strides !== 1 || shape[2] !== outputs
    ? sequential([norm1, residual({ body, shortcut: convAt(net, shape, past) })])
    : residual({ body: sequential([norm1, body]) });
  net.add(layer, between);
}

/**
 * Wide residual network WRN-16-4 (Zagoruyko, Komodakis, BMVC 2016): 2.7 million weights. The width
 * option multiplies the factor 4: 2 makes it WRN-16-8.
 */
export const wideResnet: NetworkFamily = networks.add({
  name: "wide-resnet",
  description: "WRN-16-4: 6 wide pre-activation blocks in 3 stages (64, 128, 256)",
  create(o) {
    const net = new NetworkBuilder(o);
    net.conv({ name: "stem", outputs: scaled(16, o), size: 3, padding: 1, bias: false });
    for (const [stage, count] of [64, 128, 256].entries()) {
      for (let i = 0; i < BLOCKS; i++) {
        const strides = stage > 0 && i === 0 ? 2 : 1;
        addBlock(net, `stage${stage + 1}-${i + 1}`, scaled(count, o), strides, o.dropout ?? 0);
      }
    }
    const channels = net.shape[2];
    return net
      .add(batchNorm({ name: "norm", channels, activation: "relu" }))
      .average()
      .classify(o.classes);
  },
});
