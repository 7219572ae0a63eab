/** The configuration as deno.json has it. */
export type Configuration = Record<string, unknown> & {
  readonly compilerOptions?: Record<string, unknown>;
  readonly test?: Record<string, unknown>;
};

/**
 * Calls `f` with the name of a changed copy of deno.json, which lies beside it meanwhile.
 *
 * @param path Name of the copy.
 * @param change Makes the changes.
 * @param f What to do with it.
 */
export async function withConfig<T>(
  path: string,
  change: (config: Configuration) => Configuration,
  f: (path: string) => Promise<T>,
): Promise<T> {
  const config = change(JSON.parse(await Deno.readTextFile("deno.json")));
  await Deno.writeTextFile(path, JSON.stringify(config));
  try {
    return await f(path);
  } finally {
    await Deno.remove(path);
  }
}
