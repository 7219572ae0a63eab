/** Convolutions by loops in float64: what every backend is held against. */

import type { ConvGeometry } from "../../core/backend/mod.ts";

/** A batch of images or a kernel, row-major. */
export interface Array4 {
  readonly shape: readonly [number, number, number, number];
  readonly data: Float64Array;
}

/** Zeros. */
export function zeros4(shape: Array4["shape"]): Array4 {
  return { shape, data: new Float64Array(shape.reduce((n, d) => n * d, 1)) };
}

/** Position of an entry. */
function at({ shape: [, b, c, d] }: Array4, i: number, j: number, k: number, l: number): number {
  return ((i * b + j) * c + k) * d + l;
}

/** Extent of a convolution's output along one axis. */
export function outputExtent(
  n: number,
  size: number,
  stride: number,
  dilation: number,
  padding: number,
): number {
  return Math.floor((n + padding - ((size - 1) * dilation + 1)) / stride) + 1;
}

/** Shape of x ∗ w. */
export function convShape(
  x: Array4["shape"],
  w: Array4["shape"],
  g: ConvGeometry,
): Array4["shape"] {
  const { top, bottom, left, right } = g.padding;
  const height = outputExtent(x[1], w[0], g.strides[0], g.dilations[0], top + bottom);
  const width = outputExtent(x[2], w[1], g.strides[1], g.dilations[1], left + right);
  return [x[0], height, width, w[3]];
}

/** Calls `f` with the positions of y, x and w of every product in y = x ∗ w. */
export function eachProduct(
  y: Array4,
  x: Array4,
  w: Array4,
  g: ConvGeometry,
  f: (iy: number, ix: number, iw: number) => void,
): void {
  const [kernelHeight, kernelWidth, inputs, outputs] = w.shape;
  const perGroup = outputs / g.groups;
  for (let image = 0; image < y.shape[0]; image++) {
    for (let row = 0; row < y.shape[1]; row++) {
      for (let column = 0; column < y.shape[2]; column++) {
        for (let i = 0; i < kernelHeight; i++) {
          const down = row * g.strides[0] + i * g.dilations[0] - g.padding.top;
          if (down < 0 || down >= x.shape[1]) continue;
          for (let j = 0; j < kernelWidth; j++) {
            const across = column * g.strides[1] + j * g.dilations[1] - g.padding.left;
            if (across < 0 || across >= x.shape[2]) continue;
            for (let o = 0; o < outputs; o++) {
              const first = Math.floor(o / perGroup) * inputs;
              for (let c = 0; c < inputs; c++) {
                f(
                  at(y, image, row, column, o),
                  at(x, image, down, across, first + c),
                  at(w, i, j, c, o),
                );
              }
            }
          }
        }
      }
    }
  }
}

/** x ∗ w. */
export function naiveConv(x: Array4, w: Array4, g: ConvGeometry): Array4 {
  const y = zeros4(convShape(x.shape, w.shape, g));
  eachProduct(y, x, w, g, (iy, ix, iw) => y.data[iy]! += x.data[ix]! * w.data[iw]!);
  return y;
}

/** Derivatives of ⟨d, x ∗ w⟩ in x and in w. */
export function naiveGradients(
  x: Array4,
  w: Array4,
  d: Array4,
  g: ConvGeometry,
): { x: Array4; w: Array4 } {
  const out = { x: zeros4(x.shape), w: zeros4(w.shape) };
  eachProduct(d, x, w, g, (iy, ix, iw) => {
    out.x.data[ix]! += d.data[iy]! * w.data[iw]!;
    out.w.data[iw]! += d.data[iy]! * x.data[ix]!;
  });
  return out;
}
