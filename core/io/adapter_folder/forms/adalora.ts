import { brief } from "../../json.ts";
import type { AdapterConfig } from "../config.ts";
import { host, matrixOfTensor, numbersOf } from "./matrices.ts";
import type { AdapterForm } from "./types.ts";

/** Added to the rank in the scale, so that it is never zero. */
const GUARD = 1e-5;

/** AdaLoRA: W + s B (E ∘ A) with s by the rank at the start, whatever the budget has left. */
export const adaloraForm: AdapterForm = {
  names: ["lora_A", "lora_B", "lora_E"],
  shared: [],

  rank(config, name) {
    const mask = maskOf(config, name);
    return mask ? mask.filter((kept) => kept).length : config.values.init_r as number;
  },

  scale: ({ values }) => values.lora_alpha as number / (values.init_r as number + GUARD),

  shapes: ({ outputs, inputs, rank }) => ({
    lora_A: [rank, inputs],
    lora_B: [outputs, rank],
    lora_E: [rank, 1],
  }),

  refuses: ({ kind }) => kind === "conv2d" || kind === "embedding" ? "a linear map" : undefined,

  product({ parts }) {
    return {
      left: matrixOfTensor(parts.lora_B!),
      right: host.weighted(matrixOfTensor(parts.lora_A!), {
        rows: numbersOf(parts.lora_E!),
      }),
    };
  },
};

/** Which of the rows of a module are left. */
function maskOf({ values, source }: AdapterConfig, name: string): readonly boolean[] | undefined {
  const masks = (values.rank_pattern ?? {}) as Readonly<Record<string, readonly boolean[]>>;
  const key = Object.keys(masks).find((k) =>
    k.replace(/^base_model\.model\./, "").replace(/\.lora_E$/, "") === name
  );
  if (key === undefined) return undefined;
  const mask = masks[key]!;
  if (mask.length === values.init_r) return mask;
  throw new Error(
    `Cannot read ${source}: expected ${values.init_r} marks, as many as "init_r", in ` +
      `"rank_pattern" for ${brief(key)}, got ${mask.length}`,
  );
}
