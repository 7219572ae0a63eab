/** A reader of TensorBoard's event files that shares no code with the writer. */

import { assertEquals } from "@std/assert";

/** A histogram as it is stored. */
export interface Histogram {
  readonly min: number;
  readonly max: number;
  readonly num: number;
  readonly sum: number;
  readonly sumOfSquares: number;
  readonly limits: readonly number[];
  readonly counts: readonly number[];
}

/** One event. */
export interface ReadEvent {
  readonly time: number;
  readonly step: number;
  readonly version?: string;
  readonly restart?: boolean;
  readonly scalars: Readonly<Record<string, number>>;
  readonly histograms: Readonly<Record<string, Histogram>>;
  readonly images: Readonly<Record<string, { size: [number, number]; png: Uint8Array }>>;
}

/** Reads a file whose every record must be whole and right. */
export function readEventFile(path: string): ReadEvent[] {
  const file = Deno.readFileSync(path);
  const view = new DataView(file.buffer);
  const events: ReadEvent[] = [];
  for (let at = 0; at < file.length;) {
    const size = Number(view.getBigUint64(at, true));
    assertEquals(view.getUint32(at + 8, true), maskedCrc(file.subarray(at, at + 8)), "length");
    const data = file.subarray(at + 12, at + 12 + size);
    assertEquals(view.getUint32(at + 12 + size, true), maskedCrc(data), "data");
    events.push(readEvent(data));
    at += 16 + size;
  }
  return events;
}

/** All of a folder, without what a later file takes back, as TensorBoard shows it. */
export function readEvents(folder: string): ReadEvent[] {
  const names = Array.from(Deno.readDirSync(folder), ({ name }) => name);
  let kept: ReadEvent[] = [];
  for (const name of names.filter((n) => n.includes("tfevents")).sort()) {
    for (const event of readEventFile(`${folder}/${name}`)) {
      if (event.restart) kept = kept.filter(({ step }) => step < event.step);
      else if (event.version === undefined) kept.push(event);
    }
  }
  return kept;
}

/** The values of a scalar with their steps. */
export function curve(events: readonly ReadEvent[], tag: string): [number, number][] {
  return events.flatMap(({ step, scalars }) => tag in scalars ? [[step, scalars[tag]!]] : []);
}

/** CRC-32C bit by bit, rotated and shifted as TFRecord files have it. */
function maskedCrc(data: Uint8Array): number {
  let crc = ~0;
  for (const byte of data) {
    for (let bit = 0; bit < 8; bit++) {
      const odd = (crc ^ (byte >> bit)) & 1;
      crc = (crc >>> 1) ^ (odd ? 0x82f63b78 : 0);
    }
  }
  crc = ~crc;
  return Number((BigInt(((crc >>> 15) | (crc << 17)) >>> 0) + 0xa282ead8n) & 0xffffffffn);
}

type Fields = [field: number, value: bigint | Uint8Array][];

function readMessage(data: Uint8Array): Fields {
  const fields: Fields = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n;; shift += 7n) {
      const byte = data[at++]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const take = (size: number): Uint8Array => data.subarray(at, at += size);
  while (at < data.length) {
    const key = Number(varint());
    const sizes: Record<number, () => bigint | Uint8Array> = {
      0: varint,
      1: () => take(8),
      2: () => take(Number(varint())),
      5: () => take(4),
    };
    fields.push([key >> 3, sizes[key & 7]!()]);
  }
  assertEquals(at, data.length, "a message ends with its last field");
  return fields;
}

function doubles(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length / 8 }, (_, i) => view.getFloat64(8 * i, true));
}

function readEvent(data: Uint8Array): ReadEvent {
  const fields = new Map(readMessage(data));
  const bytes = (field: number): Uint8Array => fields.get(field) as Uint8Array;
  const values = fields.has(5) ? readMessage(bytes(5)) : [];
  const scalars: Record<string, number> = {};
  const histograms: Record<string, Histogram> = {};
  const images: Record<string, { size: [number, number]; png: Uint8Array }> = {};
  for (const [, value] of values) {
    const parts = new Map(readMessage(value as Uint8Array));
    const tag = new TextDecoder().decode(parts.get(1) as Uint8Array);
    const [scalar, image, histogram] = [2, 4, 5].map((f) => parts.get(f) as Uint8Array | undefined);
    if (scalar) scalars[tag] = new DataView(scalar.slice().buffer).getFloat32(0, true);
    if (histogram) histograms[tag] = readHistogram(histogram);
    if (image) images[tag] = readImage(image);
  }
  return {
    time: doubles(bytes(1))[0]!,
    step: Number(fields.get(2) ?? 0n),
    ...(fields.has(3) ? { version: new TextDecoder().decode(bytes(3)) } : {}),
    ...(fields.has(7) ? { restart: readMessage(bytes(7))[0]![1] === 1n } : {}),
    scalars,
    histograms,
    images,
  };
}

function readHistogram(data: Uint8Array): Histogram {
  const parts = new Map(readMessage(data));
  const [min, max, num, sum, sumOfSquares] = [1, 2, 3, 4, 5].map((f) =>
    doubles(parts.get(f) as Uint8Array)[0]!
  ) as [number, number, number, number, number];
  const [limits, counts] = [6, 7].map((f) => doubles(parts.get(f) as Uint8Array));
  return { min, max, num, sum, sumOfSquares, limits: limits!, counts: counts! };
}

function readImage(data: Uint8Array): { size: [number, number]; png: Uint8Array } {
  const parts = new Map(readMessage(data));
  return { size: [Number(parts.get(2)), Number(parts.get(1))], png: parts.get(4) as Uint8Array };
}
