import {
  compressStates,
  disposeStates,
  type Layer,
  measure,
  type SequenceData,
  type Task,
  type TrainingMethod,
  type WeightStates,
} from "../../core/mod.ts";
import { withTuckerAttention } from "../../layers/mod.ts";
import type { RecipeContext } from "../recipe.ts";
import { UsageError } from "../usage_error.ts";
import { type GptChoice, gptOf } from "./networks.ts";
import { type OpenedModel, openModel } from "./open_model.ts";

/** What a start is for. */
interface Purpose {
  /** How weights move. */
  readonly method: TrainingMethod;
  /** What is learnt. */
  readonly task: Task;
  /** From what. */
  readonly data: SequenceData;
}

/**
 * Weights to start from: those of a trained model in the form that options say. Attention by heads
 * becomes Tucker attention by the higher-order SVD of its products. Tells the loss before and after.
 *
 * @param folder Of a run of a GPT, or of a model of another library.
 */
export function startFrom(
  folder: string,
  o: GptChoice,
  { method, task, data }: Purpose,
  { sink }: Pick<RecipeContext, "sink">,
): () => Promise<WeightStates> {
  return async () => {
    const network = gptOf(o, data);
    const opened = await openModel(method.engine, folder);
    requireSame(folder, opened, o, data);
    const states = await converted(method, opened, network, o);
    const loss = async (of: Layer, at: WeightStates): Promise<string> =>
      (await measure(method, of, at, task)).loss.toFixed(4);
    const [before, after] = [await loss(opened.model, opened.states), await loss(network, states)];
    disposeStates(opened.states, states);
    sink.write(`Start from ${folder}: loss ${before}, in the form of this run ${after}\n`);
    return states;
  };
}

async function converted(
  method: TrainingMethod,
  { model: network, states }: OpenedModel,
  to: Layer,
  { heads }: GptChoice,
): Promise<WeightStates> {
  const known = new Set(network.weights.map(({ name, shape }) => `${name} ${shape}`));
  if (to.weights.every(({ name, shape }) => known.has(`${name} ${shape}`))) {
    return (await compressStates(method, to, states)).states;
  }
  return (await withTuckerAttention(method, { network, states }, to, heads)).states;
}

function requireSame(
  folder: string,
  { model, tokenizer, rotary }: OpenedModel,
  { attention, positions }: GptChoice,
  { tokenizer: own }: SequenceData,
): void {
  const refuse = (expected: string, got: string) =>
    new UsageError(`Cannot start from ${folder}: expected ${expected}, got ${got}`);
  if (tokenizer.sha256 !== own?.sha256) {
    throw refuse(`the tokenizer of this run, ${own?.name}`, tokenizer.name);
  }
  const turned = positions === "rotary";
  if (rotary !== turned) {
    throw refuse(`positions "${positions}"`, rotary ? "rotary ones" : "others");
  }
  const heads = !model.weights.some(({ shape }) => shape.length === 3);
  if (turned && heads && attention.startsWith("tucker")) {
    throw refuse(
      "a model whose positions are not rotary, for Tucker attention",
      "rotary ones, which lie between its queries and keys",
    );
  }
}
