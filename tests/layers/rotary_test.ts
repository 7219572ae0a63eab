import { assertAlmostEquals, assertEquals } from "@std/assert";
import { openEngine } from "../../core/mod.ts";
import { rotaryFrequencies, rotaryTurn } from "../../layers/rotary.ts";

Deno.test("positions are turned alike all at once, token by token and again from the start", async () => {
  const { engine } = await openEngine("cpu");
  const [size, tokens, options] = [6, 9, { base: 50 }];
  const turn = rotaryTurn(size, options);
  await engine.scope(async () => {
    const from = async (begin: number, end: number, by = turn) => {
      const x = engine.fill([1, 1, end - begin, size], 1);
      return [...await engine.read(by(engine, x, begin))];
    };
    const apart: number[] = [];
    for (let t = 0; t < tokens; t++) apart.push(...await from(t, t + 1));
    const whole = await from(0, tokens, rotaryTurn(size, options));
    assertEquals(apart, whole);
    assertEquals(await from(2, 7), whole.slice(2 * size, 7 * size));
    // The first of each pair of ones becomes cos − sin of position × frequency.
    rotaryFrequencies(size, options).forEach((w, pair) =>
      assertAlmostEquals(whole[8 * size + pair]!, Math.cos(8 * w) - Math.sin(8 * w), 1e-6)
    );
  });
});
