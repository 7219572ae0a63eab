import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { NamedTensors, readModelFolder, writeModelFolder } from "../../../core/io/mod.ts";
import {
  readSafetensors,
  type TensorData,
  writeSafetensors,
} from "../../../core/io/safetensors.ts";
import { inFolder } from "../../support/command_line.ts";
import { onReferenceData } from "../../support/reference_data.ts";

const INDEX = "model.safetensors.index.json";

function floats(shape: readonly number[], ...values: number[]): TensorData {
  return { shape, data: Float32Array.from(values) };
}

const tensors = {
  "b.weight": floats([2, 2], 1, 2, 3, 4),
  "a.weight": floats([3], -1, 0.5, 7),
  "a.bias": floats([1], 9),
};
const config = { model_type: "gpt2", n_embd: 2 };

async function files(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder), (e) => e.name)).sort();
}

/** A folder with two files of weights, which a test then damages. */
async function inShards(use: (folder: string) => Promise<void>): Promise<void> {
  await inFolder(async (parent) => {
    const folder = join(parent, "m");
    await writeModelFolder(folder, { config, tensors }, { shardBytes: 16 });
    assertEquals(await files(folder), [
      "config.json",
      "model-00001-of-00002.safetensors",
      "model-00002-of-00002.safetensors",
      INDEX,
    ]);
    await use(folder);
  });
}

Deno.test("readModelFolder() gives back what writeModelFolder() wrote, in one file or in several", async () => {
  for (const shardBytes of [1e9, 16, 1]) {
    await inFolder(async (parent) => {
      const folder = join(parent, "new", "m");
      await writeModelFolder(folder, { config, tensors }, { shardBytes });
      const read = await readModelFolder(folder);
      assertEquals<object>({ ...read.tensors }, tensors);
      assertEquals(read.config, { ...config, dtype: "float32" });
      assertEquals(await files(join(parent, "new")), ["m"]);
    });
  }
});

Deno.test("writeModelFolder() writes the index, the mark and the further files that readers expect", async () => {
  await inShards(async (folder) => {
    const index = JSON.parse(await Deno.readTextFile(join(folder, INDEX)));
    assertEquals(index, {
      metadata: { total_size: 32 },
      weight_map: {
        "b.weight": "model-00001-of-00002.safetensors",
        "a.weight": "model-00002-of-00002.safetensors",
        "a.bias": "model-00002-of-00002.safetensors",
      },
    });
    const first = await readSafetensors(join(folder, "model-00001-of-00002.safetensors"));
    assertEquals(first.metadata, { format: "pt" });
  });
  await inFolder(async (folder) => {
    await writeModelFolder(folder, { config, tensors }, { files: { "tokenizer.json": "{}" } });
    assertEquals(await Deno.readTextFile(join(folder, "tokenizer.json")), "{}");
  });
});

Deno.test("writeModelFolder() rounds to F16 and BF16, keeps whole numbers, and the config says so", async () => {
  const mixed = { w: floats([2], 1 / 3, 1e5), ids: { shape: [1], data: BigInt64Array.of(7n) } };
  await inFolder(async (parent) => {
    const folder = join(parent, "m");
    await writeModelFolder(folder, { config, tensors: mixed }, { dtype: "BF16" });
    const read = await readModelFolder(folder);
    assertEquals([...read.tensors.w!.data], [0.333984375, 99840]);
    assertEquals([read.tensors.w!.dtype, read.tensors.ids!.data], ["BF16", BigInt64Array.of(7n)]);
    assertEquals(read.config.dtype, "bfloat16");
    await assertRejects(
      () => writeModelFolder(join(parent, "n"), { config, tensors: mixed }, { dtype: "F16" }),
      RangeError,
      'Cannot store tensor "w": expected numbers that F16 can hold, got 100000 at position 1',
    );
    assertEquals(await files(parent), ["m"]);
  });
});

Deno.test("writeModelFolder() leaves a folder with files alone", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "notes.txt"), "mine");
    await assertRejects(
      () => writeModelFolder(folder, { config, tensors }),
      Error,
      `Cannot write a model into ${folder}: expected a new folder or an empty one, got notes.txt ` +
        "in it; name another folder",
    );
    await assertRejects(
      () => writeModelFolder(join(folder, "notes.txt"), { config, tensors }),
      Error,
      `Cannot write ${join(folder, "notes.txt")}: expected folders in its path, got a file`,
    );
    assertEquals(await files(folder), ["notes.txt"]);
  });
});

type Damage = (folder: string) => Promise<void>;

function remap(change: (map: Record<string, unknown>) => void): Damage {
  return async (folder) => {
    const path = join(folder, INDEX);
    const index = JSON.parse(await Deno.readTextFile(path));
    change(index.weight_map);
    await Deno.writeTextFile(path, JSON.stringify(index));
  };
}

