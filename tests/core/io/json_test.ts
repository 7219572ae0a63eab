import { assertEquals, assertThrows } from "@std/assert";
import strict from "node:assert/strict";
import fc from "fast-check";
import { fromJson, toJson } from "../../../core/io/json.ts";

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
  assertThrows(() => fromJson("{", "a/config.json"), Error, "Cannot read a/config.json: not JSON");
});
