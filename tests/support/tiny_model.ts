/** Models of another library, small. */

import {
  disposeStates,
  initialStates,
  type ModelFolder,
  openEngine,
  writeModelFolder,
} from "../../core/mod.ts";
import { gptAsGpt2, type Pretrained, pretrainedTensors } from "../../layers/mod.ts";
import { stillMethod } from "../../tasks/language/open_model.ts";

/** Writes one that knows the letters a, b and c, with its tokenizer. */
export async function writeTinyModel(folder: string, config: object = {}): Promise<void> {
  const size = { vocabulary: 4, context: 8, width: 8, heads: 2, blocks: 1 };
  const model = await modelOf(gptAsGpt2(size));
  const vocab = { a: 0, b: 1, c: 2, "<unk>": 3 };
  const pairs = { type: "BPE", vocab, merges: [], unk_token: "<unk>" };
  const steps = { normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null };
  const json = { version: "1.0", added_tokens: [], ...steps, model: pairs };
  const files = { "tokenizer.json": JSON.stringify(json) };
  await writeModelFolder(folder, { ...model, config: { ...model.config, ...config } }, { files });
}

/** A model with drawn weights as a folder holds it. */
export async function modelOf(pretrained: Pretrained): Promise<ModelFolder> {
  const { engine } = await openEngine("wasm");
  const method = stillMethod(engine);
  const states = await initialStates(method, pretrained.network, 1);
  const tensors = await pretrainedTensors(method, pretrained, states);
  disposeStates(states, {});
  return { config: pretrained.config, tensors };
}

/** Words that {@linkcode wordTokenizer} knows, the marks [CLS] and [SEP] among them. */
export const WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "good", "bad", "so", "and", "it", "is"];

/** A `tokenizer.json` that makes a word a token, with marks around a text. */
export function wordTokenizer(): string {
  const vocab = Object.fromEntries(WORDS.map((word, id) => [word, id]));
  const mark = (id: string) => ({ SpecialToken: { id, type_id: 0 } });
  const single = [mark("[CLS]"), { Sequence: { id: "A", type_id: 0 } }, mark("[SEP]")];
  const marks = ["[CLS]", "[SEP]"].map((id) => [id, { id, ids: [vocab[id]], tokens: [id] }]);
  return JSON.stringify({
    ...{ version: "1.0", added_tokens: [], normalizer: null, decoder: null },
    pre_tokenizer: { type: "BertPreTokenizer" },
    post_processor: {
      ...{ type: "TemplateProcessing", single, pair: single },
      special_tokens: Object.fromEntries(marks),
    },
    model: {
      ...{ type: "WordPiece", unk_token: "[UNK]", continuing_subword_prefix: "##" },
      ...{ max_input_chars_per_word: 20, vocab },
    },
  });
}
