/**
 * Grids of small images, one PNG inside an SVG each, with a line of text below.
 *
 * @module
 */

import type { Panel } from "../../core/io/mod.ts";
import { escapeHtml } from "../../core/io/mod.ts";
import { base64, png } from "./field_picture.ts";

/** An image of a grid. */
export interface GridImage {
  /** Colours from 0 to 255, h×w×3. */
  readonly rgb: Uint8Array;
  /** What stands below; nothing when absent. */
  readonly text?: string;
}

/** Drawing units from one image to the next, and of the text below. */
const [STEP, GAP, LINE] = [64, 6, 20];

/**
 * Draws rows of images.
 *
 * @param shape Height and width of an image.
 * @param description What it shows, for people who cannot see it.
 */
export function imageGrid(
  rows: readonly (readonly GridImage[])[],
  [height, width]: readonly [number, number],
  description: string,
  title?: string,
): Panel {
  const tall = Math.round(STEP * height / width);
  const pitch = tall + LINE + GAP;
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const cells = rows.flatMap((row, i) =>
    row.map(({ rgb, text }, j) => {
      const [x, y] = [j * (STEP + GAP), i * pitch];
      const data = base64(png(width, height, rgb));
      return `<image x="${x}" y="${y}" width="${STEP}" height="${tall}" ` +
        `style="image-rendering:pixelated" href="data:image/png;base64,${data}"/>` +
        (text === undefined ? "" : label(text, x + STEP / 2, y + tall + 15));
    })
  );
  const box = `0 0 ${Math.max(1, columns * (STEP + GAP) - GAP)} ${
    Math.max(1, rows.length * pitch)
  }`;
  const svg = `<svg class="chart" aria-hidden="true" viewBox="${box}">${cells.join("")}</svg>`;
  return { svg, description, ...(title !== undefined && { title }) };
}

function label(text: string, x: number, y: number): string {
  return `<text x="${x}" y="${y}" text-anchor="middle" font-size="15" fill="var(--muted)">` +
    `${escapeHtml(text)}</text>`;
}

/** Grey or coloured pixels as colours. */
export function pixelsAsRgb(pixels: Uint8Array, channels: number): Uint8Array {
  const count = pixels.length / channels;
  const rgb = new Uint8Array(3 * count);
  for (let i = 0; i < count; i++) {
    for (let k = 0; k < 3; k++) rgb[3 * i + k] = pixels[i * channels + Math.min(k, channels - 1)]!;
  }
  return rgb;
}

/** A change of pixels as colours: grey where there is none, the largest one black or white. */
export function changeAsRgb(before: Uint8Array, after: Uint8Array, channels: number): Uint8Array {
  const largest = before.reduce((m, v, i) => Math.max(m, Math.abs(after[i]! - v)), 1);
  const shown = before.map((v, i) => Math.round(127.5 + 127.5 * (after[i]! - v) / largest));
  return pixelsAsRgb(shown, channels);
}
