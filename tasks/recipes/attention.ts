import { backends, splitChoices } from "../../core/mod.ts";
import { attentions } from "../../layers/mod.ts";
import { kindsTable } from "../language/kinds_table.ts";
import type { OptionSchema, ParsedOptions } from "../options.ts";
import { type Recipe, recipe, type RecipeContext } from "../recipe.ts";
import { runPath } from "../run_path.ts";
import { cellsOf } from "../sweep/cells.ts";
import { runSweep } from "../sweep/run.ts";
import { gptRecipe } from "./gpt.ts";

/** Of heads, of what is read and written, of keys and values: the ranks of the paper, scaled. */
const TUCKER = "tucker:heads=4,query=64,key=32";

/** What decides the runs; all else is as of the recipe `gpt`. */
const defaults = {
  kinds: `mha,gqa:groups=2,mqa,mla:query=32,key=32,${TUCKER},${TUCKER},shared=true`,
  seeds: [1],
  dataset: "text",
  data: "",
  tokenizer: "bytes",
  context: 128,
  width: 128,
  heads: 4,
  blocks: 4,
  steps: 600,
  batch: 8,
  learningRate: 3e-3,
  warmup: 50,
  backend: "auto",
  threads: 0, // 0: all cores
  out: "",
  resume: false,
};

type Options = ParsedOptions<typeof defaults>;

function schema(): OptionSchema<typeof defaults> {
  const count = (description: string) => ({ integer: true, min: 1, description });
  return {
    kinds: {
      choiceOf: attentions,
      several: true,
      description: "kinds of attention with their settings",
    },
    seeds: { integer: true, min: 0, description: "seeds of weights and order" },
    dataset: { description: "what is learnt: a text, or a puzzle" },
    data: { description: "the text, a file or a folder of .txt and .txt.gz" },
    tokenizer: { description: "bytes, or a tokenizer.json, or the folder of one" },
    context: count("tokens in an example of a text"),
    width: count("entries of a token"),
    heads: count("heads; divide the width"),
    blocks: count("blocks"),
    steps: count("training steps"),
    batch: count("examples per step"),
    learningRate: { above: 0, description: "largest step size of AdamW" },
    warmup: { integer: true, min: 0, description: "steps of linear warm-up" },
    backend: { oneOf: ["auto", ...backends.names()], description: "what computes" },
    threads: { integer: true, min: 0, description: "threads, 0 for all cores" },
    out: { description: "folder of the runs, default a new one in runs/" },
    resume: { description: "go on with the runs in --out" },
  };
}

/** The kinds of attention side by side: the same GPT on the same text with each. */
export const attentionStudy: Recipe = recipe({
  name: "attention",
  description: "the kinds of attention in one GPT on one text: a table and a picture",
  defaults,
  schema,
  job: compare,
});

async function compare(o: Options, context: RecipeContext): Promise<number> {
  const { kinds, seeds, out, resume, ...settings } = o;
  const axes = { attention: splitChoices(kinds), seed: seeds.map(String) };
  const shared = { ...settings, measureEvery: o.steps };
  const fixed = Object.entries(shared).map(([key, value]) => `--${key}=${value}`);
  const name = "attention";
  const path = runPath(out, name);
  const cells = cellsOf(gptRecipe, { axes, fixed }, false);
  const command = `deno task train ${name} --out ${path}`;
  const plan = { name, settings: { ...settings, kinds }, recipe: gptRecipe, cells, out: path };
  const code = await runSweep({ ...plan, command, resume }, context);
  if (code === 0) context.sink.write(await kindsTable(path, cells));
  return code;
}
