/**
 * The command `merge`: adapters into the model that they are for, several into one, one out again.
 *
 * @module
 */

import { join } from "node:path";
import {
  combinedAdapter,
  combinedTensors,
  type ModelFolder,
  readAdapterFolder,
  readModelFolder,
  requireNewFolder,
  unmergedTensors,
  type WeightedAdapter,
  writeAdapterFolder,
  writeModelFolder,
} from "../core/mod.ts";
import { pretrainedBase } from "../layers/mod.ts";
import { withHeadOf } from "./finetune/library.ts";
import { type ParsedOptions, parseOptions } from "./options.ts";
import { loadPlugins } from "./plugins.ts";
import { renderTable, type TextSink, textSink } from "./terminal/mod.ts";
import { UsageError } from "./usage_error.ts";

/** Options of {@linkcode merge} with their defaults. */
const defaults = {
  model: "",
  adapter: "",
  weights: [] as readonly number[], // empty: 1 for each
  out: "",
  rank: 0, // 0: into the model
  unmerge: false,
};

const schema = {
  model: { description: "folder of the model that the adapters are for" },
  adapter: { description: "folders of adapters, joined by commas" },
  weights: { description: "how much of each adapter is added" },
  out: { description: "new folder" },
  rank: { integer: true, min: 0, description: "of one adapter for all; 0: into the model" },
  unmerge: { description: "take an adapter out of a model that it was merged into" },
};

/** Files beside the weights that a merged model needs as well. */
const BESIDE =
  /^(?:tokenizer.*|vocab\..*|merges\.txt|special_tokens_map|generation_config|preprocessor_config)(?:\.json|\.txt)?$/;

/**
 * Writes a model with adapters merged in, in float32, or one adapter that is their weighted sum.
 *
 * @param args Options.
 * @returns Exit code 0.
 * @throws {UsageError} When an option is missing or wrong.
 * @throws {Error} When an adapter is damaged or for another model; nothing is written then.
 */
export async function merge(
  args: readonly string[],
  sink: TextSink = textSink(),
): Promise<number> {
  const o = parseOptions(await loadPlugins(args), defaults, schema);
  for (const key of ["model", "adapter", "out"] as const) {
    if (o[key] === "") {
      throw new UsageError(
        `Cannot merge: expected --${key} DIR, as in merge --model gpt2 --adapter mine --out merged`,
      );
    }
  }
  const folders = o.adapter.split(",");
  requireFit(o, folders);
  await requireNewFolder(o.out, o.rank === 0 ? "model" : "adapter");
  const parts: WeightedAdapter[] = [];
  for (const [i, folder] of folders.entries()) {
    parts.push({ adapter: await readAdapterFolder(folder), weight: o.weights[i] ?? 1 });
  }
  const model = withHeadOf(await readModelFolder(o.model), parts[0]!.adapter);
  const base = pretrainedBase(model, parts[0]!.adapter);
  if (o.unmerge) {
    const tensors = unmergedTensors(base, parts[0]!.adapter);
    return await writeModel(o, model, tensors, sink);
  }
  if (o.rank === 0) return await writeModel(o, model, await combinedTensors(base, parts), sink);
  const { adapter, modules } = await combinedAdapter(base, parts, { rank: o.rank });
  await writeAdapterFolder(o.out, adapter);
  const rows = Object.entries(modules).map(([name, { rank, discarded }]) => [
    name,
    String(rank),
    `${(100 * discarded).toFixed(2)} %`,
  ]);
  const columns = [{ title: "module" }, { title: "rank", align: "right" }, {
    title: "left out",
    align: "right",
  }] as const;
  sink.write(`${renderTable(columns, rows)}\n\nAdapter: ${o.out}\n`);
  return 0;
}

/** Options that contradict one another are a mistake before anything is read. */
function requireFit(
  { adapter, weights, rank, unmerge }: ParsedOptions<typeof defaults>,
  folders: readonly string[],
): void {
  if (folders.includes("")) {
    throw new UsageError(`Cannot merge: expected folders joined by commas, got "${adapter}"`);
  }
  if (weights.length > 0 && weights.length !== folders.length) {
    throw new UsageError(
      `Cannot merge: expected a weight for each of ${folders.length} adapters, got ${weights.length}`,
    );
  }
  if (!unmerge) return;
  if (folders.length > 1) throw new UsageError("Cannot unmerge: expected one adapter at a time");
  const idle = weights.length > 0 ? "--weights" : rank > 0 ? "--rank" : undefined;
  if (idle === undefined) return;
  throw new UsageError(`Cannot unmerge: expected the whole adapter, got ${idle} beside; drop it`);
}

async function writeModel(
  { model: from, out }: { readonly model: string; readonly out: string },
  { config, tensors: before }: ModelFolder,
  tensors: ModelFolder["tensors"],
  sink: TextSink,
): Promise<number> {
  const files: Record<string, Uint8Array> = {};
  for await (const { name, isFile } of Deno.readDir(from)) {
    if (isFile && BESIDE.test(name)) files[name] = await Deno.readFile(join(from, name));
  }
  const changed = Object.keys(tensors).filter((name) => tensors[name] !== before[name]);
  await writeModelFolder(out, { config, tensors }, { files });
  const most = Math.max(...changed.map((name) => largestChange(tensors[name]!, before[name]!)));
  sink.write(
    `${changed.length} of ${Object.keys(tensors).length} tensors changed, their entries by ` +
      `${most.toPrecision(3)} at most, in float32.\n\nModel: ${out}\n`,
  );
  return 0;
}

function largestChange(
  { data: x }: ModelFolder["tensors"][string],
  { data: y }: ModelFolder["tensors"][string],
): number {
  let most = 0;
  for (let i = 0; i < x.length; i++) most = Math.max(most, Math.abs(Number(x[i]) - Number(y[i])));
  return most;
}
