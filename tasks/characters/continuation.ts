import { currentPoints, networkAt, Random, type Run } from "../../core/mod.ts";

/** Characters that are shown. */
const LENGTH = 64;

/**
 * What a character model writes after the first characters of its training text, each drawn with
 * the probability that the network gives it.
 *
 * @param letters Characters by token.
 * @param context Tokens that the network sees.
 */
export async function continuation(
  run: Run,
  letters: readonly string[],
  context: number,
): Promise<string> {
  const { method: { engine }, network, task, seed } = run.options;
  const random = new Random(seed).fork("continuation");
  const ids = Array.from(task.train.columns.x!.data.subarray(0, context));
  const at = networkAt(engine, network, currentPoints(network, run.state.states));
  for (let i = 0; i < LENGTH; i++) {
    const logits = await engine.scope(async () => {
      const model = at.open();
      const window = Int32Array.from(ids.slice(-context));
      const found = await engine.read(model.forward(engine.tensor(window, [1, context])));
      model.dispose();
      return found;
    });
    ids.push(drawn(logits, random));
  }
  return ids.slice(context).map((id) => letters[id]).join("").replaceAll("\n", " ");
}

/** An index drawn with probability softmax(logits), by the largest of logits with Gumbel noise. */
function drawn(logits: ArrayLike<number>, random: Random): number {
  const noisy = Array.from(logits, (x) => x - Math.log(-Math.log(random.uniform())));
  return noisy.indexOf(Math.max(...noisy));
}
