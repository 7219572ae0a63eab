/**
 * Figures as pictures of their own, for programs that show no page.
 *
 * @module
 */

import { escapeHtml, type Figure, isolateIds, type LegendEntry, type Panel } from "./page.ts";
import { type Image, renderPng } from "./png.ts";
import { PAGE_STYLE } from "./style.ts";

/** Sizes in drawing units. */
const MARGIN = 12;
const LINE = 22;
const LETTER = 7;
const SAMPLE = 28;
const WIDE = 440;
const NARROW = 320;
const MOST_COLUMNS = 3;

/** What is drawn, and how much room it takes. */
interface Block {
  readonly svg: string;
  readonly height: number;
}

const NOTHING: Block = { svg: "", height: 0 };

/**
 * A figure with its title and its legend as one drawing, in the light colours of the page.
 *
 * @param figure The figure.
 * @returns An SVG document.
 */
export function figureSvg({ title, panels, legend = [] }: Figure): string {
  const columns = Math.min(MOST_COLUMNS, panels.length);
  const inner = columns === 1 ? WIDE : columns * NARROW;
  const keys = legend.length > 1 ? legendBlock(legend, inner, MARGIN + LINE) : NOTHING;
  const grid = panelGrid(panels, columns, inner / columns, MARGIN + LINE + keys.height);
  const height = 2 * MARGIN + LINE + keys.height + grid.height;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" font-family="sans-serif" ` +
    `viewBox="0 0 ${inner + 2 * MARGIN} ${height}">${words(title, MARGIN, MARGIN + 14, 15)}` +
    `${keys.svg}${grid.svg}</svg>`;
  return lightColors(isolateIds(svg));
}

/**
 * A figure with its title and its legend as one picture.
 *
 * @param figure The figure.
 * @returns The picture, of two pixels to a drawing unit.
 * @throws {Error} When there is no font on this machine, or the renderer cannot be loaded.
 */
export async function figureImage(figure: Figure): Promise<Image> {
  return await renderPng(figureSvg(figure));
}

/** Names of the series, in as many rows as they need. */
function legendBlock(legend: readonly LegendEntry[], width: number, top: number): Block {
  let [x, row] = [0, 0];
  const entries = legend.map(({ label, color, dashed }) => {
    const room = SAMPLE + 3 * LETTER + LETTER * label.length;
    if (x > 0 && x + room > width) [x, row] = [0, row + 1];
    const [left, middle] = [MARGIN + x, top + LINE * (row + 0.5)];
    x += room;
    return `<line x1="${left}" x2="${left + SAMPLE}" y1="${middle}" y2="${middle}" ` +
      `stroke="${escapeHtml(color)}" stroke-width="3"${dashed ? ' stroke-dasharray="6 4"' : ""}/>` +
      words(label, left + SAMPLE + LETTER, middle + 4, 13);
  });
  return { svg: entries.join(""), height: LINE * (row + 1) };
}

/** Panels side by side, all scaled to one width, each under its heading. */
function panelGrid(panels: readonly Panel[], columns: number, width: number, top: number): Block {
  const heading = panels.some((panel) => panel.title) ? LINE : 0;
  const drawn: string[] = [];
  let y = top;
  for (let first = 0; first < panels.length; first += columns) {
    const row = panels.slice(first, first + columns);
    row.forEach((panel, j) => {
      const x = MARGIN + j * width;
      if (panel.title) drawn.push(words(panel.title, x, y + 14, 13));
      drawn.push(placed(panel.svg, [x, y + heading], width - MARGIN));
    });
    y += heading + Math.max(...row.map(({ svg }) => heightAt(svg, width - MARGIN))) + MARGIN;
  }
  return { svg: drawn.join(""), height: y - top };
}

/** A drawing at a place of another one. */
function placed(svg: string, [x, y]: readonly [number, number], width: number): string {
  const box = `x="${x}" y="${y}" width="${width}" height="${heightAt(svg, width)}"`;
  return svg.replace('<svg class="chart"', `<svg class="chart" ${box}`);
}

function heightAt(svg: string, width: number): number {
  const [, , w, h] = (/viewBox="([^"]*)"/.exec(svg)?.[1] ?? "0 0 1 1").split(/[\s,]+/).map(Number);
  return width * h! / w!;
}

function words(text: string, x: number, y: number, size: number): string {
  return `<text x="${x}" y="${y}" font-size="${size}" fill="var(--text)">${
    escapeHtml(text)
  }</text>`;
}

/** Puts the page's light colours in place of its variables, which renderers do not know. */
function lightColors(svg: string): string {
  const light = /:root \{(.*?)\}/s.exec(PAGE_STYLE)?.[1] ?? "";
  const colors = new Map([...light.matchAll(/(--[\w-]+): (#\w+);/g)].map((m) => [m[1], m[2]!]));
  return svg.replace(/var\((--[\w-]+)\)/g, (whole, name) => colors.get(name) ?? whole);
}
