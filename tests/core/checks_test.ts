import { assertEquals, assertThrows } from "@std/assert";
import { checkBounds, checkFinite, checkInteger, checkNumber } from "../../core/mod.ts";

const refuse = (f: () => unknown, message: string) => assertThrows(f, RangeError, message);

Deno.test("checkInteger() takes positive integers, or those of a range, and nothing else", () => {
  assertEquals(checkInteger("go", "steps", 3), 3);
  assertEquals(checkInteger("go", "steps", 0, { least: 0 }), 0);
  for (const value of [0, -1, 2.5, NaN, Infinity, 2 ** 53, "3" as never, undefined as never]) {
    refuse(
      () => checkInteger("go", "steps", value),
      `Cannot go: expected steps to be an integer ≥ 1, got ${value}`,
    );
  }
  refuse(() => checkInteger("go", "steps", 9, { least: 1, most: 8 }), "≥ 1 and ≤ 8, got 9");
});

Deno.test("checkNumber() takes finite numbers of the range, with open ends where it says so", () => {
  assertEquals(checkNumber("go", "the rate", -2), -2);
  assertEquals(checkNumber("go", "the share", 1, { above: 0, most: 1 }), 1);
  refuse(
    () => checkNumber("go", "the rate", NaN),
    "expected the rate to be a finite number, got NaN",
  );
  refuse(() => checkNumber("go", "the share", 0, { above: 0, most: 1 }), "a number ≤ 1 and > 0");
  refuse(() => checkNumber("go", "the share", 1, { least: 0, below: 1 }), "a number ≥ 0 and < 1");
});

Deno.test("checkBounds() refuses a lower bound above the upper one, which may be Infinity", () => {
  checkBounds("go", ["minRank", "maxRank"], [2, 2]);
  checkBounds("go", ["minRank", "maxRank"], [2, Infinity]);
  refuse(
    () => checkBounds("go", ["minRank", "maxRank"], [12, 3]),
    "Cannot go: expected minRank to be at most maxRank, got 12 and 3",
  );
  refuse(() => checkBounds("go", ["minRank", "maxRank"], [1, 1.5]), "maxRank to be an integer ≥ 1");
  refuse(() => checkBounds("go", ["minRank", "maxRank"], [NaN, 3]), "minRank to be an integer ≥ 1");
});

Deno.test("checkFinite() says where the first number is that is not finite", () => {
  const values = [1, 2];
  assertEquals(checkFinite("go", "the images", values), values);
  refuse(
    () => checkFinite("go", "the images", Float32Array.of(1, -Infinity, NaN)),
    "Cannot go: expected finite numbers in the images, got -Infinity at position 1",
  );
});
