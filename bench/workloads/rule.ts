import {
  disposeStates,
  engineAlgebra,
  parseChoice,
  type Tensor,
  type Updated,
} from "../../core/mod.ts";
import { optimizers } from "../../optimizers/mod.ts";
import { fixed, integers, type WorkloadKind } from "./workload.ts";

/** One update of a square matrix by an optimizer rule, from a gradient that stays. */
export const rule: WorkloadKind = {
  name: "rule",
  usage: "rule size optimizer[:settings]",
  create(engine, words) {
    const [size] = integers(words.slice(0, 1), 1, this.usage) as [number];
    const { plugin, settings } = parseChoice(optimizers, words.slice(1).join(" "));
    const [a, own] = [engineAlgebra(engine), plugin.create(settings)];
    const flow = fixed(engine, [size, size], 1);
    let now: Updated<Tensor> = { value: fixed(engine, [size, size], 0.1, 2) };
    const step = { rate: 1e-3, decay: 0 };
    return {
      async step(): Promise<void> {
        const next = await engine.scope(async () =>
          await own.update(a, now.value, flow, step, now.state)
        );
        disposeStates(tree(now), tree(next));
        now = next;
        await engine.read(engine.tidy(() => engine.slice(now.value, [0, 0], [1, 1])));
      },
    };
  },
};

/** A variable and its state, as states of weights are. */
function tree({ value, state = {} }: Updated<Tensor>) {
  return { rule: { format: "dense", value, state } };
}
