/** Several adapters on one base: sums, one LoRA for all, out again. */

import { assert, assertEquals, assertLess, assertRejects, assertThrows } from "@std/assert";
import {
  adapterBase,
  type AdapterFolder,
  combinedAdapter,
  combinedTensors,
  mergedTensors,
  type TensorData,
  unmergedTensors,
} from "../../../../core/mod.ts";
import { adapterOf, BASE, UP } from "../../../support/adapter_folders.ts";
import { difference } from "../../../support/reference_models.ts";

const lora = { peft_type: "LORA", r: 2, target_modules: ["block.0.up"] };
const factors = { [`${UP}.lora_A.weight`]: [2, 4], [`${UP}.lora_B.weight`]: [6, 2] };
const LORA = adapterOf(lora, factors);
const DORA = adapterOf({ ...lora, use_dora: true, lora_alpha: 3 }, {
  ...factors,
  [`${UP}.lora_magnitude_vector`]: [6],
});
const LOHA = adapterOf({ peft_type: "LOHA", r: 1, target_modules: ["block.1.up"] }, {
  "base_model.model.block.1.up.hada_w1_a": [6, 1],
  "base_model.model.block.1.up.hada_w1_b": [1, 4],
  "base_model.model.block.1.up.hada_w2_a": [6, 1],
  "base_model.model.block.1.up.hada_w2_b": [1, 4],
});
const base = adapterBase(BASE);
const NAMES = ["block.0.up.weight", "block.1.up.weight"];

type Tensors = Readonly<Record<string, TensorData>>;

/** W₀ + Σ wᵢ (Wᵢ − W₀), entry by entry. */
async function expected(parts: readonly (readonly [AdapterFolder, number])[], name: string) {
  const own = base.tensors[name]!.data as Float32Array;
  const merged = await Promise.all(parts.map(([adapter]) => mergedTensors(base, adapter)));
  return Array.from(own, (w, i) =>
    parts.reduce(
      (sum, [, weight], k) => sum + weight * (Number(merged[k]![name]!.data[i]) - w),
      w,
    ));
}

Deno.test("weighted sums of adapters are merged whatever their types, in any order", async () => {
  const parts = [[LORA, 0.5], [DORA, -2], [LOHA, 1]] as const;
  const asParts = parts.map(([adapter, weight]) => ({ adapter, weight }));
  const found = await combinedTensors(base, asParts);
  const other = await combinedTensors(base, asParts.toReversed());
  for (const name of NAMES) {
    assertLess(difference(found[name]!.data, await expected(parts, name)), 1e-5);
    assertLess(difference(found[name]!.data, other[name]!.data), 1e-5);
  }
  assertEquals(found["conv.weight"], BASE.tensors["conv.weight"]);
  const once = await combinedTensors(base, [{ adapter: LORA, weight: 1 }]);
  assertEquals(once[NAMES[0]!]!.data, (await mergedTensors(base, LORA))[NAMES[0]!]!.data);
});

Deno.test("one LoRA stands for a sum of adapters, and of a smaller rank for the best part of it", async () => {
  const parts = [{ adapter: LORA, weight: 0.5 }, { adapter: DORA, weight: 1 }];
  const sum = await combinedTensors(base, parts);
  const far = async ({ adapter }: { readonly adapter: AdapterFolder }) => {
    const merged: Tensors = await mergedTensors(base, adapter);
    return difference(merged[NAMES[0]!]!.data, sum[NAMES[0]!]!.data);
  };
  const whole = await combinedAdapter(base, parts);
  assertLess(await far(whole), 1e-5);
  const small = await combinedAdapter(base, parts, { rank: 2 });
  const { rank, discarded } = small.modules["block.0.up"]!;
  assertEquals(rank, 2);
  assert(discarded > 0.01 && discarded < 1);
  assert(await far(small) > 1e-3);
  // LoRA alone has no more than its rank.
  const alone = await combinedAdapter(base, [{ adapter: LORA, weight: 3 }]);
  assertEquals(alone.modules["block.0.up"]!.rank, 2);
});

Deno.test("an adapter that was merged is taken out again to round-off, and others say why not", async () => {
  for (const adapter of [LORA, LOHA]) {
    const merged = adapterBase({ tensors: await mergedTensors(base, adapter) });
    const found = unmergedTensors(merged, adapter);
    for (const [name, { data }] of Object.entries(BASE.tensors)) {
      assertLess(difference(found[name]!.data, data as Float32Array), 1e-5, name);
    }
  }
  const refused: readonly [AdapterFolder, string][] = [
    [DORA, "one that scales outputs; go back to the base"],
    [adapterOf({ ...lora, init_lora_weights: "pissa" }, factors), "one that took its start out"],
    [
      adapterOf({ ...lora, modules_to_save: ["head"] }, {
        ...factors,
        "base_model.model.head.weight": [2, 6],
      }),
      "one that replaced head.weight",
    ],
  ];
  for (const [adapter, message] of refused) {
    assertThrows(() => unmergedTensors(base, adapter), Error, message);
  }
});

Deno.test("what no LoRA can add is refused where one is asked for", async () => {
  const bias = adapterOf({ ...lora, bias: "lora_only" }, {
    ...factors,
    [`${UP}.base_layer.bias`]: [6],
  });
  await assertRejects(
    () => combinedAdapter(base, [{ adapter: bias, weight: 1 }]),
    Error,
    'got changes of "block.0.up.bias"; merge them into the model',
  );
});
