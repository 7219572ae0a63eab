/** Adapters on small models made here: exported as PEFT stores them, read again, merged. */

import { assert, assertEquals, assertLess, assertRejects } from "@std/assert";
import {
  adaptedNetwork,
  type AdapterBase,
  adapterConfig,
  adapterContents,
  type AdapterFolder,
  adapters,
  attachedOf,
  attachTo,
  codecOf,
  currentPoints,
  denseStates,
  disposeStates,
  initialStates,
  type Layer,
  mergedTensors,
  NamedTensors,
  Pass,
  Random,
  readAdapterFolder,
  recordOf,
  type Settings,
  type Tensor,
  type TrainingMethod,
  tune,
  type WeightSpec,
  type WeightState,
  type WeightStates,
  writeAdapterFolder,
} from "../../../core/mod.ts";
import {
  asVit,
  attachedAdapter,
  exportedAdapter,
  gptAsGpt2,
  type Pretrained,
  pretrainedBase,
  pretrainedOf,
  pretrainedStates,
  pretrainedTensors,
} from "../../../layers/mod.ts";
import { onBackend } from "../../support/algebras.ts";
import { inFolder } from "../../support/command_line.ts";
import { difference } from "../../support/reference_models.ts";
import { methodOf } from "../../support/training.ts";

const VIT = asVit({ image: [4, 4, 2], patch: 2, classes: 3, width: 8, heads: 2, blocks: 1 });
const GPT = gptAsGpt2({
  ...{ vocabulary: 7, context: 6, width: 8, heads: 2, blocks: 1 },
  joined: true,
});

/** A model with an adapter on some of its weights, moved away from its start at random. */
async function moved(
  method: TrainingMethod,
  pretrained: Pretrained,
  adapter: string,
  match: (spec: WeightSpec) => boolean,
  full: readonly string[] = [],
  further: Settings = {},
) {
  const plain = await initialStates(method, pretrained.network, 2);
  const tensors = await pretrainedTensors(method, pretrained, plain);
  const settings = {
    ...("rank" in adapters.get(adapter).defaults! ? { rank: 2 } : {}),
    // As its default of rank 32: 20 r.
    ...(adapter === "randlora" ? { alpha: 40 } : {}),
    ...further,
  };
  const network = adaptedNetwork(pretrained.network, {
    groups: [{ match, adapter, settings }],
    full,
  });
  const states: Record<string, WeightState> = {};
  for (const spec of network.weights) {
    const { value } = plain[spec.name]! as WeightState & { value: Tensor };
    states[spec.name] = spec.format === adapter
      ? await movedWeight(method, spec, value)
      : { format: spec.format, value: method.engine.clone(value) };
  }
  disposeStates(plain, states);
  return { tensors, network, states };
}

async function movedWeight(
  method: TrainingMethod,
  spec: WeightSpec,
  value: Tensor,
): Promise<WeightState> {
  const { algebra: a, engine } = method;
  const adapter = tune(adapters, adapters.get(spec.format), spec.settings ?? {});
  const columns = spec.shape.at(-1)!;
  const draw = (name: string, [rows, cols]: readonly [number, number]) =>
    engine.tensor(
      new Random(7).fork(spec.name + name).fillNormal(new Float32Array(rows * cols), 0, 0.3),
      [rows, cols],
    );
  return await engine.scope(async () => {
    const gradient = draw("gradient", [value.size / columns, columns]);
    const record = await attachTo(adapter, method, spec, value, {
      random: new Random(3),
      gradient,
    });
    const trained = Object.entries(record.trained).map(([name, x]) =>
      [name, a.lincomb(1, x, 1, draw(name, [a.rows(x), a.cols(x)]))] as const
    );
    const at = attachedOf(a, spec.shape, { ...record, trained: Object.fromEntries(trained) });
    const settled = adapter.derive ? adapter.derive(a, at) : at;
    return { ...recordOf(engine, spec.shape, settled, record), format: spec.format };
  });
}

/** What a network with its adapters merged holds, by the names of files. */
async function wholeTensors(
  method: TrainingMethod,
  pretrained: Pretrained,
  network: Layer,
  states: WeightStates,
) {
  const dense = await denseStates(method, network, states);
  const tensors = await pretrainedTensors(method, pretrained, dense);
  disposeStates(dense, {});
  return tensors;
}

const MAPS = new Set(["block1.attention.query.weight", "block1.mlp.down.weight"]);

/** Adapters whose files have no place for biases of what is adapted. */
const BARE = ["loha", "lokr"];

