/**
 * Finished parts of a long computation in its folder: one that is resumed takes them from there.
 *
 * @module
 */

import { join } from "node:path";
import { checked, type Expectation } from "./expectation.ts";
import { makeFolder, unlessMissing } from "./files.ts";
import { readRecord, writeRecord } from "./record.ts";
import type { RunFolder } from "./run_folder.ts";

/** Sub-folder of the parts. */
const PARTS = "parts";

/**
 * A part of a computation: as the folder holds it from before, or else computed and saved there.
 *
 * @param folder Of a run with the same settings.
 * @param name Name of the part, fit for a file name.
 * @param expectation What the part must be, see {@linkcode writeRecord} for what it may hold.
 * @param compute Makes it; when it throws nothing is saved.
 * @throws {Error} When the saved part is damaged.
 */
export async function finishedPart<T extends object>(
  folder: RunFolder,
  name: string,
  expectation: Expectation<T>,
  compute: () => Promise<T>,
): Promise<T> {
  const parts = join(folder.path, PARTS);
  const file = join(parts, `${name}.safetensors`);
  const found = await unlessMissing(() => readRecord(file));
  if (found !== undefined) return checked(expectation, found, file);
  const part = await compute();
  await makeFolder(parts);
  await writeRecord(file, part);
  return part;
}
