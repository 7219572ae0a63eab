/** Adapters that PEFT wrote, merged as PEFT merges them, and written back. */

import { assertEquals, assertLess } from "@std/assert";
import {
  adapterContents,
  mergedTensors,
  readAdapterFolder,
  readModelFolder,
  readSafetensors,
  writeAdapterFolder,
} from "../../../core/mod.ts";
import { pretrainedBase } from "../../../layers/mod.ts";
import { inFolder } from "../../support/command_line.ts";
import { onReferenceData } from "../../support/reference_data.ts";
import { modelOf, REFERENCE_ADAPTERS } from "../../support/reference_models.ts";

for (const name of REFERENCE_ADAPTERS) {
  const title = `${name}: merged weights are PEFT's to 1e-5, and all tensors come back as bytes`;
  Deno.test(onReferenceData("peft", title, async (root) => {
    const model = await readModelFolder(`${root}/models/${modelOf(name)}`);
    const adapter = await readAdapterFolder(`${root}/adapters/${name}`);
    const { tensors: expected } = await readSafetensors(
      `${root}/adapters/${name}/expected.safetensors`,
    );
    const base = pretrainedBase(model, adapter);
    const merged = await mergedTensors(base, adapter);
    const checked = Object.entries(expected).filter(([key]) => key.startsWith("merged."));
    assertEquals(checked.length, 1);
    for (const [key, { data, shape }] of checked) {
      const found = merged[base.tensorName(key.slice("merged.".length))]!;
      assertEquals(found.shape, shape);
      const far = Array.from(data as Float32Array, (x, i) => Math.abs(x - Number(found.data[i])));
      assertLess(Math.max(...far), 1e-5);
    }
    await inFolder(async (folder) => {
      await writeAdapterFolder(`${folder}/again`, adapter);
      const again = await readAdapterFolder(`${folder}/again`);
      assertEquals(again.config.values, adapter.config.values);
      assertEquals(Object.keys(again.tensors).sort(), Object.keys(adapter.tensors).sort());
      for (const [key, { data, shape }] of Object.entries(adapter.tensors)) {
        assertEquals(again.tensors[key]!.shape, shape);
        assertEquals(again.tensors[key]!.data, data, key);
      }
      const { modules } = adapterContents(again, base);
      assertEquals(modules.length > 0, true);
    });
  }));
}