for (const { name } of adapters.list()) {
  Deno.test({
    ...await onBackend("wasm", `${name}: a folder of PEFT says what the network computes`),
    fn: async () => {
      const method = await methodOf({ backend: "wasm" });
      const { tensors, network, states } = await moved(
        ...[method, VIT, name, (spec: WeightSpec) => MAPS.has(spec.name)] as const,
        ["classifier.*", ...(BARE.includes(name) ? [] : ["block1.mlp.down.bias"])],
      );
      const base = pretrainedBase({ config: VIT.config, tensors });
      const { adapter, folded } = await exportedAdapter(method, VIT, base, { network, states });
      const known = codecOf(name)?.write !== undefined;
      assertEquals(Object.keys(folded).length, known ? 0 : 2);
      await inFolder(async (folder) => {
        await writeAdapterFolder(`${folder}/adapter`, adapter);
        const again = await readAdapterFolder(`${folder}/adapter`);
        const merged = await mergedTensors(base, again);
        const own = await wholeTensors(method, VIT, network, states);
        for (const [key, { data }] of Object.entries(own)) {
          assertLess(difference(merged[key]!.data, data as Float32Array), 2e-5, key);
        }
        const contents = adapterContents(again, base);
        const attached = await attachedAdapter(method, VIT, base, contents);
        const active = await wholeTensors(method, VIT, attached.network, attached.states);
        for (const [key, { data }] of Object.entries(own)) {
          assertLess(difference(active[key]!.data, data as Float32Array), 2e-5, key);
        }
        const { adapter: back } = await exportedAdapter(method, VIT, base, attached, { contents });
        assertEquals(back.tensors, adapter.tensors);
        disposeStates(attached.states, {});
      });
      disposeStates(states, {});
    },
  });
}

Deno.test({
  ...await onBackend(
    "wasm",
    "kernels, tables and joined maps are exported in the order of files, or folded",
  ),
  fn: async () => {
    const method = await methodOf({ backend: "wasm" });
    const rows: readonly [Pretrained, string, readonly string[]][] = [
      [VIT, "lora", ["patches.kernel"]],
      [VIT, "dora", ["patches.kernel", "block1.mlp.up.weight"]],
      [VIT, "lokr", ["patches.kernel"]],
      [GPT, "loha", ["block1.mlp.up.weight"]],
      [GPT, "lora", ["tokens.weight", "block1.attention.joined.weight"]],
    ];
    for (const [pretrained, name, weights] of rows) {
      const { tensors, network, states } = await moved(
        ...[method, pretrained, name, (spec: WeightSpec) => weights.includes(spec.name)] as const,
      );
      const base = pretrainedBase({ config: pretrained.config, tensors });
      const { adapter } = await exportedAdapter(method, pretrained, base, { network, states });
      const merged = await mergedTensors(base, adapter);
      const own = await wholeTensors(method, pretrained, network, states);
      for (const [key, { data }] of Object.entries(own)) {
        assertLess(difference(merged[key]!.data, data as Float32Array), 2e-5, key);
      }
      disposeStates(states, {});
    }
  },
});

/** A folder attached to a base is, whole, what it is when it is merged. */
async function sameAttached(
  method: TrainingMethod,
  pretrained: Pretrained,
  base: AdapterBase,
  adapter: AdapterFolder,
) {
  const merged = await mergedTensors(base, adapter);
  const contents = adapterContents(adapter, base);
  const attached = await attachedAdapter(method, pretrained, base, contents);
  const own = await wholeTensors(method, pretrained, attached.network, attached.states);
  for (const [key, { data }] of Object.entries(own)) {
    assertLess(difference(merged[key]!.data, data as Float32Array), 2e-5, key);
  }
  return { merged, attached, contents };
}

Deno.test({
  ...await onBackend("wasm", "loha, cp: kernels with cores between come back as they were written"),
  fn: async () => {
    const method = await methodOf({ backend: "wasm" });
    const { tensors, network, states } = await moved(
      ...[method, VIT, "loha", (spec: WeightSpec) => spec.name === "patches.kernel"] as const,
      ...[[], { kernels: "cp" }] as const,
    );
    const base = pretrainedBase({ config: VIT.config, tensors });
    const { adapter } = await exportedAdapter(method, VIT, base, { network, states });
    assertEquals(Object.keys(adapter.tensors).length, 6);
    const { merged, attached, contents } = await sameAttached(method, VIT, base, adapter);
    const own = await wholeTensors(method, VIT, network, states);
    for (const [key, { data }] of Object.entries(own)) {
      assertLess(difference(merged[key]!.data, data as Float32Array), 2e-5, key);
    }
    const { adapter: back } = await exportedAdapter(method, VIT, base, attached, { contents });
    assertEquals(back.tensors, adapter.tensors);
    disposeStates(attached.states, {});
    disposeStates(states, {});
  },
});

