/**
 * Where text goes: a terminal that can rewrite its last line, or a plain stream.
 *
 * @module
 */

/** A stream for people. */
export interface TextSink {
  /** Whether its last line can be rewritten. */
  readonly isTerminal: boolean;
  /** Whether colours are wanted. */
  readonly color: boolean;
  /** Characters per line. */
  columns(): number;
  /** Writes a text as it is. */
  write(text: string): void;
}

/** The part of `Deno.stdout` and `Deno.stderr` that a sink needs. */
export interface OutputStream {
  /** Writes bytes and tells how many were taken. */
  writeSync(bytes: Uint8Array): number;
  /** Whether a person watches. */
  isTerminal(): boolean;
}

/**
 * A sink over standard output or standard error. Colours follow the NO_COLOR convention of
 * https://no-color.org; a terminal of type "dumb" counts as a plain stream.
 *
 * Telling never stops the work: what a closed pipe or a full disk does not take is left out.
 *
 * @param stream `Deno.stdout` or `Deno.stderr`; default the former.
 * @param onLoss Called once, with the reason, when the stream takes no text.
 * @returns The sink.
 */
export function textSink(
  stream: OutputStream = Deno.stdout,
  onLoss: (reason: string) => void = () => {},
): TextSink {
  const isTerminal = stream.isTerminal() && Deno.env.get("TERM") !== "dumb";
  const encoder = new TextEncoder();
  return {
    isTerminal,
    color: isTerminal && !Deno.noColor,
    columns: () => terminalColumns(isTerminal),
    write: (text) => {
      // A disk may have room again; a pipe has no other reader.
      if (lost.get(stream) instanceof Deno.errors.BrokenPipe) return;
      try {
        writeWhole(stream, encoder.encode(text));
      } catch (error) {
        const first = !lost.has(stream);
        lost.set(stream, error);
        if (first) onLoss(reasonOf(error));
      }
    },
  };
}

/** What streams last failed with. */
const lost = new WeakMap<OutputStream, unknown>();

/**
 * Says why text for a stream was lost, other than by a reader who had seen enough.
 *
 * @param stream Default standard output.
 * @returns The reason; undefined when nothing was lost.
 */
export function reasonOfLoss(stream: OutputStream = Deno.stdout): string | undefined {
  const error = lost.get(stream);
  return error === undefined || error instanceof Deno.errors.BrokenPipe
    ? undefined
    : reasonOf(error);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function writeWhole(stream: OutputStream, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += stream.writeSync(bytes.subarray(done));
}

function terminalColumns(isTerminal: boolean): number {
  try {
    return isTerminal ? Deno.consoleSize().columns || 80 : 80;
  } catch {
    // Only the standard streams have a size; one that was redirected half-way has none.
    return 80;
  }
}
