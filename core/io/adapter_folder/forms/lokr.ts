import { type Matrix, matrixOf } from "../../../algebra/mod.ts";
import { patterned } from "../config.ts";
import { hasKernel, lycorisRefuses, lycorisScale, product, throughKernel } from "./loha.ts";
import { host, matrixOfTensor } from "./matrices.ts";
import type { AdapterForm } from "./types.ts";

/** LoKr: W + s w₁ ⊗ w₂, each whole or a product. */
export const lokrForm: AdapterForm = {
  names: ["w1", "w1_a", "w1_b", "w2", "w2_a", "w2_b", "t2"].map((part) => `lokr_${part}`),
  shared: [],
  rank: (config, name) => patterned(config, "rank_pattern", name) ?? config.values.r as number,
  scale: lycorisScale,

  shapes(sizes) {
    const { outputs, inputs, window, rank, config: { values } } = sizes;
    const factor = values.decompose_factor as number;
    const [outL, outK] = kroneckerExtents(outputs, factor);
    const [inM, inN] = kroneckerExtents(inputs, factor);
    const flat = window.length > 0 && !hasKernel(sizes) ? product(window) : 1;
    const first: Record<string, number[]> = values.decompose_both && rank < Math.max(outL, inM) / 2
      ? { lokr_w1_a: [outL, rank], lokr_w1_b: [rank, inM] }
      : { lokr_w1: [outL, inM] };
    if (rank >= Math.max(outK, inN) / 2) return { ...first, lokr_w2: [outK, inN, ...window] };
    if (!hasKernel(sizes)) {
      return { ...first, lokr_w2_a: [outK, rank], lokr_w2_b: [rank, inN * flat] };
    }
    return {
      ...first,
      lokr_t2: [rank, rank, ...window],
      lokr_w2_a: [rank, outK],
      lokr_w2_b: [rank, inN],
    };
  },

  refuses: lycorisRefuses,

  increment({ parts }) {
    const whole = (i: 1 | 2): Matrix => {
      const w = parts[`lokr_w${i}`];
      if (w) return matrixOfTensor(w);
      const [a, b] = [parts[`lokr_w${i}_a`]!, parts[`lokr_w${i}_b`]!];
      if (i === 2 && parts.lokr_t2) return throughKernel(parts.lokr_t2, a, b);
      return host.multiply(matrixOfTensor(a), matrixOfTensor(b));
    };
    return kronecker(whole(1), whole(2));
  },
};

/** x ⊗ y where the columns of y are inputs·window: the window stays innermost. */
function kronecker(x: Matrix, y: Matrix): Matrix {
  return matrixOf(
    x.rows * y.rows,
    x.cols * y.cols,
    (i, j) =>
      x.data[Math.floor(i / y.rows) * x.cols + Math.floor(j / y.cols)]! *
      y.data[(i % y.rows) * y.cols + j % y.cols]!,
  );
}

/**
 * How LoKr splits an extent in two: by the factor where it divides, else by the pair of divisors
 * whose smaller one is largest, not above the factor; ascending then.
 *
 * @param factor -1 for the pair nearest to the root.
 *
 * @example The pairs of some extents
 * ```ts
 * import { kroneckerExtents } from "@rankflow/rankflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(kroneckerExtents(128, -1), [8, 16]);
 * assertEquals(kroneckerExtents(128, 4), [4, 32]);
 * assertEquals(kroneckerExtents(127, -1), [1, 127]);
 * ```
 */
export function kroneckerExtents(extent: number, factor: number): readonly [number, number] {
  if (factor > 0 && extent % factor === 0) return [factor, extent / factor];
  const most = factor === -1 ? extent : factor;
  let best = 1;
  for (let m = 1; m * m <= extent && m <= most; m++) if (extent % m === 0) best = m;
  return [best, extent / best];
}
