/**
 * Tables of plugins. A plugin is a value with a name; a kind of plugin is a {@linkcode Registry}.
 *
 * @module
 */

/**
 * What every plugin carries, whatever its kind.
 *
 * @example A table of one's own
 * ```ts
 * import { type Plugin, Registry } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const shapes = new Registry<Plugin & { readonly sides: number }>("shape");
 * shapes.add({ name: "square", description: "four equal sides", sides: 4 });
 * assertEquals(shapes.get("square").sides, 4);
 * ```
 */
export interface Plugin {
  /** Registry name: lower case with dashes, the name that papers use. */
  readonly name: string;
  /** One line that `task list` prints. */
  readonly description: string;
}

/**
 * A table of plugins of one kind.
 *
 * @example Registering and finding a plugin
 * ```ts
 * import { Registry } from "@rankflow/rankflow/core";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const windows = new Registry<{ name: string; description: string; at: (x: number) => number }>(
 *   "window",
 * );
 * windows.add({ name: "square", description: "constant weight", at: () => 1 });
 * assertEquals(windows.get("square").at(0.3), 1);
 * assertThrows(() => windows.get("sqare"), RangeError, 'did you mean "square"');
 * ```
 */
export class Registry<T extends Plugin> {
  /** The word that error messages use for one entry. */
  readonly kind: string;
  readonly #items: Map<string, T> = new Map();
  readonly #aliases: Map<string, string> = new Map();

  /** Makes an empty table; `kind` is the word used in messages, such as "integrator". */
  constructor(kind: string) {
    this.kind = kind;
  }

  /**
   * Adds a plugin and returns it.
   *
   * @throws {RangeError} When the name is taken or is not lower case with dashes.
   */
  add(item: T): T {
    this.#checkName(item.name);
    this.#items.set(item.name, item);
    return item;
  }

  /**
   * Gives a plugin that is there a second name: one that other papers use for the same.
   *
   * @throws {RangeError} When the name is taken, is not lower case with dashes, or nothing is there.
   */
  alias(name: string, of: string): void {
    this.#checkName(name);
    this.#aliases.set(name, this.get(of).name);
  }

  #checkName(name: string): void {
    if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) {
      throw new RangeError(
        `Cannot register ${this.kind} "${name}": a name is lower case words joined by dashes`,
      );
    }
    if (this.has(name)) {
      throw new RangeError(
        `Cannot register ${this.kind} "${name}": the name is taken, choose another`,
      );
    }
  }

  /**
   * Looks a plugin up by its name or an alias.
   *
   * @throws {RangeError} When there is none of that name; the message lists the near ones.
   */
  get(name: string): T {
    const item = this.#items.get(this.#aliases.get(name) ?? name);
    if (item) return item;
    throw new RangeError(`Cannot find ${this.kind} "${name}": ${suggest(name, this.known())}`);
  }

  /** Whether a plugin of that name or alias is there. */
  has(name: string): boolean {
    return this.#items.has(name) || this.#aliases.has(name);
  }

  /** Aliases of a plugin, in the order of registration. */
  aliases(name: string): string[] {
    return [...this.#aliases.keys()].filter((alias) => this.#aliases.get(alias) === name);
  }

  /** All that may be asked for: names, then aliases. */
  known(): string[] {
    return [...this.#items.keys(), ...this.#aliases.keys()];
  }

  /** All names in the order of registration. */
  names(): string[] {
    return [...this.#items.keys()];
  }

  /** All plugins in the order of registration. */
  list(): T[] {
    return [...this.#items.values()];
  }
}

/**
 * Words the help that follows an unknown name: the near names when there are some, else all.
 *
 * @param name What was asked for.
 * @param known The names that exist.
 * @returns `did you mean "a" or "b"` or `known are a, b, c`.
 */
export function suggest(name: string, known: readonly string[]): string {
  const near = known
    .map((k) => ({ k, d: editDistance(name.toLowerCase(), k.toLowerCase()) }))
    .filter(({ k, d }) => d <= Math.max(2, Math.floor(k.length / 3)))
    .sort((a, b) => a.d - b.d)
    .slice(0, 3)
    .map(({ k }) => `"${k}"`);
  if (near.length > 0) return `did you mean ${near.join(" or ")}`;
  return known.length > 0 ? `known are ${[...known].sort().join(", ")}` : "none is registered";
}

/** Levenshtein distance with unit costs. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(substitution, previous[j]! + 1, current[j - 1]! + 1));
    }
    previous = current;
  }
  return previous[b.length]!;
}
