/**
 * The command `changes`: what training has done to the matrices of a model.
 *
 * @module
 */

import {
  type Matrix,
  type MatrixChange,
  matrixChange,
  type ModelFolder,
  outputsByInputs,
  readModelFolder,
  transposed,
} from "../core/mod.ts";
import { pretrainedBase } from "../layers/mod.ts";
import { parseOptions } from "./options.ts";
import { loadPlugins } from "./plugins.ts";
import { renderTable, type TextSink, textSink } from "./terminal/mod.ts";
import { UsageError } from "./usage_error.ts";

/** Options of {@linkcode changes} with their defaults. */
const defaults = {
  leading: 10, // singular vectors of each trained matrix
  likeness: 0.5, // cosine below which a vector is new
};

const schema = {
  leading: { integer: true, min: 1, description: "leading singular vectors that are looked at" },
  likeness: { above: 0, max: 1, description: "cosine below which none of the old ones is like" },
};

const COLUMNS = [
  { title: "matrix" },
  ...["intruders", "change", "its rank", "condition before", "after"].map((title) =>
    ({ title, align: "right" }) as const
  ),
];

/**
 * Prints for each matrix that differs between two folders of one model: intruder dimensions, the size
 * and effective rank of the change, and the condition before and after.
 *
 * @param args Folders of the model before and after, and options.
 * @returns Exit code 0.
 * @throws {UsageError} When a folder is missing.
 * @throws {Error} When they are not of one model.
 */
export async function changes(
  args: readonly string[],
  sink: TextSink = textSink(),
): Promise<number> {
  const rest = await loadPlugins(args);
  const [before, after, ...options] = rest;
  if (!before || !after || before.startsWith("-") || after.startsWith("-")) {
    throw new UsageError(
      "Cannot compare models: expected two folders of one model, as in changes gpt2 merged",
    );
  }
  const o = parseOptions(options, defaults, schema);
  const [old, now] = [await readModelFolder(before), await readModelFolder(after)];
  const rows: string[][] = [];
  let intruders = 0;
  for (const { name, from, to } of pairs(old, now, after)) {
    const change = await matrixChange(from, to, o);
    intruders += change.intruders;
    rows.push([name, ...cells(change)]);
  }
  if (rows.length === 0) sink.write("No matrix differs.\n");
  else sink.write(`${renderTable(COLUMNS, rows)}\n\n${intruders} intruder dimensions in all.\n`);
  return 0;
}

function cells(c: MatrixChange): string[] {
  return [
    String(c.intruders),
    `${(100 * c.size).toFixed(2)} %`,
    c.effectiveRank.toFixed(1),
    c.conditionBefore.toPrecision(3),
    c.condition.toPrecision(3),
  ];
}

/** Matrices that differ, inputs×outputs. */
function* pairs(
  old: ModelFolder,
  now: ModelFolder,
  folder: string,
): Generator<{ readonly name: string; readonly from: Matrix; readonly to: Matrix }> {
  for (const module of pretrainedBase(old).modules) {
    const name = `${module.name}.weight`;
    const [x, y] = [old.tensors[name]!, now.tensors[name]];
    if (!y || y.shape.join() !== x.shape.join()) {
      throw new Error(
        `Cannot compare models: expected tensor "${name}" of shape [${x.shape}] in ${folder}, got ` +
          (y ? `one of shape [${y.shape}]` : "none"),
      );
    }
    if (x.data.every((value, i) => value === y.data[i])) continue;
    const [from, to] = [x, y].map((t) => transposed(outputsByInputs(module, t)));
    yield { name, from: from!, to: to! };
  }
}
