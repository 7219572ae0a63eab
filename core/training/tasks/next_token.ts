import type { Tensor } from "../../backend/mod.ts";
import { checkInteger } from "../../checks.ts";
import { type Examples, examplesOf } from "../../data/mod.ts";
import { meanMeter, type Model, type Task } from "../task.ts";

/**
 * Windows of a text as examples: `x` has the tokens of a window, `y` each one's successor.
 *
 * @param tokens Token ids, or bytes, one after another.
 * @param length Tokens in a window, T.
 * @param stride Tokens from the start of one window to that of the next; default: T.
 * @throws {RangeError} When a number is no positive integer, or there are fewer than T + 1 tokens.
 *
 * @example Windows with their successors
 * ```ts
 * import { windowsOf } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const { count, columns } = windowsOf(Int32Array.of(5, 6, 7, 8, 9), 2);
 * assertEquals([count, columns.x!.shape, columns.y!.offset], [2, [2], 1]);
 * ```
 */
export function windowsOf(
  tokens: Int32Array | Uint8Array,
  length: number,
  stride: number = length,
): Examples {
  checkInteger("take windows of a text", "length", length);
  checkInteger("take windows of a text", "stride", stride);
  if (tokens.length <= length) {
    throw new RangeError(
      `Cannot take windows of ${length} tokens: expected ${length + 1} or more, ` +
        `got ${tokens.length}`,
    );
  }
  const column = { data: tokens, shape: [length], stride };
  return examplesOf({ x: column, y: { ...column, offset: 1 } });
}

/**
 * The next token after each of a window: the mean cross-entropy of logits, batch·T×vocabulary (or
 * batch×T×vocabulary), measured in bits per token.
 *
 * @param data Examples as of {@linkcode windowsOf}.
 *
 * @example Tokens that count to three
 * ```ts
 * import { embedding, fit, nextToken, windowsOf } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const tokens = windowsOf(Int32Array.from({ length: 61 }, (_, i) => i % 3), 4);
 * const network = embedding({ name: "next", vocabulary: 3, size: 3 });
 * const task = nextToken({ train: tokens, test: tokens });
 * using model = await fit(network, task, { epochs: 1, backend: "cpu" });
 * assertEquals(Object.keys(model.test!.values), ["bits", "perplexity"]);
 * ```
 */
export function nextToken(data: Pick<Task, "train" | "test">): Task {
  const loss: Task["loss"] = (model, { x, y }) => crossEntropy(model, model.forward(x!), y!);
  return {
    ...data,
    name: "next-token",
    measures: [{ name: "bits", better: "less" }, { name: "perplexity", better: "less" }],
    loss,
    meter: () =>
      meanMeter(
        { loss },
        (m) => ({ bits: m.loss! / Math.LN2, perplexity: Math.exp(m.loss!) }),
      ),
  };
}

function crossEntropy({ engine }: Model, logits: Tensor, y: Tensor): Tensor {
  const rows = engine.reshape(logits, [y.size, logits.shape.at(-1)!]);
  return engine.softmaxCrossEntropy(rows, engine.reshape(y, [y.size]));
}
