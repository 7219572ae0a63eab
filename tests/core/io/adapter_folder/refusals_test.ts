/** Adapters that cannot be right end in one sentence that says what is wrong. */

import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import {
  adapterBase,
  adapterConfig,
  adapterContents,
  mergedTensors,
  type ModelFolder,
  readAdapterFolder,
  writeAdapterFolder,
} from "../../../../core/mod.ts";
import { questionOf } from "../../../../core/io/adapter_folder/targets.ts";
import { adapterOf, BASE, randomTensor, UP } from "../../../support/adapter_folders.ts";
import { inFolder } from "../../../support/command_line.ts";

type Values = Readonly<Record<string, unknown>>;
type Shapes = Readonly<Record<string, readonly number[]>>;

const lora = { peft_type: "LORA", r: 2, target_modules: ["block.0.up"] };
const right = { [`${UP}.lora_A.weight`]: [2, 4], [`${UP}.lora_B.weight`]: [6, 2] };
const loha = ["hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b"];

const CONFIGS: readonly [what: string, json: unknown, message: string][] = [
  ["no object", [], "expected a JSON object, got []"],
  ["an unknown method", { peft_type: "BOFT" }, '"peft_type" to be one of LORA, ADALORA'],
  ["no method", { r: 2 }, '"peft_type" to be one of LORA, ADALORA, VERA'],
  [
    "an unknown key",
    { ...lora, lora_alhpa: 3 },
    'got "lora_alhpa", which nothing here follows; did you mean "lora_alpha"',
  ],
  ["a method within LoRA", { ...lora, use_qalora: true }, 'got "use_qalora"'],
  ["replicated layers", { ...lora, layer_replication: [[0, 2]] }, 'got "layer_replication"'],
  ["no rank", { ...lora, r: 0 }, 'a whole number ≥ 1 for "r", got 0'],
  ["ranks that are marks", { ...lora, rank_pattern: { up: [true] } }, '"rank_pattern.up"'],
  ["a strange bias", { ...lora, bias: "some" }, 'one of none, all, lora_only for "bias"'],
  [
    "a start that changes the base",
    { ...lora, init_lora_weights: "olora" },
    'got "olora"; save the adapter',
  ],
  ["DoRA on AdaLoRA", { peft_type: "ADALORA", use_dora: true }, '"use_dora", got true'],
  [
    "targets of no kind",
    { ...lora, target_modules: 3 },
    'a list of names or a text for "target_modules"',
  ],
];

for (const [what, json, message] of CONFIGS) {
  Deno.test(`a config with ${what} is refused`, () => {
    const error = assertThrows(() => adapterConfig(json, "a file"), Error, message);
    assertMatch(error.message, /^Cannot read a file: expected [^\n]{1,300}$/);
  });
}

const FOLDERS: readonly [what: string, values: Values, shapes: Shapes, message: string][] = [
  [
    "a missing tensor",
    lora,
    { [`${UP}.lora_A.weight`]: [2, 4] },
    `expected tensor "${UP}.lora_B.weight" of shape [6,2], got none`,
  ],
  [
    "a missing module",
    { ...lora, target_modules: ["up"] },
    right,
    'expected tensor "base_model.model.block.1.up.lora_A.weight", got none',
  ],
  [
    "another rank",
    { ...lora, r: 3 },
    right,
    `"${UP}.lora_A.weight" of shape [3,4], as its config and the model say, got one of shape [2,4]`,
  ],
  [
    "another model's width",
    lora,
    { ...right, [`${UP}.lora_A.weight`]: [2, 5] },
    "of shape [2,5]; an adapter of another model?",
  ],
  [
    "another model's names",
    { ...lora, target_modules: ["q_proj"] },
    right,
    'expected "target_modules" that the model has, got ["q_proj"]',
  ],
  [
    "a module that the model lacks",
    { ...lora, target_modules: null },
    { ...right, "base_model.model.block.7.up.lora_A.weight": [2, 4] },
    'modules that the model has, got "block.7.up"; did you mean "block.0.up"',
  ],
  [
    "a target that matches nothing",
    { ...lora, target_modules: ["upp"] },
    right,
    'got ["upp"]; did you mean "up"',
  ],
  [
    "a pattern that matches nothing",
    { ...lora, target_modules: "block\\.\\d" },
    right,
    'expected "target_modules" that the model has',
  ],
  [
    "a pattern that is none",
    { ...lora, target_modules: "block.(up" },
    right,
    'regular expressions in "target_modules", got "(?:block.(up)$"',
  ],
  [
    "tensors of another target",
    { ...lora, target_modules: ["block.1.up"] },
    right,
    'tensors of what "target_modules" names, got also of "block.0.up"',
  ],
  [
    "an unknown tensor",
    lora,
    { ...right, [`${UP}.lora_C.weight`]: [2] },
    `and what "modules_to_save" names, got "${UP}.lora_C.weight"`,
  ],
  [
    "a magnitude that its config does not know",
    lora,
    { ...right, [`${UP}.lora_magnitude_vector`]: [6] },
    `tensors that its config speaks of, got also "${UP}.lora_magnitude_vector"`,
  ],
  [
    "a whole module that is missing",
    { ...lora, modules_to_save: ["head"] },
    right,
    'expected tensor "base_model.model.head.weight", which "modules_to_save" names, got none',
  ],
  [
    "another name for everything",
    lora,
    { "model.up.lora_A.weight": [2, 4] },
    'names that begin with "base_model.model.", got "model.up.lora_A.weight"',
  ],
  [
    "projections that were not saved",
    { peft_type: "VERA", r: 2, target_modules: ["block.0.up"] },
    { [`${UP}.vera_lambda_b`]: [6], [`${UP}.vera_lambda_d`]: [2] },
    'tensor "base_model.vera_A", got none; save the adapter with save_projection',
  ],
  [
    "projections that are too small",
    { peft_type: "VERA", r: 2, target_modules: ["block.0.up"] },
    {
      ...{ [`${UP}.vera_lambda_b`]: [6], [`${UP}.vera_lambda_d`]: [2] },
      ...{ "base_model.vera_A": [2, 3], "base_model.vera_B": [6, 2] },
    },
    'tensor "base_model.vera_A" of shape [2,4] at least, got one of shape [2,3]',
  ],
  [
    "too few marks",
    {
      ...{ peft_type: "ADALORA", init_r: 3, target_modules: ["block.0.up"] },
      rank_pattern: { "block.0.up.lora_E": [true] },
    },
    { [`${UP}.lora_A`]: [1, 4], [`${UP}.lora_B`]: [6, 1], [`${UP}.lora_E`]: [1, 1] },
    'expected 3 marks, as many as "init_r"',
  ],
  ["nothing in it", { ...lora, target_modules: null }, {}, "expected tensors of LORA, got none"],
];

