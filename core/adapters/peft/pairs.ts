import { hostAlgebra, type Matrix } from "../../algebra/mod.ts";
import { type AdaptedModule, type BaseModule, extentsOf, peftForms } from "../../io/mod.ts";
import type { Attached } from "../adapter.ts";
import type { PeftCodec, StoredParts } from "./codec.ts";
import { leftOf, leftStored, rightStored, shortest } from "./layout.ts";

const host = hostAlgebra();
/** Lengths of the outputs. */
const MAGNITUDE = "lora_magnitude_vector";

/** Names of the factors: of tables, and of all else. */
const FACTORS = {
  table: ["lora_embedding_A", "lora_embedding_B"],
  map: ["lora_A.weight", "lora_B.weight"],
} as const;

/** Adapters with the factors of LoRA: U is Aᵀ, V is B. */
function pairCodec(
  adapter: string,
  values: PeftCodec["values"],
  other: Pick<PeftCodec, "write"> = { write: pairStored },
): PeftCodec {
  return {
    adapter,
    type: "LORA",
    values,
    settings: ({ rank, scale }) => ({
      rank,
      alpha: values.use_rslora ? scale * Math.sqrt(rank) : scale * rank,
    }),
    read: pairRead,
    ...other,
  };
}

function pairRead(adapted: AdaptedModule) {
  const { left, right } = peftForms.LORA.product!(adapted);
  return {
    trained: { u: leftOf(right, adapted.module), v: left },
    frozen: { scale: host.from([adapted.scale], 1, 1) },
  };
}

/** Factors U and V with their scale, as LoRA stores them. */
export function pairStored(
  { trained, frozen }: Pick<Attached<Matrix>, "trained" | "frozen">,
  module: BaseModule,
): StoredParts {
  const { u, v } = trained;
  const rank = v!.cols;
  const [a, b] = module.kind === "embedding" ? FACTORS.table : FACTORS.map;
  return {
    parts: { [a]: leftStored(u!, module), [b]: rightStored(v!, module) },
    rank,
    alpha: shortest(frozen.scale!.data[0]! * rank, (alpha) => alpha / rank),
  };
}

const plain = { use_dora: false, use_rslora: false, init_lora_weights: true };

/** LoRA, and those whose files are its files. A file does not say how fast its factors moved. */
export const pairCodecs: readonly PeftCodec[] = [
  pairCodec("lora", plain),
  pairCodec("rslora", { ...plain, use_rslora: true }, {
    write(at, module) {
      const stored = pairStored(at, module);
      const root = Math.sqrt(stored.rank);
      return { ...stored, alpha: shortest(stored.alpha / root, (alpha) => alpha / root) };
    },
  }),
  // Its base is another one: only what it changes of the whole weight can be read by itself.
  pairCodec("pissa", { ...plain, init_lora_weights: "pissa" }, {}),
  doraCodec(),
  pairCodec("lora-plus", plain),
];

/** DoRA: the lengths of the outputs beside the factors. */
function doraCodec(): PeftCodec {
  return {
    ...pairCodec("dora", { ...plain, use_dora: true }),
    read(adapted) {
      const { trained, frozen } = pairRead(adapted);
      const { data } = adapted.parts[MAGNITUDE]!;
      return {
        trained: { ...trained, m: host.from(data as Float32Array, 1, data.length) },
        frozen,
      };
    },
    write(at, module) {
      const stored = pairStored(at, module);
      const { window } = extentsOf(module);
      const data = Float32Array.from(at.trained.m!.data);
      const shape = window.length > 0 ? [1, data.length, ...window.map(() => 1)] : [data.length];
      return { ...stored, parts: { ...stored.parts, [MAGNITUDE]: { shape, data } } };
    },
  };
}
