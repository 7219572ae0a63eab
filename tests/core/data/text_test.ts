import {
  assert,
  assertEquals,
  assertGreater,
  assertNotEquals,
  assertRejects,
  assertThrows,
} from "@std/assert";
import fc from "fast-check";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import {
  batches,
  type BatchSource,
  directBatches,
  type HostBatch,
  prefetchedBatches,
  sequenceDatasets,
  windowsOf,
} from "../../../core/mod.ts";
import { byteTokenizer } from "../../../core/data/text/byte_tokenizer.ts";
import { encodeText, splitText } from "../../../core/data/text/parts.ts";
import { readTextFiles } from "../../../core/data/text/text_files.ts";
import { inFolder } from "../../support/command_line.ts";
import { onReferenceData } from "../../support/reference_data.ts";
import { verses } from "../../support/verses.ts";

const encoder = new TextEncoder();
const source = sequenceDatasets.get("text");

async function write(folder: string, files: Readonly<Record<string, string | Uint8Array>>) {
  for (const [name, content] of Object.entries(files)) {
    await Deno.mkdir(dirname(join(folder, name)), { recursive: true });
    const bytes = typeof content === "string" ? encoder.encode(content) : content;
    await Deno.writeFile(join(folder, name), bytes);
  }
}

Deno.test("readTextFiles() joins the texts of a folder, plain and packed, in the order of paths", async () => {
  await inFolder(async (folder) => {
    await write(folder, {
      "b.txt.gz": gzipSync("two "),
      "a.txt": "one ",
      "c/d.txt": "four",
      "c/a.txt": "three ",
      "c/a.txt.gz": gzipSync("never read "),
      "README.md": "about",
    });
    const read = async (path: string) => new TextDecoder().decode(await readTextFiles(path));
    assertEquals(await read(folder), "one two three four");
    assertEquals(await read(join(folder, "b.txt.gz")), "two ");
    assertEquals(await read(join(folder, "README.md")), "about");
  });
});

Deno.test("readTextFiles() says what is wrong with a path that holds no text", async () => {
  await inFolder(async (folder) => {
    const refused = (path: string, message: string) =>
      assertRejects(() => readTextFiles(path), Error, message);
    const ending = "expected files that end in .txt or .txt.gz, got";
    await refused(folder, `Cannot read text from ${folder}: ${ending} an empty folder`);
    await write(folder, { "a.pdf": "x", "sub/b.md": "y", "cut.gz": gzipSync("text").slice(0, 12) });
    await refused(folder, `Cannot read text from ${folder}: ${ending} a.pdf, cut.gz and sub/b.md`);
    await refused(join(folder, "no"), `Cannot read ${join(folder, "no")}: there is no such file`);
    await refused(join(folder, "cut.gz"), "expected whole gzip data, got damaged or cut-off ones");
    await write(folder, { "empty.txt": "" });
    await refused(folder, `Cannot read text from ${folder}: expected at least one byte, got none`);
  });
});

Deno.test("splitText() keeps every tenth block back and loses no byte", () => {
  const whole = Uint8Array.from({ length: 16384 * 21 + 5 }, (_, i) => i >> 14);
  const { train, validation } = splitText(whole);
  assertEquals(validation.length, 2 * 16384);
  assertEquals([validation[0], validation.at(-1)], [9, 19]);
  assertEquals([...new Set(train)], [
    0,
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    10,
    11,
    12,
    13,
    14,
    15,
    16,
    17,
    18,
    20,
    21,
  ]);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
    const parts = splitText(bytes);
    assertEquals(parts.train.length + parts.validation.length, bytes.length);
    if (bytes.length >= 10) assertGreater(parts.validation.length, 0);
  }));
});

Deno.test("splitText() cuts between characters where it is asked to", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme", minLength: 40 }), (string) => {
    const { train, validation } = splitText(encoder.encode(string), true);
    const decode = (part: Uint8Array) => new TextDecoder("utf-8", { fatal: true }).decode(part);
    assertEquals(decode(train).length + decode(validation).length, string.length);
  }));
});

Deno.test("byteTokenizer gives back any string, and U+FFFD for what is no UTF-8", () => {
  const units = fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 60 });
  fc.assert(fc.property(units, (codes) => {
    const string = String.fromCharCode(...codes);
    assertEquals(byteTokenizer.decode(byteTokenizer.encode(string)), string.toWellFormed());
  }));
  assertEquals(byteTokenizer.decode([0xff, 0x41]), "\ufffdA");
  for (const id of [256, -1, 0.5]) {
    assertThrows(
      () => byteTokenizer.decode([id]),
      RangeError,
      `Cannot decode token ${id}: expected a byte, 0 to 255`,
    );
  }
});

