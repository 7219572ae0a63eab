import { assertEquals, assertStringIncludes } from "@std/assert";
import { changeAsRgb, imageGrid, pixelsAsRgb } from "../../../tasks/reports/image_grid.ts";

Deno.test("pixelsAsRgb() repeats grey and keeps colours", () => {
  assertEquals([...pixelsAsRgb(Uint8Array.of(7, 9), 1)], [7, 7, 7, 9, 9, 9]);
  assertEquals([...pixelsAsRgb(Uint8Array.of(1, 2, 3), 3)], [1, 2, 3]);
});

Deno.test("changeAsRgb() is grey where nothing changes and reaches black and white", () => {
  const change = changeAsRgb(Uint8Array.of(10, 10, 10), Uint8Array.of(10, 30, 0), 1);
  assertEquals([change[0], change[3], change[6]], [128, 255, 64]);
  assertEquals([...changeAsRgb(Uint8Array.of(4), Uint8Array.of(4), 1)], [128, 128, 128]);
});

Deno.test("imageGrid() draws every image once, with its text escaped", () => {
  const rgb = new Uint8Array(12);
  const panel = imageGrid([[{ rgb, text: "<7>" }, { rgb }], [{ rgb }]], [2, 2], "some", "title");
  assertEquals(panel.svg.match(/<image /g)?.length, 3);
  assertStringIncludes(panel.svg, "&#60;7&#62;");
  assertEquals([panel.description, panel.title], ["some", "title"]);
});
