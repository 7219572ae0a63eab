import type { SequenceData } from "../../data/mod.ts";
import type { Task } from "../task.ts";
import { answers } from "./answers.ts";
import { nextToken } from "./next_token.ts";

/** What a data set of sequences asks for: the next token of a text, or the answer of a puzzle. */
export function sequenceTask(
  { train, test, answers: hasAnswers, bytesPerToken }: SequenceData,
): Task {
  if (hasAnswers) return answers({ train, test });
  return nextToken({ train, test, ...(bytesPerToken === undefined ? {} : { bytesPerToken }) });
}
