/**
 * Reading tar archives (POSIX.1-1988 "ustar"): blocks of 512 bytes, a header before each file.
 *
 * @module
 */

const BLOCK = 512;

/**
 * The ordinary files of an archive by their path in it.
 *
 * @param bytes Whole plain archive; the results share its memory.
 * @param name Where it comes from, for messages.
 * @throws {Error} When a header is damaged or the archive is cut off.
 */
export function readTar(bytes: Uint8Array, name: string): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (let at = 0; at < bytes.length;) {
    const header = bytes.subarray(at, at + BLOCK);
    if (header.every((b) => b === 0)) break;
    checkHeader(header, at, name);
    const size = octal(header, 124, 12);
    if (size === undefined) throw refusal(name, `a size of ${pathOf(header)}`, "other text");
    const content = bytes.subarray(at + BLOCK, at + BLOCK + size);
    if (content.length < size) {
      throw refusal(name, `${size} bytes of ${pathOf(header)}`, `${content.length}`);
    }
    if (isOrdinary(header[156]!)) files.set(pathOf(header), content);
    at += BLOCK + BLOCK * Math.ceil(size / BLOCK);
  }
  return files;
}

/** The sum of a header's bytes, its own field counted as spaces, is part of the header. */
function checkHeader(header: Uint8Array, at: number, name: string): void {
  if (header.length < BLOCK) throw refusal(name, `a header at byte ${at}`, "its end");
  let sum = 0;
  header.forEach((b, i) => sum += i >= 148 && i < 156 ? 0x20 : b);
  const stated = octal(header, 148, 8);
  if (sum !== stated) {
    throw refusal(name, `header sum ${stated ?? "in digits"} at byte ${at}`, `${sum}`);
  }
}

function isOrdinary(type: number): boolean {
  return type === 0 || type === 0x30;
}

function pathOf(header: Uint8Array): string {
  const prefix = text(header, 345, 155);
  return prefix === "" ? text(header, 0, 100) : `${prefix}/${text(header, 0, 100)}`;
}

/** A number in octal digits; undefined where there are other characters. */
function octal(header: Uint8Array, from: number, length: number): number | undefined {
  const digits = text(header, from, length).trim();
  return /^[0-7]+$/.test(digits) ? parseInt(digits, 8) : undefined;
}

function text(header: Uint8Array, from: number, length: number): string {
  const field = header.subarray(from, from + length);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}

function refusal(name: string, expected: string, got: string): Error {
  return new Error(`Cannot read ${name} as a tar archive: expected ${expected}, got ${got}`);
}
