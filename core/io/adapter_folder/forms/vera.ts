import { extentsOf } from "../base.ts";
import { corner, host, matrixOfTensor, numbersOf } from "./matrices.ts";
import type { AdapterForm } from "./types.ts";

/** VeRA: W + diag(b) B diag(d) A with corners of one pair (A, B) for the whole model. */
export const veraForm: AdapterForm = {
  names: ["vera_lambda_b", "vera_lambda_d"],
  shared: ["vera_A", "vera_B"],
  rank: ({ values }) => values.r as number,
  scale: () => 1,
  shapes: ({ outputs, rank }) => ({ vera_lambda_b: [outputs], vera_lambda_d: [rank] }),
  least: ({ outputs, inputs, rank }) => ({ vera_A: [rank, inputs], vera_B: [outputs, rank] }),
  refuses: ({ kind }) => kind === "conv2d" || kind === "embedding" ? "a linear map" : undefined,

  product({ parts, shared, rank, module }) {
    const { outputs, inputs } = extentsOf(module);
    const b = corner(matrixOfTensor(shared.vera_B!), outputs, rank);
    const a = corner(matrixOfTensor(shared.vera_A!), rank, inputs);
    return {
      left: host.weighted(b, { rows: numbersOf(parts.vera_lambda_b!) }),
      right: host.weighted(a, { rows: numbersOf(parts.vera_lambda_d!) }),
    };
  },
};
