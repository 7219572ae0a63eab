import { checkNumber } from "../../checks.ts";
import { meanMeter, type Task } from "../task.ts";
import { tokenLoss } from "./token_loss.ts";

/**
 * What a text is learnt from, and how it is measured.
 *
 * @example Tokens of three bytes each: bits are told for a byte
 * ```ts
 * import { nextToken, type NextTokenOptions, windowsOf } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const tokens = windowsOf(Int32Array.of(0, 1, 2, 0, 1, 2), 2);
 * const options: NextTokenOptions = { train: tokens, test: tokens, bytesPerToken: 3 };
 * assertEquals(nextToken(options).measures[0].name, "bits per byte");
 * ```
 */
export interface NextTokenOptions extends Pick<Task, "train" | "test"> {
  /** Bytes of the text per token: the first measure is in bits per byte, then, not per token. */
  readonly bytesPerToken?: number;
}

/**
 * The next token after each of a window: the mean cross-entropy of logits, batch·T×vocabulary (or
 * batch×T×vocabulary), measured in bits per token, or bits per byte, and as the perplexity of a
 * token.
 *
 * @param data Examples as of {@linkcode windowsOf}.
 * @throws {RangeError} When `bytesPerToken` is no positive number.
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
export function nextToken({ bytesPerToken, ...data }: NextTokenOptions): Task {
  const bits = bytesPerToken === undefined ? "bits" : "bits per byte";
  const bytes = checkNumber("measure text", "bytesPerToken", bytesPerToken ?? 1, { above: 0 });
  return {
    ...data,
    name: "next-token",
    measures: [{ name: bits, better: "less" }, { name: "perplexity", better: "less" }],
    loss: tokenLoss,
    meter: () =>
      meanMeter(
        { loss: tokenLoss },
        ({ loss }) => ({ [bits]: loss! / Math.LN2 / bytes, perplexity: Math.exp(loss!) }),
      ),
  };
}
