/**
 * How the tape differentiates convolutions.
 *
 * @module
 */

import type { ConvGeometry } from "../engine.ts";
import {
  handOver,
  heldBy,
  leftovers,
  type LinearAttributes,
  product,
  runOne,
  upstream,
} from "./backward.ts";
import { padsOf } from "./conv_kernels.ts";
import { KERNEL } from "./names.ts";
import { type GradConfig, runtimeOf, type Tf, type TfTensor } from "./types.ts";

/** Attributes of convolutions. */
interface ConvAttributes extends LinearAttributes {
  /** How the kernel moves. */
  readonly geometry: ConvGeometry;
  /** Whether the derivative in the core is left to the receiver of the pair. */
  readonly coreLeft?: boolean;
}

/** Gradients of the convolution kernels. */
export function convGradients(tf: Tf): GradConfig[] {
  return [convConfig(tf), transposeConfig(tf), depthwiseConfig(tf), chainConfig(tf)];
}

/** Height and width of a kernel. */
function extentsOf(w: TfTensor): [number, number] {
  return [w.shape[0]!, w.shape[1]!];
}

/** Σ over pixels of the outer products of channels. */
function channelProduct(tf: Tf, a: TfTensor, b: TfTensor): TfTensor {
  const [x, y] = [a, b].map((t) => tf.reshape(t, [-1, t.shape[t.rank - 1]!]));
  const out = product(tf, x!, y!, true);
  // Views would hold the data until the whole pass ends.
  x!.dispose();
  y!.dispose();
  return out;
}

/** Operands of a convolution, and what comes from upstream, once the previous operation is over. */
function beginBackward(
  tf: Tf,
  dy: TfTensor,
  attrs: unknown,
): { x: TfTensor; w: TfTensor; d: TfTensor; db: () => TfTensor; geometry: ConvGeometry } {
  const { x, w, y } = heldBy(attrs);
  const { activation, bias, geometry } = attrs as ConvAttributes;
  leftovers.free();
  const { d, db } = upstream(tf, dy, y!, activation, bias);
  leftovers.note(dy, d);
  return { x: x!, w: w!, d, db, geometry };
}

function convConfig(tf: Tf): GradConfig {
  return {
    kernelName: KERNEL.conv2d,
    gradFunc: (dy, _saved, attrs) => {
      const { x, w, d, db, geometry } = beginBackward(tf, dy as TfTensor, attrs);
      const shape = { geometry, inputShape: x.shape };
      return {
        x: () => leftovers.dataGradient(runOne(tf, KERNEL.conv2dInputGradient, { d, w }, shape)),
        w: () => filterGradient(tf, x, d, extentsOf(w), geometry),
        b: db,
      };
    },
  };
}

function filterGradient(
  tf: Tf,
  x: TfTensor,
  d: TfTensor,
  extents: [number, number],
  geometry: ConvGeometry,
): TfTensor {
  return runOne(tf, KERNEL.conv2dFilterGradient, { x, d }, { extents, geometry });
}

/** The adjoint's derivative in its image is the convolution itself. */
function transposeConfig(tf: Tf): GradConfig {
  return {
    kernelName: KERNEL.conv2dTranspose,
    gradFunc: (dy, _saved, attrs) => {
      const { x, w, d, db, geometry } = beginBackward(tf, dy as TfTensor, attrs);
      const plain = { geometry, activation: "identity", bias: false };
      return {
        x: () => leftovers.dataGradient(runOne(tf, KERNEL.conv2d, { x: d, w }, plain)),
        w: () => filterGradient(tf, d, x, extentsOf(w), geometry),
        b: db,
      };
    },
  };
}

function depthwiseConfig(tf: Tf): GradConfig {
  return {
    kernelName: KERNEL.depthwiseConv2d,
    gradFunc: (dy, _saved, attrs) => {
      const { x, w, d, db, geometry } = beginBackward(tf, dy as TfTensor, attrs);
      const common = {
        strides: [...geometry.strides],
        pad: padsOf(geometry.padding),
        dilations: [...geometry.dilations],
      };
      const input = { ...common, inputShape: x.shape };
      const filter = { ...common, filterShape: w.shape };
      return {
        x: () =>
          leftovers.dataGradient(
            runOne(tf, "DepthwiseConv2dNativeBackpropInput", { dy: d, filter: w }, input),
          ),
        w: () => runOne(tf, "DepthwiseConv2dNativeBackpropFilter", { x, dy: d }, filter),
        b: db,
      };
    },
  };
}

function chainConfig(tf: Tf): GradConfig {
  return {
    kernelName: KERNEL.chainConv2d,
    gradFunc: (dy, _saved, attrs) => {
      const { x, u, core, v, y, xu, z } = heldBy(attrs);
      const { activation, bias, geometry, capture, coreLeft } = attrs as unknown as ConvAttributes;
      leftovers.free();
      const { d, db } = upstream(tf, dy as TfTensor, y!, activation, bias);
      const inputs = { d, xu: xu!, core: core!, v: v! };
      const outputs = runtimeOf(tf).runKernel(KERNEL.chainConv2dBackward, inputs, { geometry });
      const [dv, dxu] = outputs as [TfTensor, TfTensor];
      leftovers.note(dy as TfTensor, d, dv, dxu);
      if (capture) handOver(tf, capture, { x: x!, d, xu: xu!, dv, dxu, z: z! });
      return {
        x: () =>
          leftovers.dataGradient(runOne(tf, KERNEL.pixelProductTransposed, { x: dxu, m: u! })),
        core: () =>
          coreLeft ? tf.zerosLike(core!) : filterGradient(tf, xu!, dv, extentsOf(core!), geometry),
        b: db,
        u: () => channelProduct(tf, x!, dxu),
        v: () => channelProduct(tf, d, z!),
      };
    },
  };
}
