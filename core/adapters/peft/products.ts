import { hostAlgebra, type Matrix, matrixOf, transposed } from "../../algebra/mod.ts";
import { type AdaptedModule, extentsOf, type TensorData } from "../../io/mod.ts";
import type { Attached } from "../adapter.ts";
import type { PeftCodec } from "./codec.ts";
import { leftOf, leftStored, shortest } from "./layout.ts";

const host = hostAlgebra();

/**
 * LoHa: both products lie as outputs×rank and rank×inputs; of kernels in CP form as rank×outputs,
 * rank×inputs and a small kernel of ranks between them, that of the outputs first.
 */
export const lohaCodec: PeftCodec = {
  adapter: "loha",
  type: "LOHA",
  values: {},

  settings: ({ rank, scale }, { values }) => ({
    rank,
    alpha: scale * rank,
    kernels: values.use_effective_conv2d ? "cp" : "flat",
  }),

  read(adapted) {
    const half = (i: 1 | 2): Record<string, Matrix> => {
      const [right, left] = ["b", "a"].map((end) => partOf(adapted, `hada_w${i}_${end}`));
      const core = adapted.parts[`hada_t${i}`];
      if (!core) return { [`u${i}`]: leftOf(right!, adapted.module), [`v${i}`]: left! };
      const [u, v] = [transposed(right!), transposed(left!)];
      return { [`u${i}`]: u, [`v${i}`]: v, [`t${i}`]: coreOf(core) };
    };
    return { trained: { ...half(1), ...half(2) }, frozen: scaleOf(adapted) };
  },

  write({ trained, frozen }, module, settings) {
    const rank = trained.v1!.cols;
    const { window } = extentsOf(module);
    const half = (i: 1 | 2): Record<string, TensorData> => {
      const [u, v, core] = [`u${i}`, `v${i}`, `t${i}`].map((name) => trained[name]);
      const [left, right] = [`hada_w${i}_a`, `hada_w${i}_b`] as const;
      if (!core) {
        const { data } = leftStored(u!, module);
        return { [left]: stored(v!), [right]: { shape: [u!.cols, u!.rows], data } };
      }
      return {
        ...{ [left]: stored(transposed(v!)), [right]: stored(transposed(u!)) },
        [`hada_t${i}`]: coreStored(core, window),
      };
    };
    return {
      parts: { ...half(1), ...half(2) },
      rank,
      alpha: alphaOf(frozen.scale!, rank),
      values: { use_effective_conv2d: settings.kernels === "cp" },
    };
  },
};

/** A small kernel, outputs' rank × inputs' rank × window, as blocks of a pixel side by side. */
function coreOf({ shape, data }: TensorData): Matrix {
  const rank = shape[0]!;
  const pixels = data.length / rank ** 2;
  return matrixOf(rank, pixels * rank, (j, column) => {
    const [pixel, k] = [Math.floor(column / rank), column % rank];
    return data[(k * rank + j) * pixels + pixel] as number;
  });
}

/** The way back. */
function coreStored({ rows: rank, cols, data }: Matrix, window: readonly number[]): TensorData {
  const pixels = cols / rank;
  const out = Float32Array.from({ length: data.length }, (_, i) => {
    const [pixel, j, k] = [
      i % pixels,
      Math.floor(i / pixels) % rank,
      Math.floor(i / pixels / rank),
    ];
    return data[j * cols + pixel * rank + k]!;
  });
  return { shape: [rank, rank, ...window], data: out };
}

/** Names of the Kronecker factors: whole, or of outputs and inputs. */
const KRONECKER = [1, 2].flatMap((i) =>
  ([["w", ""], ["v", "_a"], ["u", "_b"]] as const).map(([own, end]) =>
    [`${own}${i}`, `lokr_w${i}${end}`] as const
  )
);

