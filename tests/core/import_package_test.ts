import { assertMatch, assertRejects } from "@std/assert";
import { importPackage } from "../../core/import_package.ts";

Deno.test("importPackage() says which package cannot be had, and why, in one line", async () => {
  const missing = new URL("./no_such_module.ts", import.meta.url).href;
  const error = await assertRejects(() => importPackage(missing), Error);
  assertMatch(
    error.message,
    /^Cannot load \S*no_such_module\.ts: expected the package in [^\n]*, got "Module not found[^\n]*"$/,
  );
});
