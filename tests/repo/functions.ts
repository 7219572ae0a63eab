/** A function of a source text. */
export interface FunctionLength {
  /** Line where it starts, from 1. */
  readonly line: number;
  /** Lines from its first to its last, both counted. */
  readonly lines: number;
}

/**
 * Measures every function with a block body, nested ones too, through Deno's own parser. Only
 * inside `deno test`, where that parser is at hand.
 */
export function functionLengths(path: string, text: string): FunctionLength[] {
  const found: FunctionLength[] = [];
  const lineOf = (offset: number): number => text.slice(0, offset).split("\n").length;
  const note = (node: { range: [number, number]; body: unknown }): void => {
    if ((node.body as { type?: string } | null)?.type !== "BlockStatement") return;
    const line = lineOf(node.range[0]);
    found.push({ line, lines: lineOf(node.range[1]) - line + 1 });
  };
  const rules = {
    lengths: {
      create: () => ({
        FunctionDeclaration: note,
        FunctionExpression: note,
        ArrowFunctionExpression: note,
      }),
    },
  };
  Deno.lint.runPlugin({ name: "measure", rules } as Deno.lint.Plugin, path, text);
  return found;
}

/** The value below which a share of the numbers lies, at the nearest rank. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
