import { assertEquals, assertMatch } from "@std/assert";
import { describeEnvironment } from "../../../core/io/environment.ts";

Deno.test("describeEnvironment() tells these facts, so no host and no user", () => {
  const environment = describeEnvironment();
  assertEquals(Object.keys(environment), ["system", "processor", "cores", "deno", "v8"]);
  assertEquals(environment["deno"], Deno.version.deno);
  assertMatch(environment["cores"]!, /^[1-9]\d*$/);
});
