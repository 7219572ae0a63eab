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
 * @param stream `Deno.stdout` or `Deno.stderr`; default the former.
 * @returns The sink.
 */
export function textSink(stream: OutputStream = Deno.stdout): TextSink {
  const isTerminal = stream.isTerminal() && Deno.env.get("TERM") !== "dumb";
  const encoder = new TextEncoder();
  return {
    isTerminal,
    color: isTerminal && !Deno.noColor,
    columns: () => terminalColumns(isTerminal),
    write: (text) => {
      const bytes = encoder.encode(text);
      for (let done = 0; done < bytes.length;) done += stream.writeSync(bytes.subarray(done));
    },
  };
}

function terminalColumns(isTerminal: boolean): number {
  try {
    return isTerminal ? Deno.consoleSize().columns || 80 : 80;
  } catch {
    // Only the standard streams have a size; one that was redirected half-way has none.
    return 80;
  }
}
