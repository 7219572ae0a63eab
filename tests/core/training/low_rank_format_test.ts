/** Low-rank weights among the others: bounds of the rank, refusals, what they tell of themselves. */

import { assertEquals, assertRejects } from "@std/assert";
import {
  initialStates,
  type Layer,
  relativeFrobenius,
  type Representation,
  representationOf,
  type Truncation,
} from "../../../core/mod.ts";
import { linear, type LinearOptions, zeros } from "../../../layers/mod.ts";
import { onBackend } from "../../support/algebras.ts";
import { methodOf, randomBatch, stepOn } from "../../support/training.ts";

type Rank = ReturnType<Representation["rank"]>;

/** Ranks at the start and after three steps of a 9×4 classifier. */
async function ranks(
  truncation: Omit<Truncation, "rule">,
  own: Partial<LinearOptions> = {},
): Promise<[start: Rank, end: Rank]> {
  const method = await methodOf({ truncation: { rule: relativeFrobenius, ...truncation } });
  const format = representationOf({ format: "low-rank" });
  return await method.engine.scope(async () => {
    const network = linear({ name: "a", inputs: 9, outputs: 6, format: "low-rank", ...own });
    let states = await initialStates(method, network, 1);
    const start = format.rank(states["a.weight"]!);
    const batch = randomBatch(method.engine, 20, 9, 6);
    for (let i = 0; i < 3; i++) {
      ({ states } = await stepOn(method, network, states, batch, { rate: 0.5 }));
    }
    return [start, format.rank(states["a.weight"]!)];
  });
}

const CASES: readonly [
  title: string,
  truncation: Omit<Truncation, "rule">,
  own: Partial<LinearOptions>,
  wanted: [number, number],
][] = [
  ["starts at the largest rank when none is named", { tolerance: 0 }, {}, [6, 6]],
  ["starts at the run's largest rank", { tolerance: 0, maxRank: 4 }, {}, [4, 4]],
  ["starts at its own rank and grows", { tolerance: 0 }, { rank: 2 }, [2, 6]],
  ["never rises above the run's bound", { tolerance: 0, maxRank: 3 }, { rank: 2 }, [2, 3]],
  ["never rises above its own bound", { tolerance: 0, maxRank: 5 }, { rank: 1, maxRank: 2 }, [
    1,
    2,
  ]],
  ["never falls below the run's bound", { tolerance: 1, minRank: 3 }, { rank: 5 }, [5, 3]],
  ["never falls below its own bound", { tolerance: 1, minRank: 1 }, { rank: 5, minRank: 2 }, [
    5,
    2,
  ]],
  ["falls to one without a bound", { tolerance: 1 }, { rank: 5 }, [5, 1]],
  ["keeps within its size where the bounds do not", { tolerance: 1, minRank: 99 }, {}, [6, 6]],
  ["takes no rank beyond its size", { tolerance: 0, maxRank: 99 }, { rank: 50 }, [6, 6]],
];

for (const [title, truncation, own, wanted] of CASES) {
  Deno.test({
    ...await onBackend("cpu", `a low-rank weight ${title}`),
    fn: async () => assertEquals(await ranks(truncation, own), wanted),
  });
}

Deno.test({
  ...await onBackend("cpu", "a low-rank weight stores r (m + n) numbers in use"),
  fn: async () => {
    const method = await methodOf();
    await method.engine.scope(async () => {
      const network = linear({ name: "a", inputs: 9, outputs: 6, format: "low-rank", rank: 2 });
      const states = await initialStates(method, network, 1);
      const sizes = network.weights.map((w) => representationOf(w).size(states[w.name]!));
      assertEquals(sizes, [2 * (9 + 6), 6]);
    });
  },
});

Deno.test({
  ...await onBackend("cpu", "a vector cannot be factorised, and the message says so"),
  fn: async () => {
    const method = await methodOf();
    const network: Layer = {
      weights: [{ name: "bias", shape: [7], format: "low-rank", initialiser: zeros }],
      forward: (_, x) => x,
    };
    const before = method.engine.memory().numTensors;
    const error = await assertRejects(() => initialStates(method, network, 1), RangeError);
    assertEquals(
      error.message,
      'Cannot factorise "bias": a matrix has 2 dimensions, ' +
        "a map to heads 3, a kernel 4, got shape [7]",
    );
    assertEquals(method.engine.memory().numTensors, before);
  },
});

Deno.test("an unknown format is refused with the near names", async () => {
  const method = await methodOf();
  const network = linear({ name: "a", inputs: 3, outputs: 2, format: "low-rnak" });
  const error = await assertRejects(() => initialStates(method, network, 1), RangeError);
  assertEquals(error.message, 'Cannot find weight format "low-rnak": did you mean "low-rank"');
});
