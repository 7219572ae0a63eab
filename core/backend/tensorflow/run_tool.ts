/**
 * Runs the tools of the setup: a compiler, npm.
 *
 * @module
 */

/** Settings of {@linkcode runTool}. */
export interface RunToolOptions {
  /** What the tool is for, in the words of a failure: "build the TensorFlow addon". */
  readonly action: string;
  /** What to do where the tool is missing. */
  readonly remedy: string;
}

/**
 * Runs a program to its end.
 *
 * @throws {Error} When it is missing or fails; names the first line of its output that tells why.
 */
export async function runTool(
  tool: string,
  args: readonly string[],
  { action, remedy }: RunToolOptions,
): Promise<void> {
  const { code, stderr } = await output(tool, args).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error(`Cannot ${action}: expected the program ${tool}, got none; ${remedy}`);
  });
  if (code === 0) return;
  const lines = new TextDecoder().decode(stderr).trim().split("\n");
  const telling = lines.find((line) => /error/i.test(line)) ?? lines.at(-1);
  throw new Error(`Cannot ${action}: ${tool} ended with code ${code}: ${telling}`);
}

/** As a promise from the start: a missing program makes `Deno.Command` throw at once. */
async function output(tool: string, args: readonly string[]): Promise<Deno.CommandOutput> {
  return await new Deno.Command(tool, { args: [...args], stdin: "null" }).output();
}
