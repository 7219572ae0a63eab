import { currentPoints, type Run, type Tokenizer } from "../../core/mod.ts";
import { generateTokens, isLanguageModel } from "../../layers/mod.ts";

/** Tokens that are shown. */
const LENGTH = 64;

/** Says what a language model under training writes after a line break; nothing without a text. */
export async function sample(run: Run, tokenizer: Tokenizer | undefined): Promise<void> {
  const { method: { engine }, network, seed } = run.options;
  if (!tokenizer || !isLanguageModel(network)) return;
  const points = currentPoints(network, run.state.states);
  const prompt = tokenizer.encode("\n");
  if (prompt.length === 0) return;
  const tokens = Math.min(LENGTH, network.parts.context + 1 - prompt.length);
  const ids: number[] = [];
  for await (const id of generateTokens(engine, network, points, prompt, { tokens, seed })) {
    ids.push(id);
  }
  const text = `writes: ${tokenizer.decode(ids).replaceAll(/\s+/g, " ").trim()}`;
  run.options.listener?.({ type: "message", level: "info", text });
}