Deno.test({
  ...await onBackend(
    "wasm",
    "randlora: files pair columns in an order of their own, and go on training",
  ),
  fn: async () => {
    const method = await methodOf({ backend: "wasm" });
    const { tensors, network, states } = await moved(
      ...[method, VIT, "lora", (spec: WeightSpec) => MAPS.has(spec.name)] as const,
    );
    const base = pretrainedBase({ config: VIT.config, tensors });
    const { adapter: lora } = await exportedAdapter(method, VIT, base, { network, states });
    const random = new Random(6);
    const tensor = (...shape: number[]) => ({
      shape,
      data: random.fillNormal(new Float32Array(shape.reduce((n, d) => n * d, 1)), 0, 0.3),
    });
    // Of rank 2 beside 8 there are four terms; the bases are those of something larger.
    const modules = Object.keys(lora.tensors).filter((key) => key.endsWith(".lora_A.weight"))
      .map((key) => key.slice(0, -".lora_A.weight".length));
    const parts = modules.flatMap((name) => [
      [`${name}.randlora_lambda`, tensor(2, 4)] as const,
      [`${name}.randlora_gamma`, tensor(4, 8)] as const,
    ]);
    const { target_modules } = lora.config.values;
    const values = { peft_type: "RANDLORA", r: 2, randlora_alpha: 5, target_modules };
    const adapter = {
      config: adapterConfig(values, "a test"),
      tensors: {
        ...Object.fromEntries(parts),
        "base_model.randlora_A": tensor(2, 1, 9),
        "base_model.randlora_B": tensor(40, 5, 2),
      },
    };
    const { attached } = await sameAttached(method, VIT, base, adapter);
    const specs = attached.network.weights.filter(({ format }) => format === "randlora");
    assertEquals(specs.length, MAPS.size);
    const held = specs.map(({ name }) =>
      (attached.states[name]!.frozen as unknown as Readonly<Record<"a", Tensor>>).a
    );
    assertEquals(new Set(held).size, 1, "what modules have in common is held once");
    disposeStates(attached.states, {});
    disposeStates(states, {});
  },
});

Deno.test({
  ...await onBackend("wasm", "what cannot be attached or exported is said in one sentence"),
  fn: async () => {
    const method = await methodOf({ backend: "wasm" });
    const before = method.engine.memory().numTensors;
    const apart = pretrainedOf(GPT.config);
    const { tensors, network, states } = await moved(
      ...[method, GPT, "lora", (s: WeightSpec) => s.name.includes("joined.weight")] as const,
    );
    const base = pretrainedBase({ config: GPT.config, tensors });
    const { adapter } = await exportedAdapter(method, GPT, base, { network, states });
    await assertRejects(
      () => attachedAdapter(method, apart, base, adapterContents(adapter, base)),
      Error,
      'expected a weight of its own for "transformer.h.0.attn.c_attn", got ' +
        "block1.attention.query.weight, block1.attention.key.weight",
    );
    disposeStates(states, {});
    const plain = await initialStates(method, GPT.network, 2);
    await assertRejects(
      () => exportedAdapter(method, GPT, base, { network: GPT.network, states: plain }),
      Error,
      "expected weights with adapters, got none",
    );
    disposeStates(plain, {});
    assertEquals(method.engine.memory().numTensors, before);
  },
});

Deno.test({
  ...await onBackend(
    "wasm",
    "a GPT with one map to queries, keys and values is the GPT with three",
  ),
  fn: async () => {
    const method = await methodOf({ backend: "wasm" });
    const three = pretrainedOf(GPT.config);
    const states = await initialStates(method, three.network, 2);
    const tensors = await pretrainedTensors(method, three, states);
    const one = await pretrainedStates(method, GPT, new NamedTensors(tensors, "a model"));
    assert(GPT.network.weights.length < three.network.weights.length);
    assertEquals(await pretrainedTensors(method, GPT, one), tensors);
    const ids = method.engine.tensor(Int32Array.of(3, 1, 4, 1, 5, 2), [2, 3]);
    const [own, other] = await Promise.all(
      [[GPT, one], [three, states]].map(async ([model, at]) => {
        const { network } = model as Pretrained;
        const points = currentPoints(network, at as WeightStates);
        const pass = new Pass(method.engine, network, points, { training: false });
        return await method.engine.read(network.forward(pass, ids));
      }),
    );
    assertLess(difference(own!, other!), 1e-6);
    disposeStates(states, {});
    disposeStates(one, {});
  },
});

Deno.test({
  ...await onBackend(
    "wasm",
    "several adapters stand on the weights of one base, which stays as it is",
  ),
  fn: async () => {
    const method = await methodOf({ backend: "wasm" });
    const folders = [];
    let tensors = {};
    for (const [name, full] of [["lora", ["classifier.*"]], ["dora", []]] as const) {
      const found = await moved(method, VIT, name, (spec) => MAPS.has(spec.name), full);
      tensors = found.tensors;
      const base = pretrainedBase({ config: VIT.config, tensors });
      folders.push((await exportedAdapter(method, VIT, base, found)).adapter);
      disposeStates(found.states, {});
    }
    const base = pretrainedBase({ config: VIT.config, tensors });
    const dense = await pretrainedStates(method, VIT, new NamedTensors(tensors, "a model"));
    for (const folder of [...folders, folders[0]!]) {
      const contents = adapterContents(folder, base);
      const { network, states } = await attachedAdapter(method, VIT, base, contents, dense);
      const own = await wholeTensors(method, VIT, network, states);
      const merged = await mergedTensors(base, folder);
      for (const [key, { data }] of Object.entries(own)) {
        assertLess(difference(merged[key]!.data, data as Float32Array), 2e-5, key);
      }
      disposeStates(states, {});
    }
    assertEquals(await pretrainedTensors(method, VIT, dense), tensors);
    disposeStates(dense, {});
  },
});
