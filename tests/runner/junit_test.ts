import { assertEquals, assertThrows } from "@std/assert";
import { parseJunit } from "./junit.ts";

const REPORT = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="deno test" tests="5" failures="2" errors="0" time="0.049">
    <testsuite name="./a_test.ts" tests="4" disabled="1" errors="0" failures="1">
        <testcase name="holds" classname="./a_test.ts" time="0.042" line="1" col="6"/>
        <testcase name="prints" classname="./a_test.ts" time="0.042" line="1" col="6">
        </testcase>
        <testcase name="waits &#8212; no GPU" classname="./a_test.ts" time="0.000">
            <skipped/>
        </testcase>
        <testcase name="a &gt; &quot;b&quot;" classname="./a_test.ts" time="0.002">
            <failure message="Uncaught Error: boo">Error: 1 &lt; 0
second line</failure>
        </testcase>
    </testsuite>
    <testsuite name="./b_test.ts" tests="1" disabled="0" errors="0" failures="1">
        <testcase name="bare" classname="./b_test.ts" time="0.000">
            <failure message="only here"/>
        </testcase>
    </testsuite>
</testsuites>`;

Deno.test("parseJunit() reads status, file, name and message of every case", () => {
  const [a, b] = ["./a_test.ts", "./b_test.ts"];
  assertEquals(parseJunit(REPORT), [
    { suite: a!, name: "holds", status: "passed", message: "" },
    { suite: a!, name: "prints", status: "passed", message: "" },
    { suite: a!, name: "waits — no GPU", status: "skipped", message: "" },
    { suite: a!, name: 'a > "b"', status: "failed", message: "Error: 1 < 0\nsecond line" },
    { suite: b!, name: "bare", status: "failed", message: "only here" },
  ]);
});

Deno.test("parseJunit() refuses a report that was cut off", () => {
  const cut = REPORT.slice(0, REPORT.indexOf('<testsuite name="./b_test.ts"'));
  assertThrows(() => parseJunit(cut), SyntaxError, "counted 5, listed 4");
  assertThrows(() => parseJunit("not a report"), SyntaxError, "listed 0");
});
