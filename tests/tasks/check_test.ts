import {
  assert,
  assertEquals,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { frameRetractions, hosvd, tuckerDecompositions } from "../../core/mod.ts";
import { check } from "../../tasks/check.ts";
import type { TextSink } from "../../tasks/terminal/mod.ts";
import { UsageError } from "../../tasks/usage_error.ts";

async function checked(...args: string[]): Promise<{ code: number; text: string }> {
  let text = "";
  const sink: TextSink = {
    isTerminal: false,
    color: false,
    columns: () => 80,
    write: (part) => void (text += part),
  };
  return { code: await check(args, sink), text };
}

Deno.test("check finds every claim of every manifold to hold", async () => {
  const { code, text } = await checked("--points", "2");
  assertEquals(code, 0);
  for (const name of ["stiefel-canonical", "fixed-rank", "product"]) {
    assertStringIncludes(text, `\n${name}\n`);
  }
  assert(text.endsWith("Every claim holds.\n"));
  for (const line of text.split("\n")) assert([...line].length <= 80, line);
});

Deno.test("check takes a retraction wherever it is offered", async () => {
  const { code, text } = await checked("cayley", "--points", "1");
  assertEquals(code, 0);
  const titles = text.split("\n").filter((line) => line.startsWith("cayley on "));
  assertEquals(titles, ["cayley on stiefel", "cayley on stiefel-canonical", "cayley on grassmann"]);
});

Deno.test("check takes a transport", async () => {
  const { text } = await checked("parallel", "--points", "1");
  assertStringIncludes(text, "parallel on grassmann");
  assertStringIncludes(text, "keeps inner products");
});

Deno.test("check finds a retraction that claims too much", async () => {
  // Every test file has registries of its own, so nobody else meets the plugin.
  const { retract } = frameRetractions.get("qr");
  frameRetractions.add({
    name: "boaster",
    description: "the Q factor, called second order",
    orders: { stiefel: 2 },
    retract,
  });
  const { code, text } = await checked("boaster", "--points", "1");
  assertEquals(code, 1);
  assert(/R\(t ξ\) − Exp\(t ξ\) +slope ≥ 3 +2\.\d\d +FAILED/.test(text), text);
  assert(text.endsWith("1 claim does not hold.\n"), text);
});

Deno.test("check repeats itself for a seed and not for another", async () => {
  const [first, same, other] = [
    await checked("grassmann", "--points", "1"),
    await checked("grassmann", "--points", "1"),
    await checked("grassmann", "--points", "1", "--seed", "2"),
  ];
  assertEquals(first.text, same.text);
  assert(first.text !== other.text);
});

Deno.test("check refuses what it does not know", async () => {
  const error = await assertRejects(() => checked("cayly"), UsageError);
  assertEquals(error.message, 'Cannot check "cayly": did you mean "cayley"');
  await assertRejects(() => checked("qr", "--points", "0"), UsageError);
});

Deno.test("check takes Tucker decompositions with their settings, and finds one that claims too much", async () => {
  const { code, text } = await checked(...tuckerDecompositions.names(), "--points", "2");
  assertEquals(code, 0, text);
  const none = await checked("randomized-hosvd:oversampling=0,powerIterations=0", "--points", "1");
  const usual = await checked("randomized-hosvd", "--points", "1");
  const figures = ({ text }: { text: string }) => text.split("\n").slice(1);
  assertNotEquals(figures(none), figures(usual), "settings reach it");
  await assertRejects(
    () => checked("hooi:sweep=2"),
    RangeError,
    'Cannot set "sweep" of Tucker decomposition "hooi": did you mean "sweeps"',
  );
  tuckerDecompositions.add({
    ...hosvd,
    name: "boastful",
    decompose: async (a, x, o) => ({ ...await hosvd.decompose(a, x, o), discarded: 0 }),
  });
  const boastful = await checked("boastful", "--points", "1");
  assertEquals(boastful.code, 1);
  assertStringIncludes(boastful.text, "FAILED");
});
