import { assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import type { TestCase } from "./junit.ts";
import { closingLine, failureText, groupLine, skippedText, tally } from "./tally.ts";

const make = (status: TestCase["status"], message = ""): TestCase => ({
  suite: "a_test.ts",
  name: `is ${status}`,
  status,
  message,
});

Deno.test("closingLine() names skipped tests only where there are some", () => {
  assertEquals(closingLine({ passed: 3, failed: 0, skipped: 0 }), "3 passed, 0 failed");
  assertEquals(closingLine({ passed: 3, failed: 1, skipped: 2 }), "3 passed, 1 failed, 2 skipped");
});

Deno.test("tally() counts every case once", () => {
  const cases = [make("passed"), make("failed"), make("skipped"), make("passed")];
  assertEquals(tally(cases), { passed: 2, failed: 1, skipped: 1 });
});

Deno.test("groupLine() says FAIL as soon as one case failed", () => {
  assertStringIncludes(groupLine("t", { cases: [make("passed")], seconds: 1 }), "ok    t");
  const mixed = { cases: [make("passed"), make("failed")], seconds: 1 };
  assertStringIncludes(groupLine("t", mixed), "FAIL  t");
});

Deno.test("failureText() keeps both ends of a long message", () => {
  const long = Array.from({ length: 500 }, (_, i) => `line ${i}`).join("\n");
  const text = failureText([make("passed"), make("failed", long)]);
  for (const part of ["is failed", "a_test.ts", "line 0", "line 499", "440 lines"]) {
    assertStringIncludes(text, part);
  }
  assertLess(text.split("\n").length, 70);
});

const skip = (name: string): TestCase => ({ ...make("skipped"), name });

Deno.test("skippedText() counts skipped tests by reason, the most frequent first", () => {
  const cases = [
    skip("tar is read (skipped: no tar here)"),
    make("passed"),
    ...Array.from({ length: 400 }, (_, i) => skip(`gpu: test (${i}) (skipped: no device (yet))`)),
  ];
  assertEquals(
    skippedText(cases),
    "   400  no device (yet)\n     1  no tar here: tar is read",
  );
});

Deno.test("skippedText() says so where a name has no reason, and is empty without skipped tests", () => {
  assertEquals(
    skippedText([skip("a"), skip("b (later)")]),
    "     2  no reason in the name",
  );
  assertEquals(skippedText([make("passed")]), "");
});
