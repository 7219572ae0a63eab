import { assertEquals, assertThrows } from "@std/assert";
import { compressRecipe } from "../../../tasks/recipes/compress.ts";
import { integratorStudy } from "../../../tasks/recipes/integrators.ts";
import { recipes } from "../../../tasks/recipe.ts";
import { cellsOf } from "../../../tasks/sweep/cells.ts";
import { UsageError } from "../../../tasks/usage_error.ts";
import "../../support/blobs_plugin.ts";

const trial = recipes.get("trial");

function cells(args: readonly string[], reference = true) {
  return cellsOf(trial, trial.grid(args), reference);
}

Deno.test("a grid takes lists of numbers and of choices and leaves other commas alone", () => {
  const grid = trial.grid([
    ...["--tolerance", "0.1,0.2,0.1", "--method=low-rank,dense"],
    ...["--augmentation", "flip,cutout:2", "--rank=5", "--baseline", "--no-prefetch"],
  ]);
  assertEquals(grid.axes, { tolerance: ["0.1", "0.2"], method: ["low-rank", "dense"] });
  assertEquals(grid.fixed, [
    ...["--augmentation=flip,cutout:2", "--rank=5", "--baseline", "--prefetch=false"],
  ]);
});

Deno.test("a grid refuses options that there are not", () => {
  assertThrows(() => trial.grid(["--tolerence", "1,2"]), UsageError, 'did you mean "tolerance"');
});

Deno.test("a sweep runs every combination and a dense network for each that matters to one", () => {
  const found = cells(["--tolerance", "0.1,0.2", "--seed", "1,2", "--epochs", "3", "--baseline"]);
  assertEquals(found.map((cell) => cell.folder), [
    ...["method-dense_seed-1", "method-dense_seed-2"],
    ...["tolerance-0.1_seed-1", "tolerance-0.1_seed-2"],
    ...["tolerance-0.2_seed-1", "tolerance-0.2_seed-2"],
  ]);
  for (const { args, values } of found) {
    const options = trial.read(args);
    assertEquals([options.epochs, options.baseline], [3, false]);
    assertEquals(options.seed, Number(values.seed));
  }
  const [reference, , own] = found.map(({ args }) => trial.read(args));
  assertEquals([reference!.method, own!.method], ["dense", "low-rank"]);
  assertEquals(reference!.learningRate, own!.baselineLearningRate);
  assertEquals(own!.tolerance, 0.1);
});

Deno.test("a method that is dense is one reference, whatever the tolerances", () => {
  const args = ["--method", "dense,low-rank", "--tolerance", "0.1,0.2"];
  const names = ["method-dense", "method-low-rank_tolerance-0.1", "method-low-rank_tolerance-0.2"];
  for (const reference of [true, false]) {
    assertEquals(cells(args, reference).map((cell) => cell.folder), names);
  }
  assertEquals(cells(["--tolerance", "0.1,0.2"], false).length, 2);
});

Deno.test("a recipe without methods has no references", () => {
  assertEquals(cellsOf(integratorStudy, integratorStudy.grid(["--rank", "2,3"]), true).length, 2);
});

Deno.test("a recipe whose methods are all factorised has no references", () => {
  const cells = cellsOf(compressRecipe, compressRecipe.grid(["--tolerance", "0.1,0.3"]), true);
  assertEquals(cells.map((cell) => cell.folder), ["tolerance-0.1", "tolerance-0.3"]);
  for (const { args } of cells) assertEquals(compressRecipe.read(args).baseline, false);
});
