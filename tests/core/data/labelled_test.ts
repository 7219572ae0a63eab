/** Texts with labels, line by line. */

import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { byteTokenizer, openTokenizer, readLabelledTexts } from "../../../core/mod.ts";
import { inFolder } from "../../support/command_line.ts";
import { wordTokenizer } from "../../support/tiny_model.ts";

const lines = (rows: readonly unknown[]) => rows.map((row) => JSON.stringify(row)).join("\n");
const options = { tokenizer: byteTokenizer, context: 4, classNames: [] };

async function read(rows: readonly unknown[], more: object = {}) {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, lines(rows));
    return await readLabelledTexts(path, { ...options, ...more });
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("every tenth text is kept back; shorter ones are padded and masked, classes are in order", async () => {
  const rows = Array.from({ length: 21 }, (_, i) => ({
    text: "a".repeat(1 + i % 3),
    label: i % 2 ? "yes" : "no",
  }));
  const { classNames, train, test } = await read(rows);
  assertEquals([classNames, train.count, test.count], [["no", "yes"], 19, 2]);
  assertEquals([...test.columns.y!.data], [1, 1]);
  assertEquals([...train.columns.x!.data.slice(0, 9)], [97, 0, 0, 97, 97, 0, 97, 97, 97]);
  assertEquals([...train.columns.mask!.data.slice(0, 9)], [1, 0, 0, 1, 1, 0, 1, 1, 1]);
  const few = await read(rows, { trainCount: 3, testCount: 1 });
  assertEquals([few.train.count, few.test.count], [3, 1]);
});

Deno.test("labels that a model knows keep its order, numbers count its classes, others make new ones", async () => {
  const names = async (labels: readonly unknown[], classNames: readonly string[] = []) =>
    (await read(labels.map((label) => ({ text: "a", label })), { classNames })).classNames;
  assertEquals(await names(["b", "a"], ["c", "b", "a"]), ["c", "b", "a"]);
  assertEquals(await names(["b", "d"], ["c", "b", "a"]), ["b", "d"]);
  assertEquals(await names([0, 1], ["x", "y", "z"]), ["x", "y", "z"]);
  assertEquals(await names([0, 2]), ["LABEL_0", "LABEL_1", "LABEL_2"]);
  assertEquals(await names([0, "a"]), ["0", "a"]);
});

Deno.test("a text that is too long loses its end, and keeps the marks around it", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "tokenizer.json"), wordTokenizer());
    const tokenizer = await openTokenizer(folder);
    const rows = [{ text: "so good and so bad", label: 1 }, { text: "it", label: 0 }];
    const { train } = await read(rows, { tokenizer, context: 5 });
    assertEquals([...train.columns.x!.data], [2, 6, 4, 7, 3]);
    const whole = await read(rows, { tokenizer, context: 7 });
    assertEquals([...whole.train.columns.x!.data], [2, 6, 4, 7, 6, 5, 3]);
    assertEquals([...whole.test.columns.mask!.data], [1, 1, 1, 0, 0, 0, 0]);
  });
});

Deno.test("what is no text with a label is refused by its line", async () => {
  const good = { text: "a", label: "b" };
  for (
    const [rows, message] of [
      [[good, { text: "a" }], 'line 2: expected a text or a whole number ≥ 0 "label", got none'],
      [[good, { text: 1, label: 1 }], 'line 2: expected a text "text", got 1'],
      [[good, { text: "a", label: -1 }], 'expected a text or a whole number ≥ 0 "label", got -1'],
      [[good], "expected two lines or more, got 1"],
      [[good, good], 'expected two or more, got "b"'],
    ] as const
  ) {
    await assertRejects(() => read(rows), Error, message);
  }
  await assertRejects(
    () => read([good, { ...good, label: "c" }], { trainCount: 5 }),
    RangeError,
    "expected at most 1",
  );
});