Deno.test("encodeText() goes section by section, after lines, between words, between characters", async () => {
  const seen: string[] = [];
  const spy = {
    ...byteTokenizer,
    encode: (part: string) => {
      seen.push(part);
      return byteTokenizer.encode(part);
    },
  };
  const line = `${"word ".repeat(9)}end\n`;
  for (
    const text of [line.repeat(2500), "word ".repeat(25_000), "wörd𝔽".repeat(20_000), "a\n", ""]
  ) {
    seen.length = 0;
    const ids = await encodeText(spy, text);
    assertEquals(byteTokenizer.decode(ids), text);
    assertEquals(seen.length, Math.ceil(text.length / 50_000));
    if (text.startsWith(line)) assert(seen.every((part) => part.endsWith("end\n")));
    else if (text.startsWith("word ")) assert(seen.slice(1).every((part) => part.startsWith(" ")));
    assert(seen.every((part) => part.isWellFormed()));
  }
  const controller = new AbortController();
  controller.abort(new Error("enough"));
  await assertRejects(() => encodeText(spy, "a", controller.signal), Error, "enough");
});

Deno.test("the source of texts trains on windows from anywhere and measures on windows that do not overlap", async () => {
  await inFolder(async (folder) => {
    const whole = encoder.encode(verses(1, 3000));
    assertGreater(whole.length, 10 * 16384);
    await Deno.writeFile(join(folder, "verses.txt"), whole);
    const path = join(folder, "verses.txt");
    const data = await source.load({ seed: 1, path, context: 32 });
    const { train, validation } = splitText(whole);
    assertEquals([data.name, data.vocabulary, data.length, data.answers, data.bytesPerToken], [
      "verses.txt",
      256,
      32,
      false,
      1,
    ]);
    assertEquals(data.train.count, train.length - 32);
    assertEquals(data.test.count, Math.floor((validation.length - 1) / 32));
    for (const [examples, bytes] of [[data.train, train], [data.test, validation]] as const) {
      const stride = examples === data.train ? 1 : 32;
      const [batch] = batches(examples, Uint32Array.of(0, 7), 2);
      const { x, y } = batch!.columns;
      const expected = [0, 7 * stride].flatMap((at) => [...bytes.subarray(at, at + 32)]);
      assertEquals([...x!.data], expected);
      assertEquals([...y!.data.subarray(0, 31)], [...x!.data.subarray(1, 32)]);
    }
    const few = await source.tuned!({ validation: 320, stride: 4 }).load({
      seed: 1,
      path,
      context: 32,
    });
    assertEquals([few.test.count, few.train.count], [10, Math.floor((train.length - 33) / 4) + 1]);
    const apart = Math.floor(data.test.count / 10) * 32;
    assertEquals(few.test.columns.x!.stride, apart);
    assertEquals(few.sha256, data.sha256);
    const counted = await source.load({ seed: 1, path, context: 32, trainCount: 5, testCount: 3 });
    assertEquals([counted.train.count, counted.test.count], [5, 3]);
    await Deno.writeFile(path, whole.subarray(1));
    assert((await source.load({ seed: 1, path })).sha256 !== data.sha256);
  });
});

Deno.test("batches of a text are the same again from any position of an epoch on", () => {
  const examples = windowsOf(encoder.encode(verses(2, 40)), 16, 1);
  const plan = { examples, seed: 3, size: 8 };
  const take = (epoch: number, first: number) =>
    Array.from(
      directBatches(plan).epoch(epoch, first) as Generator<HostBatch>,
      ({ columns }) => Array.from(columns.x!.data),
    );
  const all = take(1, 0);
  assertEquals(all.length, Math.floor(examples.count / 8));
  assertEquals(take(1, all.length - 3), all.slice(-3));
  assertNotEquals(take(0, 0)[0], all[0]);
});

Deno.test("windows of a text are the same from another thread", async () => {
  const examples = windowsOf(encoder.encode(verses(2, 40)), 16, 3);
  const plan = { examples, seed: 3, size: 50 };
  const take = async (source: BatchSource) => {
    const found = await Array.fromAsync(
      source.epoch(1, 2),
      ({ columns }) => [...columns.x!.data, ...columns.y!.data],
    );
    source.close();
    return found;
  };
  const found = await take(prefetchedBatches(plan));
  assertGreater(found.length, 3);
  assertEquals(found, await take(directBatches(plan)));
});

Deno.test("the source of texts says what a text lacks", async () => {
  const refused = (options: Parameters<typeof source.load>[0], message: string) =>
    assertRejects(() => source.load(options), Error, message);
  await refused(
    { seed: 1 },
    "Cannot load a text: expected a file or a folder, name it with --data PATH",
  );
  await inFolder(async (folder) => {
    await write(folder, { "short.txt": "a".repeat(99) });
    const path = join(folder, "short.txt");
    await refused(
      { seed: 1, path, context: 16 },
      `Cannot use the text ${path}: expected 17 tokens or more to measure on with a context of 16, got 9`,
    );
    await refused(
      { seed: 1, path, context: 90.5 },
      "expected context to be an integer ≥ 1, got 90.5",
    );
  });
});

Deno.test(
  onReferenceData("text", "the King James text splits as its figures say", async (folder) => {
    const data = await source.load({ seed: 1, path: join(folder, "kjv.txt.gz") });
    assertEquals([data.train.columns.x!.data.length, data.test.columns.x!.data.length], [
      3_826_434,
      409_600,
    ]);
    assertEquals([data.test.count, data.test.count * data.length], [512, 65_536]);
  }),
);
