/** One name or several. */
type Names = string | readonly string[];

/** Options of {@linkcode parseArgs}. */
export interface ParseOptions {
  /** Put what follows `--` under the key `--` instead of `_`; default false. */
  readonly "--"?: boolean;
  /** Other names of an option: `{ help: "h" }`. */
  readonly alias?: Readonly<Record<string, Names>>;
  /** Options without a value; `true` means every `--name` without `=`. */
  readonly boolean?: boolean | Names;
  /** Values of options that are not given. */
  readonly default?: Readonly<Record<string, unknown>>;
  /** Stop at the first word that is no option; default false. */
  readonly stopEarly?: boolean;
  /** Options whose value stays text. */
  readonly string?: Names;
  /** Options that may be repeated and become lists. */
  readonly collect?: Names;
  /** Options that `--no-name` sets to false. */
  readonly negatable?: Names;
  /** Called with every word and option that is not declared; `false` leaves it out. */
  readonly unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

/** The names in one field of the options as a union; `never` when the field is absent. */
type NamesOf<O, K extends string> = O extends { readonly [k in K]: infer N }
  ? N extends string ? N : N extends readonly (infer X)[] ? Extract<X, string> : never
  : never;

/** The literal types that `const` inference brings, taken back to their plain types. */
type Widen<T> = T extends string ? string
  : T extends number ? number
  : T extends boolean ? boolean
  : T extends readonly (infer X)[] ? Widen<X>[]
  : T;

type DefaultsOf<O> = O extends { readonly default: infer D } ? D : Record<never, never>;

/** One name's plain value type. */
type Base<O, K> = K extends NamesOf<O, "boolean"> ? boolean
  : K extends NamesOf<O, "string"> ? string
  : unknown;

type Value<O, K> = K extends NamesOf<O, "collect"> ? Base<O, K>[] : Base<O, K>;

type Negated<O, K> = K extends NamesOf<O, "boolean"> ? never
  : K extends NamesOf<O, "negatable"> ? false
  : never;

/** Options that always have a value: booleans, lists and those with a default. */
type Certain<O> =
  | NamesOf<O, "boolean">
  | NamesOf<O, "collect">
  | Extract<keyof DefaultsOf<O>, string>;

type Uncertain<O> = Exclude<NamesOf<O, "string">, Certain<O>>;

type DefaultOf<O, K> = K extends keyof DefaultsOf<O> ? Widen<DefaultsOf<O>[K]> : never;

type Typed<O> =
  & { [K in Certain<O>]: Value<O, K> | Negated<O, K> | DefaultOf<O, K> }
  & { [K in Uncertain<O>]?: Value<O, K> | Negated<O, K> };

type Declared<O> = NamesOf<O, "string"> | NamesOf<O, "boolean"> | NamesOf<O, "collect">;

type DoubleDash<O> = O extends { readonly "--": true } ? { "--": string[] } : Record<never, never>;

/** What {@linkcode parseArgs} returns: the options by name, the other words under `_`. */
export type Args<O = ParseOptions> =
  // deno-lint-ignore no-explicit-any
  & ([Declared<O>] extends [never] ? Record<string, any> : Record<string, unknown> & Typed<O>)
  & { _: Array<string | number> }
  & DoubleDash<O>;
