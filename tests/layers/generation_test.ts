import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { currentPoints, disposeStates, initialStates, Random } from "../../core/mod.ts";
import {
  attentions,
  drawToken,
  type GenerateOptions,
  generateTokens,
  gpt,
  type LanguageModel,
} from "../../layers/mod.ts";
import { cpuBackends, onBackend } from "../support/algebras.ts";
import { methodOf } from "../support/training.ts";

const size = { vocabulary: 13, context: 24, width: 16, heads: 4, blocks: 2, deviation: 0.4 };
const models: Readonly<Record<string, LanguageModel>> = {
  "learned positions": gpt(size),
  ...Object.fromEntries(
    attentions.list().map((attention) => [
      `${attention.name}, rotary`,
      gpt({ ...size, attention, positions: {}, bias: false }),
    ]),
  ),
};

async function written(backend: string, model: LanguageModel, o: GenerateOptions) {
  const method = await methodOf({ backend });
  const { engine } = method;
  const states = await initialStates(method, model, 3);
  const tokens = engine.memory().numTensors;
  const ids: number[] = [];
  const points = currentPoints(model, states);
  const text = generateTokens(engine, model, points, [1, 2, 3], { tokens: 12, ...o });
  let next = await text.next();
  while (!next.done) {
    ids.push(next.value);
    next = await text.next();
  }
  assertEquals(engine.memory().numTensors, tokens, "what was kept is freed");
  disposeStates(states, {});
  return { ids, bytes: next.value.bytesPerToken };
}

for (const backend of cpuBackends) {
  for (const [name, model] of Object.entries(models)) {
    Deno.test({
      ...await onBackend(backend, `a text with a cache is the text without: ${name}`),
      fn: async () => {
        for (const temperature of [0, 1]) {
          const cached = await written(backend, model, { temperature });
          const plain = await written(backend, model, { temperature, cached: false });
          assertEquals(cached.ids, plain.ids);
          assertEquals(plain.bytes, 0);
          assert(cached.bytes > 0);
        }
      },
    });
  }
}

Deno.test({
  ...await onBackend("wasm", "a text repeats itself with its seed, and another one is another"),
  fn: async () => {
    const model = models["mha, rotary"]!;
    const { ids, bytes } = await written("wasm", model, { seed: 4 });
    assertEquals((await written("wasm", model, { seed: 4 })).ids, ids);
    assert((await written("wasm", model, { seed: 5 })).ids.join() !== ids.join());
    // 8 L g e
    assertEquals(bytes, 8 * 2 * 4 * 4);
  },
});

const scores = [0, Math.log(4), Math.log(2), Math.log(1)];

/** How often each token is drawn, of 4000. */
function shares(options: Parameters<typeof drawToken>[2]): number[] {
  const random = new Random(2);
  const counts = [0, 0, 0, 0];
  for (let i = 0; i < 4000; i++) counts[drawToken(scores, random, options)]!++;
  return counts.map((n) => n / 4000);
}

Deno.test("drawToken() draws with the probabilities of the scores", () => {
  const expected = [1 / 8, 4 / 8, 2 / 8, 1 / 8];
  shares({}).forEach((share, i) => assertAlmostEquals(share, expected[i]!, 0.04));
  const colder = [1 / 22, 16 / 22, 4 / 22, 1 / 22];
  shares({ temperature: 0.5 }).forEach((share, i) => assertAlmostEquals(share, colder[i]!, 0.04));
});

Deno.test("drawToken() keeps the best topK, then those that reach topP: the one that crosses stays", () => {
  const two = [0, 2 / 3, 1 / 3, 0];
  shares({ topK: 2 }).forEach((share, i) => assertAlmostEquals(share, two[i]!, 0.04));
  shares({ topP: 0.55 }).forEach((share, i) => assertAlmostEquals(share, two[i]!, 0.04));
  assertEquals(shares({ topP: 0.5 }), [0, 1, 0, 0]);
  assertEquals(shares({ topK: 3, topP: 0.57 }), [0, 1, 0, 0]);
  assertEquals(shares({ temperature: 0 }), [0, 1, 0, 0]);
});

Deno.test("drawToken() refuses scores that are not finite", () => {
  assertThrows(() => drawToken([0, NaN], new Random(1)), RangeError, "the network answers NaN");
});

Deno.test({
  ...await onBackend("wasm", "settings that make no sense are refused before a token is written"),
  fn: async () => {
    const method = await methodOf({ backend: "wasm" });
    const model = gpt(size);
    const states = await initialStates(method, model, 3);
    const refused = async (prompt: number[], o: GenerateOptions, message: string) => {
      const points = currentPoints(model, states);
      const first = () => generateTokens(method.engine, model, points, prompt, o).next();
      await assertRejects(first, RangeError, message);
    };
    await refused([], {}, "expected a text to go on with, got an empty one");
    await refused([13], { tokens: 1 }, "expected ids from 0 to 12, got 13");
    await refused([1], { tokens: 25 }, "at most 25 tokens, the context of the model and one");
    await refused([1], { topP: 0 }, "topP");
    await refused([1], { topK: 0.5 }, "topK");
    await refused([1], { temperature: -1 }, "temperature");
    disposeStates(states, {});
  },
});
