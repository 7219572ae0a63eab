import { assertEquals, assertRejects } from "@std/assert";
import { openEngine } from "../../../../core/backend/mod.ts";
import { addonFile } from "../../../../core/backend/tensorflow/addon_folder.ts";
import { cpuOnly, probeAddon } from "../../../../core/backend/tensorflow/probe.ts";

const VARIABLE = "RANKFLOW_TENSORFLOW";

/** Runs `f` with a fresh folder in the place of the user's. */
async function inFolder(f: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  const before = Deno.env.get(VARIABLE);
  Deno.env.set(VARIABLE, folder);
  try {
    await f(folder);
  } finally {
    if (before === undefined) Deno.env.delete(VARIABLE);
    else Deno.env.set(VARIABLE, before);
    await Deno.remove(folder, { recursive: true });
  }
}

async function placeAddon(folder: string): Promise<void> {
  await Deno.mkdir(`${folder}/lib/napi-v8`, { recursive: true });
  await Deno.writeTextFile(addonFile(folder), "");
}

Deno.test("probeAddon() names the folder that holds no addon", () =>
  inFolder(async (folder) => {
    assertEquals(await probeAddon(), `no native addon in ${folder}`);
    assertEquals(await cpuOnly(), `no native addon in ${folder}`);
  }));

Deno.test("probeAddon() misses the libtensorflow that the addon was linked against", () =>
  inFolder(async (folder) => {
    await placeAddon(folder);
    const record = { libtensorflow: `${folder}/gone`, packageVersion: "4.22.0" };
    await Deno.writeTextFile(`${folder}/rankflow.json`, JSON.stringify(record));
    assertEquals(await probeAddon(), `its libtensorflow is gone from ${folder}/gone`);
  }));

Deno.test("openEngine() tells how to get the tensorflow backend where it is missing", () =>
  inFolder(async (folder) => {
    await assertRejects(
      () => openEngine("tensorflow"),
      Error,
      `Cannot open backend "tensorflow": no native addon in ${folder}; ` +
        "run deno task setup:tensorflow",
    );
  }));
