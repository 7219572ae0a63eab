/** Networks written for other libraries and read again; what they cannot say is refused by name. */

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  currentPoints,
  disposeStates,
  initialStates,
  NamedTensors,
  Pass,
  readModelFolder,
  type Tensor,
  type TrainingMethod,
  type WeightStates,
  writeModelFolder,
} from "../../../core/mod.ts";
import {
  asBert,
  asDeberta,
  asLlama,
  asVit,
  attentions,
  type Config,
  gptAsGpt2,
  type Pretrained,
  pretrainedFamilies,
  pretrainedOf,
  pretrainedStates,
  pretrainedTensors,
} from "../../../layers/mod.ts";
import { onBackend } from "../../support/algebras.ts";
import { inFolder } from "../../support/command_line.ts";
import { methodOf } from "../../support/training.ts";

const small = { vocabulary: 11, context: 8, width: 8, heads: 2, blocks: 2 };

/** A small model of each kind, with every choice that its files know. */
const ROWS: Readonly<Record<string, readonly Pretrained[]>> = {
  "gpt2": [gptAsGpt2(small), gptAsGpt2({ ...small, tied: false, inner: 5, activation: "gelu" })],
  "llama": [
    asLlama({ ...small, inner: 12, groups: 1, tied: true }),
    asLlama({
      ...{ ...small, inner: 12, headSize: 6, attentionBias: true, mlpBias: true },
      rotary: {
        base: 5000,
        scaling: { type: "llama3", factor: 8, low: 1, high: 4, original: 16 },
      },
    }),
    asLlama({ ...small, inner: 12, rotary: { scaling: { type: "linear", factor: 2 } } }),
  ],
  "vit": [
    asVit({ image: [5, 5, 3], patch: 2, classes: 3, width: 8, heads: 2, blocks: 2 }),
    asVit({ image: [4, 4, 1], patch: 2, classes: 2, width: 8, heads: 2, blocks: 1, bias: false }),
  ],
  "bert": [asBert({ ...small, classes: 3, types: 3 })],
  "deberta-v2": [asDeberta({ ...small, classes: 3, buckets: 4, farthest: 8 })],
};

Deno.test("every kind of models has a row", () => {
  assertEquals(pretrainedFamilies.names().sort(), Object.keys(ROWS).sort());
});

async function outputs(
  { engine }: TrainingMethod,
  { network, config }: Pretrained,
  states: WeightStates,
): Promise<Float32Array> {
  return await engine.scope(async () => {
    const { image_size: side, num_channels: channels } = config as Record<string, number>;
    const x: Tensor = side
      ? engine.tensor(
        Float32Array.from({ length: side ** 2 * channels! }, (_, i) => Math.sin(i)),
        [1, side ** 2 * channels!],
      )
      : engine.tensor(Int32Array.of(3, 1, 4, 1, 5, 9, 2, 6), [2, 4]);
    const points = currentPoints(network, states);
    const pass = new Pass(engine, network, points, { training: false });
    return await engine.read(network.forward(pass, x)) as Float32Array;
  });
}

for (const [name, models] of Object.entries(ROWS)) {
  for (const [i, model] of models.entries()) {
    Deno.test({
      ...await onBackend(
        "wasm",
        `${name} ${i}: what is written is what is read, config and weights`,
      ),
      fn: async () => {
        const method = await methodOf({ backend: "wasm" });
        const { network, config } = model;
        const states = await initialStates(method, network, 2);
        await inFolder(async (parent) => {
          const folder = `${parent}/model`;
          const tensors = await pretrainedTensors(method, model, states);
          await writeModelFolder(folder, { config, tensors });
          const found = await readModelFolder(folder);
          const again = pretrainedOf(found.config);
          assertEquals<Config>({ ...again.config, dtype: "float32" }, found.config);
          assertEquals(
            again.network.weights.map((w) => [w.name, w.shape]),
            network.weights.map((w) => [w.name, w.shape]),
          );
          const own = await pretrainedStates(
            method,
            again,
            new NamedTensors(found.tensors, folder),
          );
          assertEquals(await outputs(method, again, own), await outputs(method, model, states));
          disposeStates(own, {});
        });
        disposeStates(states, {});
      },
    });
  }
}

