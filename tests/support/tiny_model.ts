/** A language model of another library, small. */

import { disposeStates, initialStates, openEngine, writeModelFolder } from "../../core/mod.ts";
import { gptAsGpt2, pretrainedTensors } from "../../layers/mod.ts";
import { stillMethod } from "../../tasks/language/open_model.ts";

/** Writes one that knows the letters a, b and c, with its tokenizer. */
export async function writeTinyModel(folder: string, config: object = {}): Promise<void> {
  const { engine } = await openEngine("wasm");
  const method = stillMethod(engine);
  const size = { vocabulary: 4, context: 8, width: 8, heads: 2, blocks: 1 };
  const pretrained = gptAsGpt2(size);
  const states = await initialStates(method, pretrained.network, 1);
  const tensors = await pretrainedTensors(method, pretrained, states);
  disposeStates(states, {});
  const vocab = { a: 0, b: 1, c: 2, "<unk>": 3 };
  const model = { type: "BPE", vocab, merges: [], unk_token: "<unk>" };
  const steps = { normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null };
  const json = { version: "1.0", added_tokens: [], ...steps, model };
  const files = { "tokenizer.json": JSON.stringify(json) };
  const written = { config: { ...pretrained.config, ...config }, tensors };
  await writeModelFolder(folder, written, { files });
}
