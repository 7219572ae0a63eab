/** Runs that others go on from, with settings that somebody changed. */

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { toJson } from "../../core/mod.ts";
import { storedOptions } from "../../tasks/stored_options.ts";
import { inFolder } from "../support/command_line.ts";
import { runRecipe } from "../support/recipes.ts";

const DEFAULTS = { width: 500, tolerance: 0.1, rates: [1, 2], name: "a", baseline: false };

/** A run with these settings. */
function runWith(settings: Record<string, unknown>): Parameters<typeof storedOptions>[0] {
  return { path: "runs/a", config: { recipe: "x", settings, seed: 1, backend: "cpu" } };
}

Deno.test("storedOptions() takes settings as they were typed and defaults for those that are new", () => {
  const settings = { width: 7, rates: [0.5, 3], name: "", baseline: true, other: {} };
  assertEquals(storedOptions(runWith(settings), DEFAULTS, {}), {
    ...{ width: 7, tolerance: 0.1, rates: [0.5, 3], name: "", baseline: true },
  });
});

Deno.test("storedOptions() checks settings as the command line is checked, and names the file", () => {
  const schema = { width: { integer: true, min: 1 }, name: { oneOf: ["a", "b"] } };
  const cases: readonly [Record<string, unknown>, string][] = [
    [{ width: 2.5 }, "cannot set --width: expected a whole number ≥ 1, got 2.5"],
    [{ width: null }, 'cannot set --width: expected a finite number, got "null"'],
    [{ baseline: 1 }, 'cannot set --baseline: expected true or false, got "1"'],
    [{ name: "c" }, 'cannot set --name to "c": did you mean "a" or "b"'],
  ];
  for (const [settings, why] of cases) {
    const error = assertThrows(() => storedOptions(runWith(settings), DEFAULTS, schema), Error);
    assertEquals(error.message, `Cannot read the settings in runs/a/config.json: ${why}`);
  }
});

Deno.test("compress refuses a dense run whose config.json was changed, in one line", () =>
  inFolder(async (folder) => {
    const cases: readonly [Record<string, unknown>, string][] = [
      [{ settings: { method: "dense", width: -1 } }, "cannot set --width: expected a whole number"],
      [{ settings: { method: "dense", depth: "x" } }, "cannot set --depth: expected a finite"],
      [{ settings: { method: "dense", network: 3 } }, 'cannot set --network to "3": known are'],
      [{ settings: { method: null } }, "expected a run of method dense, got null"],
      [
        { settings: { method: "dense" }, dataset: undefined },
        'the name of its "dataset", got none',
      ],
    ];
    const whole = { recipe: "mnist", seed: 1, backend: "cpu", dataset: { name: "x", sha256: "" } };
    for (const [change, why] of cases) {
      await Deno.writeTextFile(`${folder}/config.json`, toJson({ ...whole, ...change }));
      const error = await assertRejects(
        () => runRecipe("compress", [`--checkpoint=${folder}`, `--out=${folder}/out`]),
        Error,
        why,
      );
      assertEquals(/^Cannot [^\n]+$/.test(error.message), true, error.message);
    }
  }));
