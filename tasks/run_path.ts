/**
 * Where a run goes when nobody says where.
 *
 * @module
 */

/**
 * The folder that was named, or one of this moment in `runs/`.
 *
 * @param out The folder; empty when none was named.
 * @param name What is run.
 */
export function runPath(out: string, name: string): string {
  const now = new Date().toISOString().slice(0, 19).replaceAll(":", "").replace("T", "-");
  return out === "" ? `runs/${name}-${now}` : out;
}
