import { assert, assertEquals } from "@std/assert";
import { initialStates, type Tensor, type WeightStates } from "../../../../core/mod.ts";
import { perceptron } from "../../../../layers/mod.ts";
import { onBackend } from "../../../support/algebras.ts";
import { methodOf, randomBatch, readMatrix, stepOn } from "../../../support/training.ts";

const network = perceptron({ sizes: [6, 5, 4, 3], format: "ordered-low-rank", rank: 3 });
const OWN = network.weights.filter((w) => w.format === "ordered-low-rank").map((w) => w.name);

Deno.test({
  ...await onBackend("cpu", "per-layer prefixes: each weight has each once in a round, alone"),
  fn: async () => {
    const method = {
      ...await methodOf(),
      groups: [{ match: "dense*.weight", mover: "ordered:draws=per-layer,lasso=0" }],
    };
    const { engine } = method;
    await engine.scope(async () => {
      const batch = randomBatch(engine, 8, 6, 3);
      let states = await initialStates(method, network, 1);
      const ranks = OWN.map((name) => (states[name]!.v as Tensor).shape[1]!);
      const pairs = ranks.reduce((sum, rank) => sum + rank, 0);
      // The first step looks at all columns; then there are two rounds.
      const steps: string[][] = [];
      for (let k = 0; k <= 2 * pairs; k++) {
        const next = (await stepOn(method, network, states, batch, { rate: 0.1 })).states;
        steps.push(await shortened(states, next, ranks));
        states = next;
      }
      assertEquals(steps[0], []);
      const all = OWN.flatMap((name, i) =>
        Array.from({ length: ranks[i]! - 1 }, (_, b) => `${name} ${b + 1}`)
      );
      const rounds = [steps.slice(1, 1 + pairs), steps.slice(1 + pairs)];
      for (const round of rounds) {
        assert(round.every((weights) => weights.length <= 1), "one weight at a time");
        assertEquals(round.flat().sort(), all.sort());
      }
      assert(rounds[0]!.join() !== rounds[1]!.join(), "rounds are shuffled");
    });

    /** Weights of which a step moved the first columns alone, and how many. */
    async function shortened(
      before: WeightStates,
      after: WeightStates,
      ranks: readonly number[],
    ): Promise<string[]> {
      const out: string[] = [];
      for (const [i, name] of OWN.entries()) {
        const [x, y] = await Promise.all(
          [before, after].map((s) => readMatrix(engine, s[name]!.v as Tensor)),
        );
        const moved = Array.from(
          { length: ranks[i]! },
          (_, j) => x!.data.some((v, k) => k % ranks[i]! === j && v !== y!.data[k]),
        );
        const used = moved.lastIndexOf(true) + 1;
        if (used < ranks[i]!) out.push(`${name} ${used}`);
      }
      return out;
    }
  },
});
