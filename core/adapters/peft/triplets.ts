import { hostAlgebra, type Matrix, transposed } from "../../algebra/mod.ts";
import type { TensorData } from "../../io/mod.ts";
import type { PeftCodec } from "./codec.ts";
import { leftOf, leftStored, rightStored, shortest } from "./layout.ts";

const host = hostAlgebra();
/** Added to the rank in the scale there. */
const GUARD = 1e-5;

/** AdaLoRA: triplets, of which a file has those that the budget has left. */
export const adaloraCodec: PeftCodec = {
  adapter: "adalora",
  type: "ADALORA",
  values: {},

  settings: (_adapted, { values }) => ({
    rank: values.init_r as number,
    target: values.target_r as number,
    alpha: values.lora_alpha as number,
  }),

  read(adapted) {
    const { module, parts, scale } = adapted;
    const of = (part: string): Matrix => {
      const { data, shape } = parts[part]!;
      return host.from(data as Float32Array, shape[0]!, shape[1]!);
    };
    return {
      trained: { u: leftOf(of("lora_A"), module), v: of("lora_B"), e: transposed(of("lora_E")) },
      frozen: { scale: host.from([scale], 1, 1) },
    };
  },

  write({ trained: { u, v, e }, frozen }, module, { rank, target }) {
    const start = rank as number;
    const kept = Array.from(e!.data, (x) => x !== 0);
    const columns = (x: Matrix): Matrix => {
      const parts = kept.flatMap((isKept, k) => isKept ? [host.columns(x, k, k + 1)] : []);
      return parts.length > 0
        ? host.hstack(parts)
        : { rows: x.rows, cols: 0, data: new Float64Array() };
    };
    const left = columns(e!);
    const lambda: TensorData = { shape: [left.cols, 1], data: Float32Array.from(left.data) };
    // What was read may have fewer triplets than at its start: those that are gone stay so.
    const mask = Array.from({ length: start }, (_, k) => kept[k] ?? false);
    return {
      parts: {
        lora_A: leftStored(columns(u!), module),
        lora_B: rightStored(columns(v!), module),
        lora_E: lambda,
      },
      rank: left.cols,
      alpha: shortest(frozen.scale!.data[0]! * (start + GUARD), (alpha) => alpha / (start + GUARD)),
      values: { init_r: start, target_r: target, total_step: 1 },
      ...mask.every((isKept) => isKept) ? {} : { mask },
    };
  },
};
