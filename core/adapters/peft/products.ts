import { hostAlgebra, type Matrix, transposed } from "../../algebra/mod.ts";
import { type AdaptedModule, extentsOf, type TensorData } from "../../io/mod.ts";
import type { Attached } from "../adapter.ts";
import type { PeftCodec } from "./codec.ts";
import { leftOf, leftStored, shortest } from "./layout.ts";

const host = hostAlgebra();

/** LoHa: both products lie as outputs×rank and rank×inputs. */
export const lohaCodec: PeftCodec = {
  adapter: "loha",
  type: "LOHA",
  values: {},
  settings: ({ rank, scale }) => ({ rank, alpha: scale * rank }),

  read(adapted) {
    requireParts(adapted, "hada_t1", "a kernel between its factors");
    const of = (part: string) => partOf(adapted, `hada_${part}`);
    return {
      trained: {
        ...{ u1: leftOf(of("w1_b"), adapted.module), v1: of("w1_a") },
        ...{ u2: leftOf(of("w2_b"), adapted.module), v2: of("w2_a") },
      },
      frozen: scaleOf(adapted),
    };
  },

  write({ trained: { u1, v1, u2, v2 }, frozen }, module) {
    const rank = v1!.cols;
    const right = (u: Matrix): TensorData => {
      const { data } = leftStored(u, module);
      return { shape: [u.cols, u.rows], data };
    };
    return {
      parts: {
        ...{ hada_w1_a: stored(v1!), hada_w1_b: right(u1!) },
        ...{ hada_w2_a: stored(v2!), hada_w2_b: right(u2!) },
      },
      rank,
      alpha: alphaOf(frozen.scale!, rank),
    };
  },
};

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

  read({ module, parts, shared, rank }) {
    const { inputs, outputs } = extentsOf(module);
    const row = (part: string) => {
      const { data } = parts[part]!;
      return host.from(data as Float32Array, 1, data.length);
    };
    const base = (name: string) => matrixOfTensor(shared[name]!);
    const rows = (m: Matrix, n: number): Matrix => ({
      ...m,
      rows: n,
      data: m.data.subarray(0, n * m.cols),
    });
    return {
      trained: { b: row("vera_lambda_b"), d: row("vera_lambda_d") },
      frozen: {
        u: host.columns(rows(transposed(base("vera_A")), inputs), 0, rank),
        v: host.columns(rows(base("vera_B"), outputs), 0, rank),
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

function requireParts({ parts, name }: AdaptedModule, part: string, what: string): void {
  if (!parts[part]) return;
  throw new Error(
    `Cannot attach LoHa to "${name}": expected two products of factors, got ${what}; merge the ` +
      `adapter instead`,
  );
}
