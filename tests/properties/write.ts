/** `deno task properties`: measures and writes docs/properties.md. */

import { propertyPage } from "./pages.ts";

const PAGE = new URL("../../docs/properties.md", import.meta.url);
const page = await propertyPage();
await Deno.writeTextFile(PAGE, page);
const args = ["fmt", "--quiet", PAGE.pathname];
const { code } = await new Deno.Command(Deno.execPath(), { args }).output();
console.log(code === 0 ? page : "Cannot format docs/properties.md: run deno fmt");
Deno.exit(code);
