import type { Engine, Tensor } from "../../backend/mod.ts";
import { NonFiniteError } from "../../checks.ts";
import { type Dataset, imageExamples } from "../../data/mod.ts";
import type { Batch, Measurement, Meter, Model, Task } from "../task.ts";

/**
 * What is classified, beside the examples: their column `x` has the inputs, `y` the classes. A column
 * `mask`, where there is one, goes to the network beside `x`: 1 for tokens, 0 for padding.
 *
 * @example Two classes
 * ```ts
 * import { classification, type ClassificationOptions, examples } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const data = examples({ x: [0, 1], y: Uint8Array.of(0, 1) });
 * const options: ClassificationOptions = { train: data, test: data, classes: 2 };
 * assertEquals(classification(options).name, "classification");
 * ```
 */
export interface ClassificationOptions extends Pick<Task, "train" | "test" | "augmentation"> {
  /** Number of classes; labels are below it. */
  readonly classes: number;
}

/** Mean cross-entropy of logits, batch×classes, and the classes `y`. */
export function crossEntropyLoss(model: Model, batch: Batch): Tensor {
  return model.engine.softmaxCrossEntropy(logitsOf(model, batch), batch.y!);
}

function logitsOf(model: Model, { x, mask }: Batch): Tensor {
  return mask ? model.forward(x!, mask) : model.forward(x!);
}

/**
 * Classes of inputs: the mean cross-entropy of logits, batch×classes.
 *
 * @example Three classes
 * ```ts
 * import { classification, examples } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const data = examples({ x: [[0, 1], [1, 0], [1, 1]], y: Uint8Array.of(0, 1, 2) });
 * const task = classification({ train: data, test: data, classes: 3 });
 * assertEquals(task.measures, [{ name: "accuracy", better: "more", percent: true }]);
 * ```
 */
export function classification({ classes, ...data }: ClassificationOptions): Task {
  return {
    ...data,
    name: "classification",
    measures: [{ name: "accuracy", better: "more", percent: true }],
    loss: crossEntropyLoss,
    meter: () => new Confusion(classes),
  };
}

/** The classes of labelled images. */
export function imageClassification(
  { train, test, shape, classes }: Dataset,
  steps: NonNullable<Task["augmentation"]>["steps"] = [],
): Task {
  return classification({
    train: imageExamples(train, shape),
    test: imageExamples(test, shape),
    classes,
    ...(steps.length > 0 ? { augmentation: { column: "x", shape, steps } } : {}),
  });
}

/** Counts examples by true and predicted class. */
class Confusion implements Meter {
  /** Examples by true and predicted class, row after row; the loss of all. */
  readonly sums: Float64Array;
  readonly #classes: number;

  constructor(classes: number) {
    this.sums = new Float64Array(classes * classes + 1);
    this.#classes = classes;
  }

  async add(model: Model, batch: Batch): Promise<void> {
    const { engine } = model;
    const { y } = batch;
    const logits = logitsOf(model, batch);
    const [mean] = await engine.read(engine.softmaxCrossEntropy(logits, y!));
    const labels = await engine.read(y!);
    this.sums[this.sums.length - 1]! += mean! * labels.length;
    const predicted = await predictions(engine, logits);
    predicted.forEach((p, i) => this.sums[labels[i]! * this.#classes + p]!++);
  }

  result(): Measurement {
    const n = this.#classes;
    const confusion = Array.from({ length: n }, (_, i) => [...this.sums.slice(i * n, (i + 1) * n)]);
    const seen = confusion.flat().reduce((sum, count) => sum + count, 0);
    const correct = confusion.reduce((sum, row, i) => sum + row[i]!, 0);
    return {
      loss: this.sums.at(-1)! / seen,
      values: { accuracy: correct / seen },
      confusion,
    };
  }
}

/**
 * Index of the largest logit of each row.
 *
 * @throws {NonFiniteError} When a logit is not finite: such a row has no largest.
 */
async function predictions(engine: Engine, logits: Tensor): Promise<Int32Array> {
  const [rows, cols] = logits.shape as [number, number];
  const values = await engine.read(logits);
  return Int32Array.from({ length: rows }, (_, i) => {
    let best = 0;
    for (let j = 0; j < cols; j++) {
      const value = values[i * cols + j]!;
      if (!Number.isFinite(value)) {
        throw new NonFiniteError(
          `Cannot classify: expected finite logits, the network answers ${value}`,
        );
      }
      if (value > values[i * cols + best]!) best = j;
    }
    return best;
  });
}
