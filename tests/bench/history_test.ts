import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { appendHistory, type Entry, previousOf, readHistory } from "../../bench/support/history.ts";
import { thisMachine, thisRevision } from "../../bench/support/machine.ts";
import { aimsText, comparisonText, formatFigure, sectionText } from "../../bench/support/print.ts";

const entry = (changes: Partial<Entry> = {}): Entry => ({
  date: "2026-01-02T03:04:05Z",
  commit: "0123456789ab",
  dirty: false,
  machine: { cpu: "a processor", cores: 2, os: "linux x86_64" },
  deno: "2.9.6",
  bench: "steps",
  quick: false,
  figures: { a: { median: 0.002, unit: "s" } },
  ...changes,
});

/** Calls `f` with the path of a file that does not exist yet. */
async function withFile(f: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await f(`${folder}/history.jsonl`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a history grows by lines and is read back", () =>
  withFile(async (path) => {
    assertEquals(await readHistory(path), []);
    const [one, two] = [entry(), entry({ bench: "products" })];
    await appendHistory(path, one);
    await appendHistory(path, two);
    assertEquals(await readHistory(path), [one, two]);
  }));

Deno.test("a broken line of a history is named", () =>
  withFile(async (path) => {
    await appendHistory(path, entry());
    const damaged = [
      ["{broken", "expected JSON text, got other text"],
      [JSON.stringify({ ...entry(), machine: null }), 'expected a record "machine", got null'],
      [
        JSON.stringify(entry({ figures: { a: { unit: "s" } as never } })),
        'expected a number "figures.a.median", got undefined',
      ],
    ] as const;
    for (const [line, why] of damaged) {
      await Deno.writeTextFile(path, `${JSON.stringify(entry())}\n${line}\n`);
      await assertRejects(() => readHistory(path), Error, `Cannot read ${path} line 2: ${why}`);
    }
  }));

Deno.test("previousOf() takes the last entry of the same bench, machine, backend and kind", () => {
  const other = { cpu: "another processor", cores: 2, os: "linux x86_64" };
  const history = [
    entry({ date: "1" }),
    entry({ date: "2" }),
    entry({ date: "3", machine: other }),
    entry({ date: "4", bench: "products" }),
    entry({ date: "5", quick: true }),
    entry({ date: "6", backend: "wasm" }),
  ];
  assertEquals(previousOf(history, entry())?.date, "2");
  assertEquals(previousOf(history, entry({ backend: "blas" })), undefined);
});

Deno.test("comparisonText() shows the largest change first and fits 80 columns", () => {
  const before = entry({
    figures: { a: { median: 0.002, unit: "s" }, b: { median: 0.002, unit: "s" } },
  });
  const now = entry({
    figures: { a: { median: 0.0021, unit: "s" }, b: { median: 0.001, unit: "s" } },
  });
  const text = comparisonText(now, before);
  assertStringIncludes(text, "0.50x");
  assertStringIncludes(text, "1.05x");
  assertEquals(text.indexOf("0.50x") < text.indexOf("1.05x"), true);
  assertEquals(text.split("\n").every((line) => line.length <= 80), true);
  assertStringIncludes(comparisonText(now, undefined), "No earlier entry");
});

Deno.test("sectionText() divides by the reference", () => {
  const text = sectionText({
    title: "a step",
    figures: new Map([
      ["dense", { median: 0.004, p75: 0.005, min: 0.003, unit: "s" }],
      ["factors", { median: 0.001, p75: 0.002, min: 0.0009, unit: "s" }],
    ]),
    reference: "dense",
    extra: { dense: { "GFLOP/s": "12.0" } },
  });
  for (const part of ["4 ms", "5 ms", "900 µs", "0.25x", "1.00x", "12.0"]) {
    assertStringIncludes(text, part);
  }
});

Deno.test("aimsText() tells met, missed and unknown apart", () => {
  const aim = (value: number | undefined) => ({ what: "w", value, limit: 0.5 });
  assertStringIncludes(aimsText([aim(0.5)]), "met");
  assertStringIncludes(aimsText([aim(0.51)]), "MISSED");
  assertStringIncludes(aimsText([aim(undefined)]), "unknown");
});

Deno.test("formatFigure() takes the unit that fits", () => {
  assertEquals(formatFigure(0.01234, "s"), "12.3 ms");
  assertEquals(formatFigure(2.5e-7, "s"), "0.25 µs");
  assertEquals(formatFigure(3 * 2 ** 30, "B"), "3 GiB");
});

Deno.test("machine and revision hold no host or user name", async () => {
  assertEquals(Object.keys(thisMachine()), ["cpu", "cores", "os"]);
  assertEquals(Object.keys(await thisRevision()), ["commit", "dirty"]);
});
