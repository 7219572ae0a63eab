/**
 * Where a run goes when nobody says where.
 *
 * @module
 */

/** Hexadecimal digits that tell runs which were started in the same second apart. */
const MARK = 4;

/**
 * The folder that was named, or one of this moment in `runs/` with a name of its own.
 *
 * @param out The folder; empty when none was named.
 * @param name What is run.
 */
export function runPath(out: string, name: string): string {
  if (out !== "") return out;
  const now = new Date().toISOString().slice(0, 19).replaceAll(":", "").replace("T", "-");
  return `runs/${name}-${now}-${crypto.randomUUID().slice(0, MARK)}`;
}

/** A text without what file systems use for themselves, as in `galore:rank=8,every=200`. */
export function inPath(text: string): string {
  return text.replaceAll(/[^\w.-]/g, "-");
}
