/**
 * Pictures of fields: one coloured pixel per cell, as a PNG inside an SVG.
 *
 * @module
 */

import { deflateSync } from "node:zlib";
import type { Panel } from "../../core/io/mod.ts";

/** Red, green and blue from 0 to 255 of a value. */
export type Colors = (value: number) => readonly number[];

/** A field to draw. */
export interface FieldPicture {
  /** Cells along x. */
  readonly width: number;
  /** Cells along y, the first row below. */
  readonly height: number;
  /** Values, height × width. */
  readonly values: ArrayLike<number>;
  /** Colours, red, green and blue from 0 to 255, by value. */
  readonly colors: Colors;
  /** A filled curve on top, in cells from the lower left corner; none when absent. */
  readonly outline?: readonly (readonly [x: number, y: number])[];
  /** What it shows, for people who cannot see it. */
  readonly description: string;
  /** Heading of the panel. */
  readonly title?: string;
}

/**
 * Draws a field.
 *
 * @throws {RangeError} When there are not height × width values.
 */
export function fieldPicture(picture: FieldPicture): Panel {
  const { width, height, outline = [], description, title } = picture;
  const image = base64(png(width, height, pixels(picture)));
  const points = outline.map(([x, y]) => `${x.toFixed(2)},${(height - y).toFixed(2)}`).join(" ");
  const curve = points === "" ? "" : `<polygon points="${points}" fill="#5b6570"/>`;
  const svg = `<svg class="chart" aria-hidden="true" viewBox="0 0 ${width} ${height}">` +
    `<image width="${width}" height="${height}" href="data:image/png;base64,${image}"/>` +
    `${curve}</svg>`;
  return { svg, description, ...(title !== undefined && { title }) };
}

/** Rows from the top, three bytes a pixel. */
function pixels({ width, height, values, colors }: FieldPicture): Uint8Array {
  if (values.length !== width * height) {
    throw new RangeError(
      `Cannot draw a field: expected ${height}×${width} values, got ${values.length}`,
    );
  }
  const bytes = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = values[(height - 1 - y) * width + x]!;
      bytes.set(colors(value), 3 * (y * width + x));
    }
  }
  return bytes;
}

const BELOW = [0, 92, 158] as const;
const ZERO = [250, 250, 250] as const;
const ABOVE = [204, 78, 0] as const;

/** Blue below zero, white at zero, orange above; strongest at the limit and beyond. */
export function signedColors(limit: number): Colors {
  return (value) => {
    const end = value < 0 ? BELOW : ABOVE;
    // The root makes what is weak visible.
    return between(ZERO, end, Math.sqrt(Math.min(1, Math.abs(value / limit))));
  };
}

/** From dark to bright, evenly spaced. */
const BRIGHTENING = [[13, 8, 60], [84, 20, 120], [176, 42, 90], [240, 120, 40], [252, 240, 160]];

/** Dark at the first value and below, bright at the last one and above. */
export function brighteningColors(first: number, last: number): Colors {
  const most = BRIGHTENING.length - 1;
  return (value) => {
    const place = most * Math.min(1, Math.max(0, (value - first) / (last - first)));
    const k = Math.min(Math.floor(place), most - 1);
    return between(BRIGHTENING[k]!, BRIGHTENING[k + 1]!, place - k);
  };
}

function between(from: readonly number[], to: readonly number[], share: number): number[] {
  return from.map((x, k) => Math.round(x + share * (to[k]! - x)));
}

/** A PNG file of 8-bit colours (ISO/IEC 15948). */
export function png(width: number, height: number, rgb: Uint8Array): Uint8Array {
  const rows = new Uint8Array(height * (3 * width + 1));
  for (let y = 0; y < height; y++) {
    rows.set(rgb.subarray(3 * width * y, 3 * width * (y + 1)), y * (3 * width + 1) + 1);
  }
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, 2, 0, 0, 0], 8);
  const parts = [
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk("IHDR", header),
    chunk("IDAT", new Uint8Array(deflateSync(rows))),
    chunk("IEND", new Uint8Array(0)),
  ];
  return concat(parts);
}

/** Length, name, data and checksum. */
function chunk(name: string, data: Uint8Array): Uint8Array {
  const body = concat([new TextEncoder().encode(name), data]);
  const ends = new DataView(new ArrayBuffer(8));
  ends.setUint32(0, data.length);
  ends.setUint32(4, checksum(body));
  const bytes = new Uint8Array(ends.buffer);
  return concat([bytes.subarray(0, 4), body, bytes.subarray(4)]);
}

/** CRC-32 with the polynomial of ISO 3309, bit by bit. */
function checksum(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let k = 0; k < 8; k++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Bytes as base-64 text. */
export function base64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