/** LoKr of matrices: every factor is the transpose of ours, those at outputs are as here. */
export const lokrCodec: PeftCodec = {
  adapter: "lokr",
  type: "LOKR",
  values: {},
  // Kernels are split by their inputs there, by rows of the matrix that they are here.
  stores: ({ kind }) => kind !== "conv2d",

  settings: ({ rank, scale }, { values }) => ({
    rank,
    alpha: scale * rank,
    factor: values.decompose_factor as number,
    both: values.decompose_both as boolean,
  }),

  read(adapted) {
    requireMatrix(adapted);
    const trained = KRONECKER.filter(([, part]) => adapted.parts[part]).map(([own, part]) => {
      const x = partOf(adapted, part);
      return [own, own.startsWith("v") ? x : transposed(x)] as const;
    });
    return { trained: Object.fromEntries(trained), frozen: scaleOf(adapted) };
  },

  write({ trained, frozen }, _module, settings) {
    const parts = KRONECKER.filter(([own]) => trained[own]).map(([own, part]) => {
      const x = trained[own]!;
      return [part, stored(own.startsWith("v") ? x : transposed(x))] as const;
    });
    const rank = settings.rank as number;
    return {
      parts: Object.fromEntries(parts),
      rank,
      alpha: alphaOf(frozen.scale!, rank),
      values: { decompose_factor: settings.factor, decompose_both: settings.both },
    };
  },
};

/** VeRA: two vectors a module, and one pair of bases for all of them. */
export const veraCodec: PeftCodec = {
  adapter: "vera",
  type: "VERA",
  values: {},
  settings: ({ rank }) => ({ rank }),

  read({ parts, shared, rank }) {
    const row = (part: string) => {
      const { data } = parts[part]!;
      return host.from(data as Float32Array, 1, data.length);
    };
    const base = (name: string) => matrixOfTensor(shared[name]!);
    return {
      trained: { b: row("vera_lambda_b"), d: row("vera_lambda_d") },
      frozen: {
        u: host.columns(transposed(base("vera_A")), 0, rank),
        v: host.columns(base("vera_B"), 0, rank),
        scale: host.from([1], 1, 1),
      },
    };
  },

  write({ trained: { b, d }, frozen: { u, v } }) {
    const vector = ({ data }: Matrix): TensorData => ({
      shape: [data.length],
      data: Float32Array.from(data),
    });
    return {
      parts: { vera_lambda_b: vector(b!), vera_lambda_d: vector(d!) },
      shared: { vera_A: stored(transposed(u!)), vera_B: stored(v!) },
      rank: d!.cols,
      alpha: 1,
    };
  },
};

/**
 * RandLoRA, for reading. Files flatten the two sides in different orders, which is the sum of the
 * paper with the columns of B in another one; each module has them in its own.
 */
export const randloraCodec: PeftCodec = {
  adapter: "randlora",
  type: "RANDLORA",
  values: {},
  settings: ({ rank, scale }) => ({ rank, alpha: scale * rank }),

  read({ module, parts, shared, rank, scale }) {
    const { inputs, outputs } = extentsOf(module);
    const [small, large] = [Math.min(inputs, outputs), Math.max(inputs, outputs)];
    const [a, b] = ["randlora_A", "randlora_B"].map((name) => parts[name] ?? shared[name]!);
    const [narrow, wide] = [a!, b!].map(({ data }) => data as Float32Array);
    const lambda = matrixOfTensor(parts.randlora_lambda!);
    const count = lambda.cols;
    const width = b!.shape[1]! * b!.shape[2]!;
    return {
      trained: { lambda: transposed(lambda), gamma: matrixOfTensor(parts.randlora_gamma!) },
      frozen: {
        a: matrixOf(small, rank, (n, i) => narrow![i * a!.shape[2]! + n]!),
        b: matrixOf(large, rank * count, (row, column) => {
          const [j, i] = [Math.floor(column / rank), column % rank];
          const k = i * count + j;
          return wide![row * width + Math.floor(k / rank) * b!.shape[2]! + k % rank]!;
        }),
        scale: host.from([scale], 1, 1),
      },
    };
  },
};

function partOf({ parts }: AdaptedModule, part: string): Matrix {
  return matrixOfTensor(parts[part]!);
}

function matrixOfTensor({ shape, data }: TensorData): Matrix {
  const rows = shape[0]!;
  return host.from(data as Float32Array, rows, data.length / rows);
}

function stored({ rows, cols, data }: Matrix): TensorData {
  return { shape: [rows, cols], data: Float32Array.from(data) };
}

function scaleOf({ scale }: AdaptedModule): { readonly scale: Matrix } {
  return { scale: host.from([scale], 1, 1) };
}

function alphaOf({ data }: Attached<Matrix>["base"], rank: number): number {
  return shortest(data[0]! * rank, (alpha) => alpha / rank);
}

function requireMatrix({ module, name }: AdaptedModule): void {
  if (extentsOf(module).window.length === 0) return;
  throw new Error(
    `Cannot attach LoKr to "${name}": expected a matrix, got a kernel; merge the adapter instead`,
  );
}
