import {
  assert,
  assertEquals,
  assertGreater,
  assertNotEquals,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { choose, type Examples, sequenceDatasets, UNASKED } from "../../../core/mod.ts";

/** What is shown and what is asked for, example by example. */
function examplesIn(
  { count, columns: { x, y } }: Examples,
): { shown: number[]; asked: number[] }[] {
  const part = ({ data, shape, stride }: typeof x & object, i: number): number[] => {
    const start = i * (stride ?? shape[0]!);
    return [...data.subarray(start, start + shape[0]!)];
  };
  return Array.from({ length: count }, (_, i) => {
    const labels = part(y!, i);
    const first = labels.findIndex((label) => label !== UNASKED);
    assert(labels.slice(first).every((label) => label !== UNASKED));
    return { shown: part(x!, i), asked: labels.slice(first) };
  });
}

type Check = (shown: readonly number[], asked: readonly number[]) => void;

/** Solves a puzzle by its rule, in another way than it is made. */
const RULES: Readonly<Record<string, { length: number; vocabulary: number; check: Check }>> = {
  "associative-recall": {
    length: 18,
    vocabulary: 33,
    check(shown, asked) {
      const pairs = Array.from({ length: 8 }, (_, i) => shown.slice(2 * i, 2 * i + 2));
      const value = new Map(pairs.map(([key, value]) => [key!, value!]));
      assertEquals([value.size, shown[16], asked], [8, 32, [value.get(shown[17]!)!]]);
      assert(pairs.every(([key, value]) => key! < 16 && value! >= 16 && value! < 32));
    },
  },
  "modular-addition": {
    length: 3,
    vocabulary: 98,
    check: ([a, b, equals], asked) => assertEquals([equals, asked], [97, [(a! + b!) % 97]]),
  },
  brackets: {
    length: 33,
    vocabulary: 7,
    check(shown, [answer]) {
      let rest = shown.slice(0, 32).map((id) => "([)]"[id]).join("");
      for (let last = ""; last !== rest;) [last, rest] = [rest, rest.replace(/\(\)|\[\]/g, "")];
      assertEquals([shown[32], answer], [4, rest === "" ? 6 : 5]);
    },
  },
  sorting: {
    length: 20,
    vocabulary: 11,
    check(shown, asked) {
      assertEquals([shown[10], asked.length], [10, 10]);
      assertEquals(shown.slice(11), asked.slice(0, 9));
      assertEquals(
        asked,
        Array.from({ length: 10 }, (_, d) => shown.slice(0, 10).filter((s) => s === d)).flat(),
      );
    },
  },
  needle: {
    length: 128,
    vocabulary: 66,
    check(shown, asked) {
      assertEquals([shown.filter((id) => id === 64).length, shown[127]], [1, 65]);
      assertEquals(asked, [shown[shown.indexOf(64) + 1]!]);
      assertNotEquals(shown.indexOf(64), 126);
    },
  },
  copy: {
    length: 40,
    vocabulary: 33,
    check(shown, asked) {
      assertEquals([shown[20], asked], [32, shown.slice(0, 20)]);
      assertEquals(shown.slice(21), asked.slice(0, 19));
    },
  },
};

Deno.test("every generated data set of sequences has a rule here", () => {
  assertEquals(
    sequenceDatasets.names().filter((name) => name !== "text").sort(),
    Object.keys(RULES).sort(),
  );
});

for (const [name, { length, vocabulary, check }] of Object.entries(RULES)) {
  const source = sequenceDatasets.get(name);
  const sizes = { trainCount: 200, testCount: 100 };

  Deno.test(`${name} follows its rule, and asks for answers only`, async () => {
    const data = await source.load({ seed: 1, ...sizes });
    assertEquals([data.name, data.length, data.vocabulary, data.answers], [
      name,
      length,
      vocabulary,
      true,
    ]);
    assertEquals([data.train.count, data.test.count], [200, 100]);
    for (const { shown, asked } of [...examplesIn(data.train), ...examplesIn(data.test)]) {
      assertEquals(shown.length, length);
      assert(
        [...shown, ...asked].every((id) => Number.isInteger(id) && id >= 0 && id < vocabulary),
      );
      check(shown, asked);
    }
  });

  Deno.test(`${name} is the same of the same seed, and other of others and for measuring`, async () => {
    const [data, again, other] = await Promise.all(
      [1, 1, 2].map((seed) => source.load({ seed, ...sizes })),
    );
    assertEquals([data!.sha256, examplesIn(data!.test)], [again!.sha256, examplesIn(again!.test)]);
    assertNotEquals(data!.sha256, other!.sha256);
    const seen = new Set(examplesIn(data!.train).map((e) => e.shown.join()));
    const fresh = examplesIn(data!.test).filter((e) => !seen.has(e.shown.join()));
    assertGreater(fresh.length, name === "modular-addition" ? 99 : 90);
  });
}

Deno.test("modular-addition has every pair once, half of them to train on", async () => {
  const data = await choose(sequenceDatasets, "modular-addition:modulus=7").load({ seed: 3 });
  assertEquals([data.train.count, data.test.count], [24, 25]);
  const all = [...examplesIn(data.train), ...examplesIn(data.test)].map((e) => e.shown.join());
  assertEquals(new Set(all).size, 49);
});

Deno.test("half of the brackets are balanced, and the place of the needle is anywhere", async () => {
  const { train } = await sequenceDatasets.get("brackets").load({ seed: 5, trainCount: 2000 });
  const yes = examplesIn(train).filter((e) => e.asked[0] === 6).length;
  assert(yes > 900 && yes < 1100, `${yes} of 2000`);
  const needles = await choose(sequenceDatasets, "needle:length=6,alphabet=3").load({
    seed: 5,
    trainCount: 500,
  });
  const places = examplesIn(needles.train).map((e) => e.shown.indexOf(3));
  assertEquals([...new Set(places)].sort(), [0, 1, 2, 3]);
});

Deno.test("settings and counts of puzzles that make no sense are refused", async () => {
  const refused = (text: string, message: string) =>
    assertThrows(() => choose(sequenceDatasets, text), RangeError, message);
  refused(
    "associative-recall:pairs=9,keys=8",
    "expected at most 8 pairs, as keys are distinct, got 9",
  );
  refused("brackets:length=7", "Cannot make brackets: expected an even length, got 7");
  refused("copy:size=3", 'Cannot set "size" of sequence data set "copy"');
  const load = (name: string, counts: { trainCount?: number; testCount?: number }) =>
    sequenceDatasets.get(name).load({ seed: 1, ...counts });
  await assertRejects(
    () => load("copy", { trainCount: 0 }),
    RangeError,
    "Cannot make a puzzle's examples: expected their number to be an integer ≥ 1 and ≤ 1000000, got 0",
  );
  await assertRejects(
    () => load("modular-addition", { testCount: 4706 }),
    RangeError,
    "Cannot take 4706 examples of modular-addition: expected at most 4705, half of all",
  );
});