Deno.test({
  ...await onBackend("wasm", "a folder is read into factors, and factors are written as matrices"),
  fn: async () => {
    const method = await methodOf({ backend: "wasm" });
    const model = gptAsGpt2(small);
    const states = await initialStates(method, model.network, 2);
    const tensors = await pretrainedTensors(method, model, states);
    const factors = pretrainedOf(model.config, { format: "low-rank" });
    assertEquals(
      factors.network.weights.filter((w) => w.format === "low-rank").length,
      6 * small.blocks,
    );
    const own = await pretrainedStates(method, factors, new NamedTensors(tensors, "a model"));
    const back = await pretrainedTensors(method, factors, own);
    for (const [name, { data }] of Object.entries(back)) {
      const worst = Array.from(
        data as Float32Array,
        (x, i) => Math.abs(x - Number(tensors[name]!.data[i])),
      );
      assertEquals(Math.max(...worst) < 1e-5, true, name);
    }
    disposeStates(own, {});
    disposeStates(states, {});
  },
});

const REFUSED: readonly [what: Config, message: string][] = [
  [{ model_type: "gpt3" }, 'Cannot find model type "gpt3": did you mean "gpt2"'],
  [
    {},
    'expected "model_type" in its config to be one of bert, deberta-v2, gpt2, llama, vit, got none',
  ],
  [
    { ...ROWS.gpt2![0]!.config, add_cross_attention: true },
    '"add_cross_attention" to be false, got true',
  ],
  [{ ...ROWS.gpt2![0]!.config, activation_function: "mish" }, '"activation_function" to be gelu'],
  [{ ...ROWS.gpt2![0]!.config, n_head: 2.5 }, 'expected "n_head" to be an integer ≥ 1, got 2.5'],
  [{ ...ROWS.gpt2![0]!.config, n_layer: undefined }, '"n_layer" to be a value, got none'],
  [{ ...ROWS.llama![0]!.config, hidden_act: "gelu" }, '"hidden_act" to be "silu" or "swish"'],
  [
    { ...ROWS.llama![0]!.config, rope_parameters: { rope_type: "yarn" } },
    '"rope_type" to be default, linear or llama3, got "yarn"',
  ],
  [
    { ...ROWS["deberta-v2"]![0]!.config, pos_att_type: "c2p" },
    'expected "pos_att_type" to be c2p and p2c, got "c2p"',
  ],
  [{ ...ROWS.bert![0]!.config, is_decoder: true }, '"is_decoder" to be false, got true'],
  [{ ...ROWS.gpt2![0]!.config, quantization_config: {} }, 'got "quantization_config"'],
];

for (const [config, message] of REFUSED) {
  Deno.test(`a config that no network here has is refused: ${message}`, () => {
    assertThrows(() => pretrainedOf(config), RangeError, message);
  });
}

Deno.test("older configs say rotary positions in other fields", () => {
  const { rope_parameters: _, ...older } = ROWS.llama![1]!.config as Record<string, unknown>;
  const scaling = { type: "linear", factor: 4 };
  const { config } = pretrainedOf({ ...older, rope_theta: 7000, rope_scaling: scaling });
  assertEquals(config.rope_parameters, { rope_theta: 7000, rope_type: "linear", factor: 4 });
});

Deno.test("networks that files do not know are not written", () => {
  const tucker = attentions.get("tucker");
  assertThrows(() => gptAsGpt2({ ...small, attention: tucker }), RangeError, 'attention "tucker"');
  assertThrows(() => gptAsGpt2({ ...small, bias: false }), RangeError, "got no biases");
  assertThrows(() => gptAsGpt2({ ...small, positions: {} }), RangeError, "got other positions");
  const rotary = { pairing: "interleaved" } as const;
  assertThrows(() => asLlama({ ...small, inner: 8, rotary }), RangeError, "got interleaved");
});

Deno.test({
  ...await onBackend("wasm", "a tensor that has no place, and one that is missing, are named"),
  fn: async () => {
    const method = await methodOf({ backend: "wasm" });
    const model = ROWS.bert![0]!;
    const states = await initialStates(method, model.network, 2);
    const tensors = await pretrainedTensors(method, model, states);
    const before = method.engine.memory().numTensors;
    const read = (changed: typeof tensors) =>
      pretrainedStates(method, model, new NamedTensors(changed, "a model"));
    const { "bert.pooler.dense.bias": bias, ...rest } = tensors;
    await assertRejects(
      () => read(rest),
      Error,
      'expected tensor "bert.pooler.dense.bias", got none',
    );
    await assertRejects(() => read({ ...tensors, extra: bias! }), Error, 'got also "extra"');
    assertEquals(method.engine.memory().numTensors, before);
    disposeStates(states, {});
  },
});
