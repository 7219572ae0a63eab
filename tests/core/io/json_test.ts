import { assert, assertEquals, assertThrows } from "@std/assert";
import strict from "node:assert/strict";
import fc from "fast-check";
import { brief, fromJson, toJson } from "../../../core/io/json.ts";

Deno.test("fromJson() gives back every number that toJson() wrote, on one line", () => {
  const numbers = fc.oneof(
    fc.double(),
    fc.maxSafeInteger(),
    fc.constantFrom(NaN, Infinity, -Infinity),
  ).map((x) => x === 0 ? 0 : x);
  const values = fc.record({ step: fc.nat(), ranks: fc.array(numbers), loss: numbers });
  fc.assert(fc.property(values, (value) => {
    const text = toJson(value);
    assertEquals(text.includes("\n"), false);
    strict.deepEqual(fromJson(text, "x"), { ...value });
  }));
});

Deno.test("toJson() writes text that any JSON reader takes", () => {
  const text = toJson({ loss: NaN, best: -Infinity });
  assertEquals(JSON.parse(text), { loss: "NaN", best: "-Infinity" });
});

Deno.test("fromJson() names the source of a broken text", () => {
  assertThrows(
    () => fromJson("{", "a/config.json"),
    Error,
    "Cannot read a/config.json: expected JSON text",
  );
});

Deno.test("fromJson() gives back texts that read as numbers as the texts that they are", () => {
  const texts = ["NaN", "Infinity", "-Infinity", "\\NaN", "\\\\-Infinity", "nan", "1", ""];
  const value = { out: "NaN", [texts[1]!]: texts, loss: NaN, deep: [[{ best: -Infinity }]] };
  strict.deepEqual(fromJson(toJson(value), "x"), value);
});

Deno.test("fromJson() gives back any value that JSON can say", () => {
  const leaf = fc.constantFrom("NaN", "\\Infinity", "\\\\NaN", NaN, Infinity, null, true, "x");
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      leaf,
      fc.array(tie("tree")),
      fc.dictionary(fc.string(), tie("tree"), { noNullPrototype: true }),
    ),
  }));
  fc.assert(fc.property(tree, (value) => {
    strict.deepEqual(fromJson(toJson([value]), "x"), [value]);
  }));
});

Deno.test("fromJson() tells of a long text with line breaks in one short line", () => {
  const { message } = assertThrows(() => fromJson(`{\n\n"a": ${"\n".repeat(900)}x`, "f"), Error);
  assertEquals(/[\n\0]/.test(message), false, message);
  assert(message.length < 160, message);
});

Deno.test("brief() puts any value on one line of at most 80 characters", () => {
  assertEquals(brief({ a: "x\ny", b: [1] }), '{"a":"x\\ny","b":[1]}');
  assertEquals([brief(NaN), brief(undefined), brief(null)], ["NaN", "undefined", "null"]);
  assertEquals(brief("x".repeat(500)), `"${"x".repeat(78)}…`);
});
