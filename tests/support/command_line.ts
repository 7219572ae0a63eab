/** Running the command line in a process of its own. */

const ROOT = new URL("../../", import.meta.url);

/** What a process left. */
export interface Finished {
  /** Exit code. */
  readonly code: number;
  /** Standard output. */
  readonly out: string;
  /** Standard error. */
  readonly err: string;
}

/** A recipe on blobs: seconds become fractions of a second. */
export const blobsPlugin: string = new URL("./blobs_plugin.ts", import.meta.url).pathname;

function command(args: readonly string[]): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "tasks/main.ts", ...args],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  });
}

/** Runs the command line to its end. */
export async function runMain(...args: string[]): Promise<Finished> {
  const { code, stdout, stderr } = await command(args).output();
  const text = new TextDecoder();
  return { code, out: text.decode(stdout), err: text.decode(stderr) };
}

/** Runs it and sends a signal, or does something else, as soon as its output matches a pattern. */
export async function runMainUntil(
  pattern: RegExp,
  then: Deno.Signal | ((child: Deno.ChildProcess) => void | Promise<void>),
  ...args: string[]
): Promise<Finished> {
  await using child = command(args).spawn();
  let out = "";
  let done = false;
  const err = new Response(child.stderr).text();
  for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
    out += part;
    if (done || !pattern.test(out)) continue;
    done = true;
    if (typeof then === "string") child.kill(then);
    else await then(child);
  }
  const { code } = await child.status;
  return { code, out, err: await err };
}

/** Runs it and closes its standard output after the first bytes. */
export async function runMainUnread(...args: string[]): Promise<Omit<Finished, "out">> {
  await using child = command(args).spawn();
  const err = new Response(child.stderr).text();
  const reader = child.stdout.getReader();
  await reader.read();
  await reader.cancel();
  const { code } = await child.status;
  return { code, err: await err };
}

/** A temporary folder for the time of a check. */
export async function inFolder(check: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempDir();
  try {
    await check(path);
  } finally {
    await Deno.remove(path, { recursive: true });
  }
}
