/**
 * `deno task device-kit FOLDER [--deno FILE]`: makes a folder that measures a machine without network:
 * `sh FOLDER/run.sh [--out FILE] [--minutes N] [--backend b] [--small]`, see `device_kit/run.ts`.
 *
 * It carries this package as it is, what its backends load, and Deno for the same kind of machine.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "@std/cli/parse-args";
import { packageFiles } from "./device_kit/packages.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** What is copied of this package. */
const SOURCES = ["mod.ts", "LICENSE", "core", "layers", "optimizers", "tasks", "bench", "links"];

/** Bytes that it may have: 60 MiB. */
const MOST_BYTES = 60 * 2 ** 20;

/** Deno keeps its cache in the folder, asks nothing and looks for nothing outside. */
const SCRIPT = `#!/bin/sh
set -e
here=$(cd "$(dirname "$0")" && pwd)
test -x "$here/deno" || { gzip -dc "$here/deno.gz" > "$here/deno.part"; chmod +x "$here/deno.part"; mv "$here/deno.part" "$here/deno"; }
export DENO_DIR="$here/cache" DENO_NO_UPDATE_CHECK=1 DENO_NO_PROMPT=1 NO_COLOR=1
exec "$here/deno" run -A --cached-only "$here/bench/device_kit/run.ts" "$@"
`;

/** Copies a file or a folder; those that Git ignores are not in folders of sources. */
async function copy(from: string, to: string): Promise<void> {
  if ((await Deno.stat(from)).isFile) {
    await Deno.mkdir(dirname(to), { recursive: true });
    return await Deno.copyFile(from, to);
  }
  for await (const { name } of Deno.readDir(from)) {
    if (name !== "__pycache__") await copy(join(from, name), join(to, name));
  }
}

async function compress(from: string, to: string): Promise<void> {
  const source = await Deno.open(from);
  const target = await Deno.create(to);
  await source.readable.pipeThrough(new CompressionStream("gzip")).pipeTo(target.writable);
}

/** The settings of this package, with its engine's packages from a folder beside them. */
async function settings(): Promise<string> {
  const own = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.json")));
  const { tasks: _t, publish: _p, lint: _l, fmt: _f, ...rest } = own;
  return `${JSON.stringify({ ...rest, nodeModulesDir: "manual", lock: false }, null, 2)}\n`;
}

async function bytesIn(folder: string): Promise<number> {
  let sum = 0;
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    sum += isDirectory ? await bytesIn(path) : (await Deno.stat(path)).size;
  }
  return sum;
}

/**
 * Makes the folder.
 *
 * @param deno The program that is packed.
 * @returns Its size in bytes.
 * @throws {Error} When the folder exists, or becomes larger than 60 MiB.
 */
export async function makeKit(folder: string, deno: string = Deno.execPath()): Promise<number> {
  await Deno.mkdir(folder).catch((error) => {
    throw new Error(
      `Cannot make a kit in "${folder}": expected a new folder, got ${error.message}`,
    );
  });
  for (const name of SOURCES) await copy(join(ROOT, name), join(folder, name));
  for (const { from, to } of await packageFiles()) {
    await copy(from, join(folder, "node_modules", to));
  }
  await Deno.writeTextFile(join(folder, "deno.json"), await settings());
  await Deno.writeTextFile(join(folder, "run.sh"), SCRIPT, { mode: 0o755 });
  await compress(deno, join(folder, "deno.gz"));
  const bytes = await bytesIn(folder);
  if (bytes <= MOST_BYTES) return bytes;
  throw new Error(`Cannot keep the kit small: expected at most ${MOST_BYTES} bytes, got ${bytes}`);
}

if (import.meta.main) {
  const { _: [folder], deno } = parseArgs(Deno.args, { string: ["deno", "_"] });
  try {
    if (folder === undefined) {
      throw new TypeError(
        "Cannot make a kit: expected a folder, as in deno task device-kit FOLDER",
      );
    }
    const bytes = await makeKit(String(folder), deno);
    console.log(`${(bytes / 2 ** 20).toFixed(1)} MiB in ${folder}: sh ${folder}/run.sh there`);
  } catch (error) {
    console.error((error as Error).message);
    Deno.exit(1);
  }
}
