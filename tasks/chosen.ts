import {
  type Choice,
  formatChoice,
  parseChoice,
  type Plugin,
  type Registry,
  splitChoices,
  type Tunable,
  tune,
} from "../core/mod.ts";

/** A plugin that a text chooses. */
export interface Chosen<T> {
  /** What it is called: its name and its settings, as people type them. */
  readonly label: string;
  /** The plugin with its settings. */
  readonly plugin: T;
}

/** Whether the plugin that a text chooses is registered here. */
export function knows(table: Registry<Plugin>, text: string): boolean {
  return table.has(text.split(":", 1)[0]!);
}

/** The plugins that a text chooses, or all of them in place of the name "all"; each once. */
export function chosen<T extends Tunable<T>>(table: Registry<T>, text: string): Chosen<T>[] {
  const choices: Choice<T>[] = text === "all"
    ? table.list().map((plugin) => ({ plugin, settings: {} }))
    : splitChoices(text).map((part) => parseChoice(table, part));
  // Two names may be those of one.
  const byLabel = new Map(choices.map((choice) => [formatChoice(choice), choice]));
  return [...byLabel].map(([label, { plugin, settings }]) => (
    { label, plugin: tune(table, plugin, settings) }
  ));
}
