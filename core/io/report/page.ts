/**
 * A self-contained HTML page of texts, tables and figures.
 *
 * @module
 */

import { PAGE_STYLE } from "./style.ts";

/** One drawing of a figure. */
export interface Panel {
  /** Inline SVG, such as {@linkcode lineChart} makes. */
  readonly svg: string;
  /** What it shows, for people who cannot see it. */
  readonly description: string;
  /** Heading where a figure has several panels. */
  readonly title?: string;
}

/** One entry of a legend. */
export interface LegendEntry {
  /** Name of the series. */
  readonly label: string;
  /** CSS colour. */
  readonly color: string;
  /** Whether the line is dashed; default false. */
  readonly dashed?: boolean;
}

/** One or several drawings with a title, a legend and a caption. */
export interface Figure {
  /** What is shown. */
  readonly title: string;
  /** Drawings: one, or small multiples. */
  readonly panels: readonly Panel[];
  /** Names of the series; none when absent or when there is but one. */
  readonly legend?: readonly LegendEntry[];
  /** How to read it. */
  readonly caption?: string;
}

/** A table; the first cell of a row is its heading. */
export interface Table {
  /** Column headings; none when absent. */
  readonly columns?: readonly string[];
  /** Cells by row. */
  readonly rows: readonly (readonly string[])[];
  /** Whether the columns after the first hold numbers, which line up right; default false. */
  readonly numeric?: boolean;
  /** What it tells. */
  readonly caption?: string;
}

/** A part of a page: heading, then texts, tables and figures. */
export interface Section {
  /** Heading; none when empty. */
  readonly heading: string;
  /** Paragraphs. */
  readonly text?: readonly string[];
  /** Tables. */
  readonly tables?: readonly Table[];
  /** Figures, side by side where there is room. */
  readonly figures?: readonly Figure[];
}

/** A number that matters. */
export interface Tile {
  /** The number with its unit. */
  readonly value: string;
  /** What it is. */
  readonly label: string;
}

/** Everything on a page. Texts are plain: whatever HTML means by them is escaped. */
export interface Page {
  /** Title of the window and heading of the page. */
  readonly title: string;
  /** The message in a sentence or two. */
  readonly lead: string;
  /** The few numbers that matter. */
  readonly tiles?: readonly Tile[];
  /** Parts in order. */
  readonly sections: readonly Section[];
  /** Small print at the end. */
  readonly footer?: string;
}

/**
 * Builds one HTML file with inline drawings and style: no scripts, no network, light and dark.
 *
 * @param page What is on it.
 * @returns The text of the file.
 */
export function buildPage(page: Page): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(page.title)}</title>
<link rel="icon" href="data:,">
<style>${PAGE_STYLE}</style>
</head>
<body>
<header>
<h1>${escapeHtml(page.title)}</h1>
<p class="lead">${escapeHtml(page.lead)}</p>
${tiles(page.tiles ?? [])}
</header>
<main>
${isolateIds(page.sections.map(section).join("\n"))}
</main>
${page.footer ? `<footer>${escapeHtml(page.footer)}</footer>` : ""}
</body>
</html>
`;
}

/**
 * Escapes a text for HTML content and attribute values.
 *
 * @param text Plain text.
 * @returns The text with character references.
 */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

function tiles(items: readonly Tile[]): string {
  if (items.length === 0) return "";
  const boxes = items.map(({ value, label }) =>
    `<div class="tile"><b>${escapeHtml(value)}</b><span>${escapeHtml(label)}</span></div>`
  );
  return `<div class="tiles">${boxes.join("")}</div>`;
}

function section({ heading, text = [], tables = [], figures = [] }: Section): string {
  const parts = [
    heading === "" ? "" : `<h2>${escapeHtml(heading)}</h2>`,
    ...text.map((paragraph) => `<p>${escapeHtml(paragraph)}</p>`),
    tables.length > 0 ? `<div class="tables">${tables.map(table).join("\n")}</div>` : "",
    figures.length > 0 ? `<div class="figures">${figures.map(figure).join("\n")}</div>` : "",
  ];
  return `<section>\n${parts.filter((part) => part !== "").join("\n")}\n</section>`;
}

function table({ columns, rows, numeric, caption }: Table): string {
  const side = (j: number): string => numeric && j > 0 ? ' class="right"' : "";
  const head = columns?.map((c, j) => `<th scope="col"${side(j)}>${escapeHtml(c)}</th>`).join("");
  const body = rows.map(([first = "", ...cells]) => {
    const data = cells.map((cell, j) => `<td${side(j + 1)}>${escapeHtml(cell)}</td>`).join("");
    return `<tr><th scope="row">${escapeHtml(first)}</th>${data}</tr>`;
  });
  return `<div class="scroll"><table>${
    caption ? `<caption>${escapeHtml(caption)}</caption>` : ""
  }` +
    `${head ? `<thead><tr>${head}</tr></thead>` : ""}<tbody>\n${
      body.join("\n")
    }\n</tbody></table></div>`;
}

function figure({ title, panels, legend = [], caption }: Figure): string {
  const single = panels.length === 1;
  const keys = legend.length > 1 ? `<ul class="legend">${legend.map(key).join("")}</ul>` : "";
  return `<figure${single ? "" : ' class="wide"'}>
<h3>${escapeHtml(title)}</h3>
${keys}<div class="panels${single ? " single" : ""}">${panels.map(panel).join("\n")}</div>
${caption ? `<figcaption>${escapeHtml(caption)}</figcaption>` : ""}
</figure>`;
}

function panel({ svg, description, title }: Panel): string {
  const heading = title ? `<h4>${escapeHtml(title)}</h4>` : "";
  return `<div class="panel" role="img" aria-label="${escapeHtml(description)}">` +
    `${heading}${svg}</div>`;
}

function key({ label, color, dashed }: LegendEntry): string {
  const line = `<line x1="0" y1="5" x2="28" y2="5" stroke="${escapeHtml(color)}" ` +
    `stroke-width="3"${dashed ? ' stroke-dasharray="6 4"' : ""}/>`;
  const sample = `<svg viewBox="0 0 28 10" aria-hidden="true">${line}</svg>`;
  return `<li>${sample}${escapeHtml(label)}</li>`;
}

/** Drawings number their clip paths from 0 each; on one page every name must be there once. */
export function isolateIds(html: string): string {
  let count = 0;
  return html.replace(/<svg class="chart"[\s\S]*?<\/svg>/g, (svg) => {
    const prefix = `g${count++}-`;
    return svg.replace(/\bid="/g, `id="${prefix}`).replace(/url\(#/g, `url(#${prefix}`);
  });
}
