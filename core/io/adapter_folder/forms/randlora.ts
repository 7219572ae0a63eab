import { type Matrix, matrixOf } from "../../../algebra/mod.ts";
import { extentsOf } from "../base.ts";
import { host, numbersOf } from "./matrices.ts";
import type { AdaptedModule, AdapterForm } from "./types.ts";

/**
 * RandLoRA as its library evaluates it: rows of the small side and columns of the large one are
 * flattened in different orders, which is not the sum of the paper unless r or N is 1.
 */
export const randloraForm: AdapterForm = {
  names: ["randlora_lambda", "randlora_gamma", "randlora_A", "randlora_B"],
  shared: ["randlora_A", "randlora_B"],
  rank: ({ values }) => values.r as number,
  scale: ({ values }) => values.randlora_alpha as number / (values.r as number),

  shapes({ outputs, inputs, rank }) {
    const small = Math.min(outputs, inputs);
    const count = Math.ceil(small / rank);
    return { randlora_lambda: [rank, count], randlora_gamma: [count, small] };
  },

  least({ outputs, inputs, rank }) {
    const [small, large] = [Math.min(outputs, inputs), Math.max(outputs, inputs)];
    return {
      randlora_A: [rank, 1, small],
      randlora_B: [large, Math.ceil(small / rank), rank],
    };
  },

  refuses: ({ kind }) => kind === "conv2d" || kind === "embedding" ? "a linear map" : undefined,

  increment(adapted) {
    const { outputs, inputs } = extentsOf(adapted.module);
    const sum = host.multiply(...sides(adapted));
    return inputs <= outputs ? sum : host.transpose(sum);
  },
};

/** The large side, D×(r N), and the small one, (r N)×d. */
function sides({ module, parts, shared, rank }: AdaptedModule): [Matrix, Matrix] {
  const { outputs, inputs } = extentsOf(module);
  const [small, large] = [Math.min(outputs, inputs), Math.max(outputs, inputs)];
  const lambda = parts.randlora_lambda!;
  const count = lambda.shape[1]!;
  // Older files repeat the bases under every module.
  const a = parts.randlora_A ?? shared.randlora_A!;
  const b = parts.randlora_B ?? shared.randlora_B!;
  const [l, g] = [numbersOf(lambda), numbersOf(parts.randlora_gamma!)];
  const [x, y] = [numbersOf(a), numbersOf(b)];
  const [width, depth] = [a.shape[2]!, b.shape.slice(1)];
  const rows = matrixOf(rank * count, small, (k, n) => {
    const [i, j] = [Math.floor(k / count), k % count];
    return l[k]! * x[i * width + n]! * g[j * small + n]!;
  });
  const columns = matrixOf(large, rank * count, (m, k) => {
    const [j, i] = [Math.floor(k / rank), k % rank];
    return y[(m * depth[0]! + j) * depth[1]! + i]!;
  });
  return [columns, rows];
}
