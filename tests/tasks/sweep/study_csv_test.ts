import { assertEquals } from "@std/assert";
import { areStudies, studyCsv } from "../../../tasks/sweep/study_csv.ts";
import type { CellResult } from "../../../tasks/sweep/results.ts";

const RUN = { recipe: "lattice", seed: 0, backend: "b", seconds: 2 };

/** Summaries of studies hold what they like. */
function result(absorber: string, extra: Record<string, unknown>): CellResult {
  const summary = { ...RUN, ...extra } as unknown as NonNullable<CellResult["summary"]>;
  return { folder: `absorber-${absorber}`, values: { absorber }, summary };
}

Deno.test("studyCsv() has a row for each run: what was varied, then every number by its path", () => {
  const results = [
    result("8", { runs: [{ label: "S_N", quantities: { Mass: 13.5 }, seconds: 1 }] }),
    result("10", { runs: [{ label: "S_N", quantities: { Mass: 13, "a,b": 1 } }] }),
    { folder: "lost", values: { absorber: "12", note: 'say "no"' }, failure: "diverged" },
  ];
  assertEquals(
    studyCsv(results),
    'absorber,note,runs.0.quantities.Mass,"runs.0.quantities.a,b"\n' +
      '8,,13.5,\n10,,13,1\n12,"say ""no""",,\n',
  );
});

Deno.test("areStudies() tells studies from networks that were trained", () => {
  assertEquals(areStudies([result("8", {})]), true);
  assertEquals(areStudies([result("8", { measures: [] })]), false);
  assertEquals(areStudies([{ folder: "lost", values: {} }]), false);
});
