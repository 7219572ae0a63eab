/**
 * Adapters merged into the weights of their base, in float64.
 *
 * @module
 */

import { type Matrix, rowSquares } from "../../algebra/mod.ts";
import { orderedRecord, type TensorData } from "../safetensors.ts";
import { type AdapterBase, asStored, rounded, weightOf } from "./base.ts";
import { type AdapterContents, adapterContents, type AdapterFolder } from "./contents.ts";
import { type AdaptedModule, FORMS, MAGNITUDE } from "./forms/mod.ts";
import { host, numbersOf } from "./forms/matrices.ts";

/** Starts whose base is the weight without its leading triples. */
export const RESIDUAL = /^pissa/;

/**
 * The tensors of a model with an adapter merged in: computed in float64, stored in float32. The
 * tensors that the adapter does not touch are those of the base.
 *
 * @throws {Error} When the adapter is for another base, or a number is not finite.
 *
 * @example W + (alpha / r) B A
 * ```ts
 * import { adapterBase, adapterConfig, mergedTensors } from "@rankflow/rankflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * const of = (shape: number[], ...data: number[]) => ({ shape, data: Float32Array.from(data) });
 * const values = { peft_type: "LORA", r: 1, lora_alpha: 2, target_modules: ["map"] };
 * const merged = await mergedTensors(
 *   adapterBase({ tensors: { "map.weight": of([1, 2], 1, 1) } }),
 *   {
 *     config: adapterConfig(values, "here"),
 *     tensors: {
 *       "base_model.model.map.lora_A.weight": of([1, 2], 1, 0),
 *       "base_model.model.map.lora_B.weight": of([1, 1], 3),
 *     },
 *   },
 * );
 * assertEquals([...merged["map.weight"]!.data], [7, 1]);
 * ```
 */
export async function mergedTensors(
  base: AdapterBase,
  adapter: AdapterFolder,
): Promise<Readonly<Record<string, TensorData>>> {
  const contents = adapterContents(adapter, base);
  const changed = new Map(Object.entries(contents.saved));
  for (const adapted of contents.modules) {
    const { module } = adapted;
    const merged = await mergedMatrix(contents, adapted, weightOf(module, base));
    changed.set(`${module.name}.weight`, asStored(module, merged));
    const bias = mergedBias(adapted, changed, base);
    if (bias) changed.set(...bias);
  }
  return orderedRecord(
    Object.keys(base.tensors).map((name) => [name, changed.get(name) ?? base.tensors[name]!]),
  );
}

/**
 * The weight of one module with its adapter, outputs×inputs.
 *
 * @param w Weight of the base in that layout.
 */
export async function mergedMatrix(
  { config }: Pick<AdapterContents, "config">,
  adapted: AdaptedModule,
  w: Matrix,
): Promise<Matrix> {
  const start = String(config.values.init_lora_weights);
  const base = RESIDUAL.test(start) ? await residual(w, adapted.rank) : w;
  const sum = host.lincomb(1, base, adapted.scale, incrementOf(adapted, config));
  const magnitude = adapted.parts[MAGNITUDE];
  if (!magnitude) return sum;
  const norms = rowSquares(host, sum).data.map(Math.sqrt);
  // An output without inputs has no direction that a norm could scale.
  const rows = numbersOf(magnitude).map((m, i) => norms[i] === 0 ? 0 : m / norms[i]!);
  return host.weighted(sum, { rows });
}

/** The increment of a module without its scale, outputs×inputs. */
export function incrementOf(adapted: AdaptedModule, { type }: AdapterContents["config"]): Matrix {
  const form = FORMS[type];
  if (!form.product) return form.increment!(adapted);
  const { left, right } = form.product(adapted);
  return host.multiply(left, right);
}

/** W without its leading singular triples: what PiSSA leaves of the base. */
async function residual(w: Matrix, rank: number): Promise<Matrix> {
  const { p, sigma, q } = await host.svd(w);
  const kept = sigma.map((s, i) => i < rank ? 0 : s);
  return host.multiply(host.weighted(p, { columns: kept }), q, {
    transposeRight: true,
  });
}

/** The bias of B, scaled as the increment is. */
function mergedBias(
  { module, parts, scale }: AdaptedModule,
  changed: ReadonlyMap<string, TensorData>,
  { tensors }: AdapterBase,
): [string, TensorData] | undefined {
  const added = parts["lora_B.bias"];
  if (!added) return undefined;
  const name = `${module.name}.bias`;
  const base = changed.get(name) ?? tensors[name];
  if (!base) {
    throw new Error(
      `Cannot merge an adapter: expected a bias of "${module.name}" that "lora_bias" adds to, got none`,
    );
  }
  const sum = Float64Array.from(
    base.data as Float32Array,
    (x, i) => x + scale * Number(added.data[i]),
  );
  return [name, rounded(name, base.shape, sum)];
}
