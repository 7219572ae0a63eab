import type { Tensor } from "../../backend/mod.ts";
import type { Batch, Model } from "../task.ts";

/**
 * Mean cross-entropy of the tokens `y` that are asked for, batch×T, under the logits of `x`, T rows
 * of the vocabulary for each example.
 */
export function tokenLoss(model: Model, { x, y }: Batch): Tensor {
  return logitLoss(model, model.forward(x!), y!);
}

/** The same of logits that are there. */
export function logitLoss({ engine }: Model, logits: Tensor, y: Tensor): Tensor {
  const rows = engine.reshape(logits, [y.size, logits.shape.at(-1)!]);
  return engine.softmaxCrossEntropy(rows, engine.reshape(y, [y.size]));
}
