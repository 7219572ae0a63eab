import { type Matrix, matrixOf } from "../../../algebra/mod.ts";
import type { TensorData } from "../../safetensors.ts";
import { type AdapterConfig, patterned } from "../config.ts";
import { hadamard, host, matrixOfTensor } from "./matrices.ts";
import type { AdaptedModule, AdapterForm, Sizes } from "./types.ts";

/** LoHa: W + s (w₁ₐ w₁ᵦ) ∘ (w₂ₐ w₂ᵦ); kernels flattened, or with a small kernel between. */
export const lohaForm: AdapterForm = {
  names: ["hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b", "hada_t1", "hada_t2"],
  shared: [],
  rank: (config, name) => patterned(config, "rank_pattern", name) ?? config.values.r as number,
  scale: lycorisScale,

  shapes(sizes) {
    const { outputs, inputs, window, rank } = sizes;
    const [a, b] = [[outputs, rank], [rank, inputs * product(window)]];
    if (!hasKernel(sizes)) return { hada_w1_a: a, hada_w1_b: b, hada_w2_a: a, hada_w2_b: b };
    const [left, right, t] = [[rank, outputs], [rank, inputs], [rank, rank, ...window]];
    return {
      ...{ hada_t1: t, hada_w1_a: left, hada_w1_b: right },
      ...{ hada_t2: t, hada_w2_a: left, hada_w2_b: right },
    };
  },

  refuses: lycorisRefuses,

  increment({ parts }) {
    const half = (i: 1 | 2) => {
      const [a, b] = [parts[`hada_w${i}_a`]!, parts[`hada_w${i}_b`]!];
      const t = parts[`hada_t${i}`];
      return t ? throughKernel(t, a, b) : host.multiply(matrixOfTensor(a), matrixOfTensor(b));
    };
    return hadamard(half(1), half(2));
  },
};

/** Whether a kernel is a product with a small kernel in the middle. */
export function hasKernel({ window, config: { values } }: Sizes): boolean {
  return values.use_effective_conv2d === true && product(window) > 1;
}

/** The scale of both types. */
export function lycorisScale(config: AdapterConfig, name: string, rank: number): number {
  return (patterned<number>(config, "alpha_pattern", name) ?? config.values.alpha as number) / rank;
}

/** What neither type adapts. */
export function lycorisRefuses({ kind }: AdaptedModule["module"]): string | undefined {
  return kind === "embedding" || kind === "conv1d"
    ? "a linear map stored outputs×inputs or a convolution"
    : undefined;
}

/** Product of extents. */
export function product(extents: readonly number[]): number {
  return extents.reduce((n, d) => n * d, 1);
}

/** Σ t[i, j, k, l] b[j, ·] a[i, ·]: outputs×(inputs·window) of a (r×outputs) and b (r×inputs). */
export function throughKernel(t: TensorData, a: TensorData, b: TensorData): Matrix {
  const [rank, inputs] = [a.shape[0]!, b.shape[1]!];
  const window = product(t.shape.slice(2));
  const core = t.data as Float32Array;
  const rows = matrixOf(rank * window, rank, (k, j) => {
    const [i, w] = [Math.floor(k / window), k % window];
    return core[(i * rank + j) * window + w]!;
  });
  const inner = host.multiply(rows, matrixOfTensor(b));
  const ordered = matrixOf(rank, inputs * window, (i, n) => {
    const [input, w] = [Math.floor(n / window), n % window];
    return inner.data[(i * window + w) * inputs + input]!;
  });
  return host.multiply(matrixOfTensor(a), ordered, { transposeLeft: true });
}
