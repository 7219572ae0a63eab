/** Adapters of other libraries on networks of ours: active, merged, trained on, written back. */

import { assertEquals, assertLess } from "@std/assert";
import {
  adapterContents,
  codecFor,
  currentPoints,
  disposeStates,
  type Layer,
  mergedTensors,
  NamedTensors,
  Pass,
  readAdapterFolder,
  readModelFolder,
  readSafetensors,
  type Tensor,
  type TrainingMethod,
  type WeightStates,
} from "../../../core/mod.ts";
import {
  attachedAdapter,
  exportedAdapter,
  pretrainedBase,
  pretrainedOf,
  pretrainedStates,
} from "../../../layers/mod.ts";
import { adamw, sgd } from "../../../optimizers/mod.ts";
import { onBackend } from "../../support/algebras.ts";
import { onReferenceData } from "../../support/reference_data.ts";
import {
  difference,
  fiveSteps,
  inputsOf,
  modelOf,
  REFERENCE_ADAPTERS,
  type Tensors,
} from "../../support/reference_models.ts";
import { methodOf } from "../../support/training.ts";

async function reference(root: string, adapterName: string, backend: string) {
  const name = modelOf(adapterName);
  const model = await readModelFolder(`${root}/models/${name}`);
  const method = await methodOf({ backend });
  const { tensors: io } = await readSafetensors(`${root}/models/${name}/io.safetensors`);
  return { model, method, io, pretrained: pretrainedOf(model.config, undefined, true) };
}

async function logits(
  { engine }: TrainingMethod,
  network: Layer,
  states: WeightStates,
  io: Tensors,
) {
  return await engine.scope(async () => {
    const pass = new Pass(engine, network, currentPoints(network, states), { training: false });
    return await engine.read(network.forward(pass, ...inputsOf(engine, io) as [Tensor]));
  });
}

for (const name of REFERENCE_ADAPTERS) {
  const title = `${name}: outputs are PEFT's to 1e-4, active and merged, and all comes back`;
  Deno.test({
    ...await onBackend("wasm", title),
    ...onReferenceData("peft", title, async (root) => {
      const { model, method, io, pretrained } = await reference(root, name, "wasm");
      const adapter = await readAdapterFolder(`${root}/adapters/${name}`);
      const { tensors: expected } = await readSafetensors(
        `${root}/adapters/${name}/expected.safetensors`,
      );
      const base = pretrainedBase(model, adapter);

      const merged = new NamedTensors(await mergedTensors(base, adapter), "merged");
      const whole = await pretrainedStates(method, pretrained, merged);
      const after = await logits(method, pretrained.network, whole, io);
      assertLess(difference(after, expected["logits.merged"]!.data), 1e-4);
      disposeStates(whole, {});

      const contents = adapterContents(adapter, base);
      const attached = await attachedAdapter(method, pretrained, base, contents);
      const active = await logits(method, attached.network, attached.states, io);
      assertLess(difference(active, expected["logits.active"]!.data), 1e-4);

      if (codecFor(adapter.config)!.write) {
        const { adapter: back } = await exportedAdapter(method, pretrained, base, attached, {
          contents,
        });
        const own = repeated(adapter.tensors);
        assertEquals(Object.keys(back.tensors).sort(), Object.keys(own).sort());
        for (const [key, { data, shape }] of Object.entries(own)) {
          assertEquals([...back.tensors[key]!.shape], [...shape], key);
          assertEquals(back.tensors[key]!.data, data, key);
        }
      }
      disposeStates(attached.states, {});
    }),
  });
}

/** Without the biases that files with `bias` "all" hold again under other names. */
function repeated(tensors: Tensors): Tensors {
  const names = Object.entries(tensors).filter(([name]) =>
    !/modules_to_save|original_module/.test(name)
  );
  return Object.fromEntries(names);
}

/** Rules of the runs that PEFT made, and their rates. */
const RUNS = {
  "gpt2-lora-sgd": { rule: sgd.create(), rate: 0.05 },
  "gpt2-lora-adamw": { rule: adamw.create({ weightDecay: 0.01 }), rate: 1e-2 },
} as const;

for (const [run, { rule, rate }] of Object.entries(RUNS)) {
  const title = `${run}: losses and factors of five steps are PEFT's to 1e-5`;
  Deno.test({
    ...await onBackend("wasm", title),
    ...onReferenceData("peft", title, async (root) => {
      const { model, method: plain, io, pretrained } = await reference(root, run, "wasm");
      const method = { ...plain, rule };
      const { engine } = method;
      const folder = `${root}/training/${run}`;
      const base = pretrainedBase(model);
      const contents = adapterContents(await readAdapterFolder(`${folder}/initial`), base);
      const { network, states } = await attachedAdapter(method, pretrained, base, contents);
      const { tensors } = await readSafetensors(`${folder}/run.safetensors`);
      await engine.scope(async () => {
        const { losses, states: now } = await fiveSteps(method, network, states, io, rate);
        assertLess(difference(losses, tensors["losses.f64"]!.data), 1e-5);
        const { adapter } = await exportedAdapter(method, pretrained, base, {
          network,
          states: now,
        }, { contents });
        const { tensors: final } = await readAdapterFolder(`${folder}/final`);
        assertEquals(Object.keys(adapter.tensors).sort(), Object.keys(final).sort());
        for (const [name, { data }] of Object.entries(final)) {
          assertLess(difference(adapter.tensors[name]!.data, data as Float32Array), 1e-5, name);
        }
      });
      disposeStates(states, {});
    }),
  });
}
