import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { inflateSync } from "node:zlib";
import { fieldPicture, signedColors } from "../../../tasks/reports/field_picture.ts";

/** Colours of a picture, row by row from the top. */
function decode(svg: string, width: number): number[][][] {
  const text = svg.match(/base64,([^"]+)"/)![1]!;
  const png = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const at = new TextDecoder("latin1").decode(png).indexOf("IDAT");
  const length = new DataView(png.buffer).getUint32(at - 4);
  const rows = inflateSync(png.subarray(at + 4, at + 4 + length));
  const stride = 3 * width + 1;
  return Array.from({ length: rows.length / stride }, (_, y) => {
    assertEquals(rows[y * stride], 0);
    return Array.from({ length: width }, (_, x) => [
      ...rows.subarray(y * stride + 1 + 3 * x, y * stride + 4 + 3 * x),
    ]);
  });
}

const FIELD = {
  width: 3,
  height: 2,
  values: [-2, 0, 2, 0, 0, 9],
  colors: signedColors(2),
  description: "a field",
};

Deno.test("fieldPicture() draws the first row below, in the colour of each sign", () => {
  const { svg, description } = fieldPicture(FIELD);
  const [above, below] = decode(svg, 3);
  assertEquals(below, [[0, 92, 158], [250, 250, 250], [204, 78, 0]]);
  assertEquals(above, [[250, 250, 250], [250, 250, 250], [204, 78, 0]]);
  assertEquals(description, "a field");
});

Deno.test("fieldPicture() draws the outline from the lower left corner", () => {
  const { svg } = fieldPicture({ ...FIELD, outline: [[1, 0.5], [2, 0.5], [1.5, 2]] });
  assertStringIncludes(svg, 'points="1.00,1.50 2.00,1.50 1.50,0.00"');
  assert(!fieldPicture(FIELD).svg.includes("polygon"));
});

Deno.test("fieldPicture() refuses a wrong number of values", () => {
  assertThrows(
    () => fieldPicture({ ...FIELD, width: 4 }),
    RangeError,
    "Cannot draw a field: expected 2×4 values, got 6",
  );
});
