import { assertEquals, assertThrows } from "@std/assert";
import { join } from "node:path";
import { cacheDirectory } from "../../../core/data/mod.ts";

const system = (os: string, variables: Record<string, string>) => ({
  os,
  env: (name: string) => variables[name],
});

Deno.test("cacheDirectory() follows the custom of each system", () => {
  const cases: [string, Record<string, string>, string][] = [
    ["linux", { HOME: "/h" }, join("/h", ".cache", "rankflow")],
    ["linux", { HOME: "/h", XDG_CACHE_HOME: "/c" }, join("/c", "rankflow")],
    ["linux", { HOME: "/h", XDG_CACHE_HOME: "" }, join("/h", ".cache", "rankflow")],
    ["darwin", { HOME: "/h", XDG_CACHE_HOME: "/c" }, join("/h", "Library", "Caches", "rankflow")],
    ["windows", { HOME: "/h", LOCALAPPDATA: "/l" }, join("/l", "rankflow")],
  ];
  for (const [os, variables, expected] of cases) {
    assertEquals(cacheDirectory(system(os, variables)), expected);
  }
});

Deno.test("cacheDirectory() says which variable is missing", () => {
  for (const [os, name] of [["linux", "HOME"], ["darwin", "HOME"], ["windows", "LOCALAPPDATA"]]) {
    assertThrows(
      () => cacheDirectory(system(os!, {})),
      Error,
      `Cannot choose a cache folder: expected the environment variable ${name}, got none; ` +
        "set it or name a folder with --data DIR",
    );
  }
});