const second = "model-00002-of-00002.safetensors";
const DAMAGED: readonly [what: string, damage: Damage, message: string][] = [
  [
    "a missing config",
    (f) => Deno.remove(join(f, "config.json")),
    "F/config.json: there is no such file or folder",
  ],
  [
    "a config that is a list",
    (f) => Deno.writeTextFile(join(f, "config.json"), "[]"),
    "F/config.json: expected a JSON object, got []",
  ],
  [
    "a config that is cut off",
    (f) => Deno.writeTextFile(join(f, "config.json"), '{"model_type": "gp'),
    "F/config.json: expected JSON text, got other text",
  ],
  [
    "a missing shard",
    (f) => Deno.remove(join(f, second)),
    `F/${INDEX}: expected the file "${second}" beside it, got none`,
  ],
  [
    "a shard that is cut off",
    (f) => Deno.truncate(join(f, second), 170),
    `F/${second}: expected tensor `,
  ],
  [
    "a shard that lacks a tensor",
    (f) => writeSafetensors(join(f, second), { "a.bias": tensors["a.bias"] }),
    `F/${second}: expected tensor "a.weight", which ${INDEX} says is there, got none`,
  ],
  [
    "a shard with a tensor that the index lacks",
    remap((map) => delete map["a.bias"]),
    `F/${second}: expected only the tensors that ${INDEX} says are there, got "a.bias", too`,
  ],
  [
    "an index without a map",
    (f) => Deno.writeTextFile(join(f, INDEX), "{}"),
    `F/${INDEX}: expected a record "weight_map", got undefined`,
  ],
  [
    "an index with a number for a file",
    remap((map) => map["a.bias"] = 2),
    `F/${INDEX}: expected a text "weight_map.a.bias", got 2`,
  ],
  [
    "an index that leads out of its folder",
    remap((map) => map["a.bias"] = "../x.safetensors"),
    `F/${INDEX}: expected names of files in its folder, got "../x.safetensors"`,
  ],
];

for (const [what, damage, message] of DAMAGED) {
  Deno.test(`readModelFolder() refuses ${what}`, () =>
    inShards(async (folder) => {
      await damage(folder);
      const expected = `Cannot read ${message.replace("F/", `${folder}/`)}`;
      await assertRejects(() => readModelFolder(folder), Error, expected);
    }));
}

Deno.test("readModelFolder() refuses a folder without weights and says in what form they are there", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "config.json"), "{}");
    const refused = (got: string) =>
      assertRejects(
        () => readModelFolder(folder),
        Error,
        `Cannot read a model from ${folder}: expected model.safetensors or ${INDEX}, got ${got}`,
      );
    await refused("neither");
    await Deno.writeTextFile(join(folder, "pytorch_model.bin"), "");
    await refused("pytorch_model.bin; save the model as safetensors");
  });
});

Deno.test("NamedTensors.take() gives floats of any type and refuses what does not fit", async () => {
  const named = new NamedTensors({
    wide: { shape: [1], data: Float64Array.of(0.1) },
    ids: { shape: [1], data: Int32Array.of(1) },
    "h.0.weight": floats([1, 2], 1, NaN),
    "h.1.weight": floats([1, 2], 1, 2),
  }, "m/x");
  const refused = async (name: string, shape: readonly number[], message: string) =>
    await assertRejects(
      () => Promise.try(() => named.take(name, shape)),
      Error,
      `Cannot read m/x: ${message}`,
    );
  assertEquals(named.take("wide", [1]), Float32Array.of(0.1));
  await refused("ids", [1], 'expected tensor "ids" of F32, F16, BF16 or F64, got Int32Array');
  await refused(
    "h.1.weight",
    [2, 1],
    'expected tensor "h.1.weight" of shape [2,1], got one of shape [1,2]',
  );
  await refused(
    "h.0.weight",
    [1, 2],
    'expected tensor "h.0.weight" of finite numbers, got NaN at position 1',
  );
  await refused(
    "h.2.weight",
    [1, 2],
    'expected tensor "h.2.weight", got none of that name; did you mean "h.0.weight" or "h.1.weight"',
  );
  await refused("toString", [], 'expected tensor "toString", got none of that name');
});

Deno.test("NamedTensors.requireEmpty() lists what has no place in the network", () => {
  const all = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`w${i}`, floats([1], i)]));
  const named = new NamedTensors(all, "m");
  named.take("w0", [1]);
  named.requireEmpty(/w[1-7]/);
  const rejection = assertRejects(
    () => Promise.try(() => named.requireEmpty(/w1/)),
    Error,
    'Cannot read m: expected the tensors of the network only, got also "w2", "w3", "w4", "w5", "w6" and 1 more',
  );
  return rejection.then(() => assertEquals(named.left().length, 7));
});

for (const model of ["gpt2", "llama", "vit", "bert", "deberta-v2"]) {
  Deno.test(onReferenceData(
    `peft/models/${model}`,
    `readModelFolder() reads the ${model} of another library, and it stays the same when written`,
    async (folder) => {
      const read = await readModelFolder(folder);
      assertEquals(read.config.model_type, model);
      const gradients = await readSafetensors(join(folder, "gradients.safetensors"));
      assertEquals(Object.keys(read.tensors).sort(), Object.keys(gradients.tensors).sort());
      await inFolder(async (parent) => {
        await writeModelFolder(join(parent, "m"), read, { shardBytes: 30_000 });
        const again = await readModelFolder(join(parent, "m"));
        assertEquals({ ...again.tensors }, { ...read.tensors });
        assertEquals(again.config, read.config);
      });
    },
  ));
}