for (const [what, values, shapes, message] of FOLDERS) {
  Deno.test(`an adapter with ${what} is refused`, async () => {
    const error = await assertRejects(
      () => mergedTensors(adapterBase(BASE), adapterOf(values, shapes)),
      Error,
      message,
    );
    assertMatch(error.message, /^Cannot read an adapter: expected [^\n]{1,400}$/);
  });
}

Deno.test("LoHa is refused where a map is stored inputs×outputs, as PEFT refuses it", () => {
  const model: ModelFolder = {
    config: {},
    tensors: { "h.0.c_fc.weight": randomTensor("w", [4, 6]) },
  };
  const name = "base_model.model.h.0.c_fc";
  const adapter = adapterOf(
    { peft_type: "LOHA", r: 2, target_modules: ["c_fc"] },
    Object.fromEntries(loha.map((p) => [`${name}.${p}`, p.endsWith("a") ? [6, 2] : [2, 4]])),
  );
  assertThrows(
    () => adapterContents(adapter, adapterBase(model, { turned: true })),
    Error,
    'got "h.0.c_fc", a linear map stored inputs×outputs of shape [4,6]',
  );
});

Deno.test("numbers that are not finite are refused by their place", async () => {
  const adapter = adapterOf(lora, right);
  adapter.tensors[`${UP}.lora_A.weight`]!.data[3] = NaN;
  await assertRejects(
    () => mergedTensors(adapterBase(BASE), adapter),
    Error,
    "finite numbers, got NaN at position 3",
  );
});

Deno.test("damaged folders are refused by the file, and full ones are not written over", async () => {
  await inFolder(async (parent) => {
    const folder = `${parent}/adapter`;
    await assertRejects(
      () => readAdapterFolder(folder),
      Error,
      "expected adapter_config.json in it, got none",
    );
    await writeAdapterFolder(folder, adapterOf(lora, right));
    await assertRejects(
      () => writeAdapterFolder(folder, adapterOf(lora, right)),
      Error,
      "Cannot write an adapter into",
    );
    const path = `${folder}/adapter_model.safetensors`;
    const bytes = await Deno.readFile(path);
    await Deno.writeFile(path, bytes.subarray(0, bytes.length - 5));
    await assertRejects(() => readAdapterFolder(folder), Error, `Cannot read ${path}: expected`);
    await Deno.rename(path, `${folder}/adapter_model.bin`);
    await assertRejects(() => readAdapterFolder(folder), Error, "got adapter_model.bin; save");
    await Deno.writeTextFile(`${folder}/adapter_config.json`, "{");
    await assertRejects(() => readAdapterFolder(folder), Error, "expected JSON text");
    assertEquals(await Array.fromAsync(Deno.readDir(parent), (e) => e.name), ["adapter"]);
  });
});

const MEANT: readonly [what: string, values: Values, modules: readonly string[]][] = [
  ["the ends of names", { target_modules: ["up"] }, ["block.0.up", "block.1.up"]],
  ["a pattern for whole names", { target_modules: ".*\\.1\\.up" }, ["block.1.up"]],
  ["all linear maps but the head", { target_modules: "all-linear" }, [
    "block.0.up",
    "block.1.up",
    "head",
  ]],
  [
    "layers by number",
    { target_modules: ["up"], layers_to_transform: 1, layers_pattern: "block" },
    [],
  ],
  ["what is not excluded", { target_modules: ["up"], exclude_modules: ["block.0.up"] }, [
    "block.1.up",
  ]],
  ["what is not kept whole", { target_modules: ["up", "head"], modules_to_save: ["head"] }, [
    "block.0.up",
    "block.1.up",
  ]],
];

for (const [what, values, modules] of MEANT) {
  Deno.test(`target modules are ${what}`, () => {
    const means = questionOf(adapterConfig({ ...lora, ...values }, "a test"));
    assertEquals(adapterBase(BASE).modules.filter(means).map((m) => m.name), modules);
  });
}
