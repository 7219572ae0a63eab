import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { partsOf } from "../../../../core/training/parallel/share.ts";

Deno.test("members share all examples, each part by one of them, whoever they are", () => {
  const some = fc.integer({ min: 1, max: 9 });
  fc.assert(fc.property(some, some, some, (size, more, most) => {
    const [parts, batch] = [size + more, size + more + most];
    const all = Array.from({ length: size }, (_, rank) => partsOf({ rank, size }, batch, parts));
    assertEquals(all.flat().map(({ index }) => index), [...Array(parts).keys()]);
    assertEquals(all.flat(), partsOf({ rank: 0, size: 1 }, batch, parts));
    all.flat().reduce((end, part) => {
      assertEquals(part.begin, end);
      return part.end;
    }, 0);
    assertEquals(all.flat().at(-1)!.end, batch);
    return all.every((own) => own.length > 0);
  }));
});

Deno.test("a member without a part, and a part without an example, are refused", () => {
  for (const [size, batch, parts] of [[3, 8, 2], [1, 3, 4]] as const) {
    assertThrows(() => partsOf({ rank: 0, size }, batch, parts), RangeError, "Cannot divide");
  }
});
