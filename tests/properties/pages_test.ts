/** The tables of properties in the documentation are what the tests measure. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { propertyPage, unformatted } from "./pages.ts";

const read = (name: string): Promise<string> =>
  Deno.readTextFile(new URL(`../../${name}`, import.meta.url));

Deno.test("the tables of properties are what is measured; deno task properties writes them", async () => {
  assertEquals(firstDifference(await read("docs/properties.md"), await propertyPage()), undefined);
  assertStringIncludes(await read("README.md"), "docs/properties.md");
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

Deno.test("unformatted() sees a changed number and no padding", () => {
  assertEquals(unformatted("| a   | 1 |\n| ------ | - |"), unformatted("| a | 1 |\n| --- | - |"));
  assertEquals(unformatted("| 1.2 |") === unformatted("| 1.3 |"), false);
});
