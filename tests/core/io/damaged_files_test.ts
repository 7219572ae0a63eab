/** Whatever bytes a reader gets: a value, or one short line that says what was expected. */

import { assert, assertMatch } from "@std/assert";
import fc from "fast-check";
import { parseCifar } from "../../../core/data/cifar_format.ts";
import { parseIdx } from "../../../core/data/mod.ts";
import { readTar } from "../../../core/data/tar.ts";
import { unpack } from "../../../core/data/files.ts";
import {
  decodeSafetensors,
  encodeSafetensors,
  flattenRecord,
  fromJson,
  readMetrics,
  toJson,
  unflatten,
} from "../../../core/io/mod.ts";
import { encodeCifar, encodeTar } from "../../support/cifar.ts";
import { encodeIdx, gzip, withFolder } from "../../support/idx.ts";
import { damaged, pathsIn, replaced, type Tree } from "../../support/mutations.ts";

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const whole = (blocks: readonly Uint8Array[]): Uint8Array =>
  Uint8Array.from(blocks.flatMap((block) => [...block]));

const RECORD = {
  step: 7,
  lossSum: NaN,
  states: { w: { format: "dense", value: { shape: [2, 1], data: new Float32Array(2) } } },
  random: new Uint32Array(3),
  $: -0,
};
const FLAT = flattenRecord(RECORD);
const LINE = { step: 1, epoch: 1, loss: 0.5, ranks: { w: 2 }, singularValues: { w: [2, 1] } };

/** Readers with a whole file for each. */
const READERS: readonly [name: string, file: Uint8Array, read: (bytes: Uint8Array) => unknown][] = [
  ["parseIdx()", encodeIdx([3, 2, 2], new Uint8Array(12)), (b) => parseIdx(b, "f")],
  ["parseCifar()", encodeCifar([0, 1]), (b) => parseCifar(b, 2, "f")],
  ["readTar()", encodeTar({ "a/b": bytesOf("hello") }), (b) => readTar(b, "f")],
  ["unpack()", await gzip(bytesOf("hello".repeat(20))), (b) => unpack(b, "f")],
  ["fromJson()", bytesOf(toJson({ rank: 1, list: [NaN, "x"] })), (b) => fromJson(textOf(b), "f")],
  [
    "unflatten()",
    whole(encodeSafetensors(FLAT.tensors, FLAT.metadata)),
    (b) => unflatten(decodeSafetensors(b, "f"), "f"),
  ],
];

function checkLine({ message }: Error): void {
  assertMatch(message, /^Cannot [^\n]+: [^\n]+$/);
  assert(message.length < 400, message);
}

for (const [name, file, read] of READERS) {
  Deno.test(`${name} makes of damaged bytes a value or one short line`, () => {
    fc.assert(
      fc.property(damaged(file), (bytes) => {
        try {
          read(bytes);
        } catch (error) {
          checkLine(error as Error);
        }
      }),
      { numRuns: 300 },
    );
  });
}

const JUNK = [null, 0, -1, 1e308, "", {}, [], "NaN", true, [[]], { shape: [1] }, "\0", 2 ** 53];

/** Every value in which one part is junk. */
function* spoilt(value: Tree): Generator<unknown> {
  yield* JUNK;
  for (const path of pathsIn(value)) for (const junk of JUNK) yield replaced(value, path, junk);
}

Deno.test("unflatten() makes of every spoilt skeleton a record or one short line", () => {
  const [[key, text]] = Object.entries(FLAT.metadata) as [[string, string]];
  for (const skeleton of spoilt(JSON.parse(text))) {
    const file = { tensors: FLAT.tensors, metadata: { [key]: JSON.stringify(skeleton) } };
    try {
      const record = unflatten(file, "f");
      assert(typeof record === "object" && record !== null && !Array.isArray(record));
    } catch (error) {
      checkLine(error as Error);
    }
  }
});

Deno.test("readMetrics() makes of every spoilt line metrics of the right types or one short line", () =>
  withFolder(async (folder) => {
    const path = `${folder}/metrics.jsonl`;
    for (const line of spoilt(LINE)) {
      await Deno.writeTextFile(path, `${JSON.stringify(LINE)}\n${JSON.stringify(line)}\n`);
      try {
        for (const { step, ranks, singularValues } of await readMetrics(path)) {
          assert(Number.isSafeInteger(step));
          assert(Object.values(ranks ?? {}).every(Number.isSafeInteger));
          assert(Object.values(singularValues ?? {}).flat().every((v) => typeof v === "number"));
        }
      } catch (error) {
        assertMatch((error as Error).message, /metrics\.jsonl line 2: expected /);
        checkLine(error as Error);
      }
    }
  }));
