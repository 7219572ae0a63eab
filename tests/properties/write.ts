/** `deno task properties`: measures and writes docs/properties.md and the table in the README. */

import { propertyPages, withSection } from "./pages.ts";

const { page, section } = await propertyPages();
const [PAGE, README] = ["docs/properties.md", "README.md"].map((name) =>
  new URL(`../../${name}`, import.meta.url)
);
await Deno.writeTextFile(PAGE!, page);
await Deno.writeTextFile(README!, withSection(await Deno.readTextFile(README!), section));
const args = ["fmt", "--quiet", ...[PAGE!, README!].map((url) => url.pathname)];
const { code } = await new Deno.Command(Deno.execPath(), { args }).output();
console.log(code === 0 ? section : "Cannot format the pages: run deno fmt");
Deno.exit(code);
