/** What tells runs from one another. */

import { assertEquals } from "@std/assert";
import { zeros } from "../../../layers/mod.ts";
import { weightOf, weightTexts } from "../../../tasks/classification/identity.ts";

Deno.test("a weight is read back from the text that stands for it, with what its whole form needs", () => {
  const common = { name: "a.weight", format: "adapted-low-rank", shape: [3, 4], scale: 0.5 };
  const others = { rank: 2, minRank: 2, initialiser: zeros };
  const texts = weightTexts({ weights: [{ ...common, ...others }], forward: (_, x) => x });
  assertEquals(texts, { "a.weight": "adapted-low-rank 3×4, rank 2, scale 0.5" });
  assertEquals(weightOf("a.weight", texts["a.weight"]!), common);
  assertEquals(weightOf("a.weight", "dense"), undefined);
});
