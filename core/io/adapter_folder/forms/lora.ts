import { patterned } from "../config.ts";
import { matrixOfTensor } from "./matrices.ts";
import type { AdapterForm } from "./types.ts";

const [A, B, BIAS] = ["lora_A.weight", "lora_B.weight", "lora_B.bias"];
const [TABLE_A, TABLE_B] = ["lora_embedding_A", "lora_embedding_B"];
/** Norms of the outputs of DoRA. */
export const MAGNITUDE = "lora_magnitude_vector";

/** LoRA with its relatives of the same form: rsLoRA, LoRA+, PiSSA, DoRA. W + s B A. */
export const loraForm: AdapterForm = {
  names: [A, B, BIAS, TABLE_A, TABLE_B, MAGNITUDE],
  shared: [],
  rank: (config, name) => patterned(config, "rank_pattern", name) ?? config.values.r as number,

  scale(config, name, rank) {
    const alpha = patterned<number>(config, "alpha_pattern", name) ??
      config.values.lora_alpha as number;
    return config.values.use_rslora ? alpha / Math.sqrt(rank) : alpha / rank;
  },

  shapes({ module: { kind }, outputs, inputs, window, rank, config: { values } }) {
    const [a, b] = kind === "embedding" ? [TABLE_A, TABLE_B] : [A, B];
    const ones = window.map(() => 1);
    return {
      [a]: [rank, inputs, ...window],
      [b]: [outputs, rank, ...ones],
      ...values.lora_bias ? { [BIAS]: [outputs] } : {},
      ...values.use_dora
        ? { [MAGNITUDE]: ones.length > 0 ? [1, outputs, ...ones] : [outputs] }
        : {},
    };
  },

  product({ parts }) {
    return {
      left: matrixOfTensor(parts[B] ?? parts[TABLE_B]!),
      right: matrixOfTensor(parts[A] ?? parts[TABLE_A]!),
    };
  },
};
