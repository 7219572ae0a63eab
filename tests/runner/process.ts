/** What a finished command left behind. */
export interface Finished {
  /** Exit status; 0 is success. */
  readonly code: number;
  /** Standard output and standard error in the order they came, without colours. */
  readonly output: string;
  /** Wall time in seconds. */
  readonly seconds: number;
}

/**
 * Runs a command without input and without colours, and collects what it prints.
 *
 * @param command The program and its arguments.
 * @returns How it ended; a program that cannot start is a failure with the reason as its output.
 */
export async function runCommand(command: readonly string[]): Promise<Finished> {
  const start = performance.now();
  const chunks: Uint8Array[] = [];
  let code = 1;
  try {
    const child = new Deno.Command(command[0]!, {
      args: command.slice(1),
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      env: { NO_COLOR: "1" },
    }).spawn();
    const [status] = await Promise.all([
      child.status,
      collect(child.stdout, chunks),
      collect(child.stderr, chunks),
    ]);
    code = status.code;
  } catch (error) {
    chunks.push(new TextEncoder().encode(String(error)));
  }
  const output = await new Blob(chunks as BlobPart[]).text();
  return { code, output, seconds: (performance.now() - start) / 1000 };
}

async function collect(stream: ReadableStream<Uint8Array>, into: Uint8Array[]): Promise<void> {
  for await (const chunk of stream) into.push(chunk);
}
