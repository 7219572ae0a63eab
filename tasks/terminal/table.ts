/**
 * Text tables that fit a terminal.
 *
 * @module
 */

/** A column of a text table. */
export interface TableColumn {
  /** Heading. */
  readonly title: string;
  /** Side on which the cells line up; default left. Left columns wrap when space is short. */
  readonly align?: "left" | "right";
}

const GAP = "  ";
const NARROWEST = 8;

/**
 * Draws a table with a rule below its headings.
 *
 * When it is too wide, its widest left-aligned columns shrink and their cells wrap at spaces.
 *
 * @param columns Headings; a plain text stands for a left-aligned column.
 * @param rows Cells by row, as many as there are columns.
 * @param width Most characters per line; default 80.
 * @returns Lines joined by line breaks, without a final one and without trailing spaces.
 * @throws {RangeError} When a row has another number of cells than there are columns.
 *
 * @example Two columns
 * ```ts
 * import { renderTable } from "@rankflow/rankflow/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * const table = renderTable(["backend", { title: "ms", align: "right" }], [["blas", "7.5"]]);
 * assertEquals(table, "backend   ms\n───────  ───\nblas     7.5");
 * ```
 */
export function renderTable(
  columns: readonly (string | TableColumn)[],
  rows: readonly (readonly string[])[],
  width: number = 80,
): string {
  const heads = columns.map((c) => typeof c === "string" ? { title: c } : c);
  rows.forEach((row, i) => checkRow(row, i, heads.length));
  const titles = heads.map((c) => c.title);
  const widths = shrink(heads, naturalWidths([titles, ...rows]), width);
  const rule = widths.map((w) => "─".repeat(w)).join(GAP);
  const lines = (cells: readonly string[]): string[] => renderRow(heads, cells, widths);
  return [...lines(titles), rule, ...rows.flatMap(lines)].join("\n");
}

/**
 * Breaks a text at spaces into lines; words longer than a line are cut, after a hyphen or an underscore
 * if they have one.
 *
 * @param text The text.
 * @param width Most characters per line, at least 1.
 * @returns At least one line.
 */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ").flatMap((w) => pieces(w, width))) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (displayWidth(longer) <= width) {
      line = longer;
    } else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line];
}

/**
 * Characters that a text takes on a terminal, combining marks not counted.
 *
 * @param text A text without control characters.
 * @returns The number.
 */
export function displayWidth(text: string): number {
  return [...text.normalize("NFC")].filter((c) => !/\p{Mark}/u.test(c)).length;
}

function checkRow(row: readonly string[], index: number, expected: number): void {
  if (row.length === expected) return;
  throw new RangeError(
    `Cannot draw row ${index + 1} of a table: expected ${expected} cells, got ${row.length}`,
  );
}

function naturalWidths(rows: readonly (readonly string[])[]): number[] {
  return rows[0]!.map((_, j) => Math.max(...rows.map((row) => displayWidth(row[j]!))));
}

function shrink(
  columns: readonly TableColumn[],
  natural: readonly number[],
  width: number,
): number[] {
  const widths = [...natural];
  const excess = (): number =>
    widths.reduce((a, b) => a + b, GAP.length * (widths.length - 1)) - width;
  while (excess() > 0) {
    const wrapping = widths.map((w, j) => columns[j]!.align === "right" ? 0 : w);
    const widest = wrapping.indexOf(Math.max(...wrapping));
    if (wrapping[widest]! <= NARROWEST) break;
    widths[widest]!--;
  }
  return widths;
}

function renderRow(
  columns: readonly TableColumn[],
  cells: readonly string[],
  widths: readonly number[],
): string[] {
  const wrapped = cells.map((cell, j) => wrap(cell, Math.max(1, widths[j]!)));
  const height = Math.max(...wrapped.map((lines) => lines.length));
  return Array.from(
    { length: height },
    (_, i) =>
      wrapped.map((lines, j) => pad(lines[i] ?? "", widths[j]!, columns[j]!.align))
        .join(GAP).trimEnd(),
  );
}

function pad(text: string, width: number, align: "left" | "right" = "left"): string {
  const space = " ".repeat(Math.max(0, width - displayWidth(text)));
  return align === "right" ? space + text : text + space;
}

function pieces(word: string, width: number): string[] {
  const characters = [...word];
  if (characters.length <= width) return [word];
  const joint = characters.slice(0, width).findLastIndex((c) => c === "-" || c === "_");
  const cut = joint > 0 ? joint + 1 : width;
  return [characters.slice(0, cut).join(""), ...pieces(characters.slice(cut).join(""), width)];
}
