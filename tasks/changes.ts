/**
 * The command `changes`: what training has done to the matrices of a model.
 *
 * @module
 */

import {
  checkFinite,
  type Matrix,
  type MatrixChange,
  matrixChange,
  type ModelFolder,
  outputsByInputs,
  readModelFolder,
  transposed,
} from "../core/mod.ts";
import { pretrainedBase } from "../layers/mod.ts";
import { isOfLibrary } from "./language/open_model.ts";
import { parseOptions } from "./options.ts";
import { loadPlugins } from "./plugins.ts";
import { type StoredMatrices, storedMatrices } from "./stored_matrices.ts";
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
 * Prints for each matrix that differs between two folders of one model, or two runs: intruder dimensions, the size
 * and effective rank of the change, and the condition before and after.
 *
 * @param args Folders before and after, and options.
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
      "Cannot compare models: expected two folders of one model or two runs, as in changes gpt2 merged",
    );
  }
  const o = parseOptions(options, defaults, schema);
  const kinds = [await isOfLibrary(before), await isOfLibrary(after)];
  if (kinds[0] !== kinds[1]) {
    throw new UsageError(
      `Cannot compare models: expected two models of one kind, got ${kinds[0] ? before : after}, ` +
        `a model, and ${kinds[0] ? after : before}, a run`,
    );
  }
  const pairs = kinds[0]
    ? modelPairs(await readModelFolder(before), await readModelFolder(after), after)
    : runPairs(await storedMatrices(before), await storedMatrices(after), after);
  const rows: string[][] = [];
  let intruders = 0;
  for (const { name, from, to } of pairs) {
    checkFinite("compare models", `"${name}" of ${before}`, from.data);
    checkFinite("compare models", `"${name}" of ${after}`, to.data);
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

/** A matrix before and after, inputs×outputs. */
interface Pair {
  readonly name: string;
  readonly from: Matrix;
  readonly to: Matrix;
}

/** Matrices of runs that differ. */
function* runPairs(old: StoredMatrices, now: StoredMatrices, folder: string): Generator<Pair> {
  for (const [name, from] of old) {
    const to = now.get(name);
    const said = (m: Matrix) => `of shape [${m.rows},${m.cols}]`;
    if (!to || said(to) !== said(from)) throw otherModel(name, said(from), folder, to && said(to));
    if (from.data.some((value, i) => value !== to.data[i])) yield { name, from, to };
  }
}

/** Matrices of models that differ. */
function* modelPairs(old: ModelFolder, now: ModelFolder, folder: string): Generator<Pair> {
  for (const module of pretrainedBase(old).modules) {
    const name = `${module.name}.weight`;
    const [x, y] = [old.tensors[name]!, now.tensors[name]];
    if (!y || y.shape.join() !== x.shape.join()) {
      throw otherModel(name, `of shape [${x.shape}]`, folder, y && `of shape [${y.shape}]`);
    }
    if (x.data.every((value, i) => value === y.data[i])) continue;
    const [from, to] = [x, y].map((t) => transposed(outputsByInputs(module, t)));
    yield { name, from: from!, to: to! };
  }
}

function otherModel(
  name: string,
  expected: string,
  folder: string,
  got: string | undefined,
): Error {
  return new Error(
    `Cannot compare models: expected tensor "${name}" ${expected} in ${folder}, got ` +
      (got ? `one ${got}` : "none"),
  );
}
