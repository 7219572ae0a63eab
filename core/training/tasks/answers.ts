import { UNASKED } from "../../data/mod.ts";
import type { Batch, Measurement, Meter, Model, Task } from "../task.ts";
import { logitLoss, tokenLoss } from "./token_loss.ts";

/**
 * Answers at the end of sequences: the mean cross-entropy of their tokens, measured by the share of
 * examples in which every token of the answer is the most likely one.
 *
 * @param data Columns `x`, T tokens, and `y`, the token after each or {@linkcode UNASKED}.
 */
export function answers(data: Pick<Task, "train" | "test">): Task {
  return {
    ...data,
    name: "answers",
    measures: [{ name: "accuracy", better: "more", percent: true }],
    loss: tokenLoss,
    meter: () => new AnswerMeter(),
  };
}

/** Counts examples whose answer is right, and tokens for the loss. */
class AnswerMeter implements Meter {
  /** Loss and tokens, right answers and examples. */
  readonly sums: Float64Array = new Float64Array(4);

  async add(model: Model, { x, y }: Batch): Promise<void> {
    const { engine } = model;
    const logits = model.forward(x!);
    const [mean] = await engine.read(logitLoss(model, logits, y!));
    const labels = await engine.read(y!);
    const values = await engine.read(logits);
    const [examples, length] = y!.shape as [number, number];
    const classes = logits.shape.at(-1)!;
    const asked = labels.filter((label) => label !== UNASKED).length;
    let right = 0;
    for (let i = 0; i < examples; i++) {
      const places = Array.from({ length }, (_, t) => i * length + t);
      const told = places.every((at) =>
        labels[at] === UNASKED || largest(values, at * classes, classes) === labels[at]
      );
      if (told) right++;
    }
    const seen = [mean! * asked, asked, right, examples];
    for (const [i, value] of seen.entries()) this.sums[i]! += value;
  }

  result(): Measurement {
    const [loss, tokens, right, examples] = this.sums as unknown as [
      number,
      number,
      number,
      number,
    ];
    return { loss: loss / tokens, values: { accuracy: right / examples } };
  }
}

/** Number of the largest entry of a row; none where one is not finite. */
function largest(values: ArrayLike<number>, start: number, count: number): number {
  let best = -1;
  for (let i = 0; i < count; i++) {
    if (!Number.isFinite(values[start + i])) return -1;
    if (best < 0 || values[start + i]! > values[start + best]!) best = i;
  }
  return best;
}
