import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { displayWidth, renderTable, wrap } from "../../../tasks/terminal/table.ts";

Deno.test("renderTable() lines up left and right", () => {
  const table = renderTable(
    ["backend", { title: "GFLOP/s", align: "right" }, "note"],
    [["blas", "289.1", "OpenBLAS"], ["cpu", "1.0", ""]],
  );
  assertEquals(table.split("\n"), [
    "backend  GFLOP/s  note",
    "───────  ───────  ────────",
    "blas       289.1  OpenBLAS",
    "cpu          1.0",
  ]);
});

Deno.test("renderTable() wraps the widest text column when space is short", () => {
  const table = renderTable(
    ["name", "reason"],
    [["tensorflow", "its native addon is missing, run deno task setup:tensorflow"]],
    40,
  );
  assertEquals(table.split("\n"), [
    "name        reason",
    "──────────  ────────────────────────────",
    "tensorflow  its native addon is missing,",
    "            run deno task",
    "            setup:tensorflow",
  ]);
});

Deno.test("renderTable() keeps to the width and loses no word", () => {
  const words = fc.array(fc.stringMatching(/^[a-z]{1,8}$/), { maxLength: 12 });
  fc.assert(fc.property(
    fc.array(fc.tuple(words, words), { minLength: 1, maxLength: 5 }),
    fc.integer({ min: 24, max: 60 }),
    (rows, width) => {
      const cells = rows.map(([a, b]) => [a.join(" "), b.join(" ")]);
      const table = renderTable(["one", "two"], cells, width);
      assert(table.split("\n").every((line) => displayWidth(line) <= width));
      const shown = table.split("\n").slice(2).join(" ").split(/\s+/).filter((w) => w).sort();
      assertEquals(shown, cells.flat().join(" ").split(" ").filter((w) => w).sort());
    },
  ));
});

Deno.test("renderTable() counts characters, not code units", () => {
  const [head, rule] = renderTable(["Σ𝑆", "b"], [["x", "y"]]).split("\n");
  assertEquals([head, rule], ["Σ𝑆  b", "──  ─"]);
});

Deno.test("renderTable() refuses a row of another length", () => {
  assertThrows(
    () => renderTable(["a", "b"], [["1", "2"], ["1"]]),
    RangeError,
    "Cannot draw row 2 of a table: expected 2 cells, got 1",
  );
});

Deno.test("wrap() cuts a word that is longer than the line", () => {
  assertEquals(wrap("ab abcdefgh c", 4), ["ab", "abcd", "efgh", "c"]);
  assertEquals(wrap("", 4), [""]);
  assertEquals(wrap("one-two-three", 9), ["one-two-", "three"]);
  assertEquals(wrap("one_twothree", 5), ["one_", "twoth", "ree"]);
});
