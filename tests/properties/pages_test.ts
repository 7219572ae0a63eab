/** The tables of properties in the documentation are what the tests measure. */

import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { MARKERS, propertyPages, unformatted, withSection } from "./pages.ts";

const read = (name: string): Promise<string> =>
  Deno.readTextFile(new URL(`../../${name}`, import.meta.url));

Deno.test("the tables of properties are what is measured; deno task properties writes them", async () => {
  const { page, section } = await propertyPages();
  const readme = await read("README.md");
  assertEquals(firstDifference(await read("docs/properties.md"), page), undefined);
  assertEquals(firstDifference(readme, withSection(readme, section)), undefined);
  assertStringIncludes(readme, "docs/properties.md");
});

/** Where two texts part, with some characters around; undefined where they say the same. */
function firstDifference(found: string, wanted: string): [string, string] | undefined {
  const [a, b] = [unformatted(found), unformatted(wanted)];
  if (a === b) return undefined;
  let at = 0;
  while (a[at] === b[at]) at++;
  const around = (text: string): string => text.slice(Math.max(0, at - 60), at + 40);
  return [around(a), around(b)];
}

Deno.test("withSection() replaces what stands between the markers and nothing else", () => {
  const readme = `a\n${MARKERS[0]}\nold\n${MARKERS[1]}\nb`;
  assertEquals(withSection(readme, "new"), `a\n${MARKERS[0]}\n\nnew\n\n${MARKERS[1]}\nb`);
  assertThrows(() => withSection("a", "new"), RangeError, "Cannot find the markers");
});

Deno.test("unformatted() sees a changed number and no padding", () => {
  assertEquals(unformatted("| a   | 1 |\n| ------ | - |"), unformatted("| a | 1 |\n| --- | - |"));
  assertEquals(unformatted("| 1.2 |") === unformatted("| 1.3 |"), false);
});
