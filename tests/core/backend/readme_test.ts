import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { KERNEL } from "../../../core/backend/tfjs/names.ts";
import { root } from "../../repo/files.ts";

const page = await Deno.readTextFile(new URL("core/backend/README.md", root));
/** Files that several backends have. */
const PER_BACKEND = ["mod.ts", "open.ts", "member.ts"];
const quoted = [...page.matchAll(/`([^`]+)`/g)].map(([, text]) => text!);

async function isThere(path: string): Promise<boolean> {
  for (const base of ["core/backend/", ""]) {
    try {
      await Deno.stat(new URL(base + path, root));
      return true;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return false;
}

Deno.test("the life of an op names files that are there", async () => {
  const paths = quoted.filter((text) =>
    /^[\w/]+(\.ts|\/)$/.test(text) && !PER_BACKEND.includes(text)
  );
  assertGreater(paths.length, 25);
  const missing = [];
  for (const path of paths) if (!await isThere(path)) missing.push(path);
  assertEquals(missing, []);
});

Deno.test("the life of an op names kernels that are there, and is short", () => {
  const kernels = [...page.matchAll(/KERNEL\.(\w+)/g)].map(([, name]) => name!);
  assertGreater(kernels.length, 1);
  assertEquals(kernels.filter((name) => !(name in KERNEL)), []);
  assertLess(page.split("\n").length, 121);
});
