import { renderTable, type TableColumn } from "../../tasks/terminal/mod.ts";
import type { Aim, BenchResult, Section } from "./definition.ts";
import type { Entry, Figure } from "./history.ts";

/** A duration or a size with three digits and a unit that fits. */
export function formatFigure(value: number, unit: Figure["unit"]): string {
  const steps: readonly [number, string][] = unit === "s"
    ? [[1, "s"], [1e-3, "ms"], [1e-6, "µs"]]
    : [[2 ** 30, "GiB"], [2 ** 20, "MiB"], [2 ** 10, "KiB"]];
  const [scale, name] = steps.find(([s]) => value >= s) ?? steps.at(-1)!;
  return `${Number((value / scale).toPrecision(3))} ${name}`;
}

/** A section as a table of at most 80 columns. */
export function sectionText(section: Section): string {
  const reference = section.reference === undefined
    ? undefined
    : section.figures.get(section.reference);
  const extra = [...new Set(Object.values(section.extra ?? {}).flatMap((x) => Object.keys(x)))];
  const timed = [...section.figures.values()].some((f) => f.p75 !== undefined);
  const heads = ["median", ...timed ? ["p75", "min"] : [], ...extra, ...reference ? ["ratio"] : []];
  const columns: (string | TableColumn)[] = [
    "",
    ...heads.map((title): TableColumn => ({ title, align: "right" })),
  ];
  const rows = [...section.figures].map(([name, f]) => [
    name,
    formatFigure(f.median, f.unit),
    ...timed ? [f.p75, f.min].map((x) => x === undefined ? "" : formatFigure(x, f.unit)) : [],
    ...extra.map((key) => section.extra?.[name]?.[key] ?? ""),
    ...reference ? [`${(f.median / reference.median).toFixed(2)}x`] : [],
  ]);
  return `${section.title}\n\n${renderTable(columns, rows)}`;
}

/** The aims of a bench, one line each. */
export function aimsText(aims: readonly Aim[]): string {
  return aims.map((aim) => {
    if (aim.value === undefined) return `  unknown  ${aim.what}: not measured`;
    const verdict = aim.value <= aim.limit ? "met    " : "MISSED ";
    return `  ${verdict}  ${aim.what}: ${aim.value.toFixed(2)}, aim ≤ ${aim.limit}`;
  }).join("\n");
}

/** All tables, aims and notes of a bench. */
export function resultText(result: BenchResult): string {
  const parts = result.sections.map(sectionText);
  if (result.aims.length > 0) parts.push(`Aims\n\n${aimsText(result.aims)}`);
  if (result.notes.length > 0) parts.push(result.notes.map((n) => `Left out: ${n}`).join("\n"));
  return parts.join("\n\n");
}

/** What changed since the previous entry of the same machine, largest change first. */
export function comparisonText(now: Entry, before: Entry | undefined): string {
  if (!before) return "No earlier entry of this bench on this machine.";
  const names = Object.keys(now.figures).filter((n) => n in before.figures);
  const ratio = (n: string): number => now.figures[n]!.median / before.figures[n]!.median;
  const sorted = names.sort((a, b) => Math.abs(Math.log(ratio(b))) - Math.abs(Math.log(ratio(a))));
  const rows = sorted.map((n) => [
    n,
    formatFigure(before.figures[n]!.median, before.figures[n]!.unit),
    formatFigure(now.figures[n]!.median, now.figures[n]!.unit),
    `${ratio(n).toFixed(2)}x`,
  ]);
  const right = (title: string): TableColumn => ({ title, align: "right" });
  const head = `Since ${before.date.slice(0, 10)} (${before.commit}${
    before.dirty ? ", dirty" : ""
  })`;
  return `${head}\n\n${renderTable(["", right("then"), right("now"), right("ratio")], rows)}`;
}
