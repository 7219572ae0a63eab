/** Makes files in the format of CIFAR-10, and archives of them, for tests. */

import { createHash } from "node:crypto";
import { type CifarCollection, Random } from "../../core/mod.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const PIXELS = 3 * 32 * 32;

/** Records with random pixels of those labels. */
export function encodeCifar(labels: readonly number[], seed = 1): Bytes {
  const random = new Random(seed);
  const bytes = new Uint8Array(labels.length * (1 + PIXELS));
  labels.forEach((label, i) => {
    const record = bytes.subarray(i * (1 + PIXELS), (i + 1) * (1 + PIXELS));
    for (let k = 1; k < record.length; k++) record[k] = random.integer(256);
    record[0] = label;
  });
  return bytes;
}

/** A plain tar archive of files by path. */
export function encodeTar(files: Readonly<Record<string, Uint8Array>>): Bytes {
  const blocks: Uint8Array[] = [];
  for (const [path, content] of Object.entries(files)) {
    const padded = new Uint8Array(512 * Math.ceil(content.length / 512));
    padded.set(content);
    blocks.push(header(path, content.length), padded);
  }
  blocks.push(new Uint8Array(1024));
  const whole = new Uint8Array(blocks.reduce((n, b) => n + b.length, 0));
  let at = 0;
  for (const block of blocks) {
    whole.set(block, at);
    at += block.length;
  }
  return whole;
}

function header(path: string, size: number): Uint8Array {
  const out = new Uint8Array(512);
  const put = (text: string, at: number) => out.set(new TextEncoder().encode(text), at);
  put(path, 0);
  put("0000644\0", 100);
  put(`${size.toString(8).padStart(11, "0")}\0`, 124);
  put("        0", 148);
  put("ustar\x0000", 257);
  const sum = out.reduce((a, b) => a + b, 0);
  put(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return out;
}

/** A collection of two training files and one for the test, with three classes. */
export function tinyCollection(mirrors: readonly string[], archive: Uint8Array): CifarCollection {
  return {
    name: "tiny",
    description: "for this test",
    classNames: ["a", "b", "c"],
    train: ["one.bin", "two.bin"],
    test: ["test.bin"],
    archive: {
      name: "tiny.tar.gz",
      digest: createHash("sha256").update(archive).digest("hex"),
    },
    folder: "tiny-files",
    mirrors,
    patience: 300,
  };
}
