/** Files that other programs wrote, for tests that compare with them; nobody needs to have them. */

import { join } from "node:path";

/** Names the folder with `peft/models`, `peft/tokenizers` and `text`. */
const VARIABLE = "RANKFLOW_REFERENCE_DATA";

/**
 * The part of a test's definition that skips it where the files are not there, with the reason.
 *
 * @param part Folder within the one of the variable.
 */
export function onReferenceData(
  part: string,
  name: string,
  use: (folder: string) => Promise<void>,
): Deno.TestDefinition {
  const root = Deno.env.get(VARIABLE) ?? "";
  const reason = root === "" ? ` (skipped: ${VARIABLE} names no folder)` : "";
  return { name: name + reason, ignore: reason !== "", fn: () => use(join(root, part)) };
}
