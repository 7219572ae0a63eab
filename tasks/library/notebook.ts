/**
 * How values show themselves in the notebooks of `deno jupyter`.
 *
 * @module
 */

/** What a notebook shows, by media type; it takes the best that it can. */
export type Displayed = Readonly<Record<string, string>>;

/** The method that Deno's notebook kernel asks for. */
const DISPLAY = Symbol.for("Jupyter.display");

/** Lets the values of a class show themselves. */
export function showsItself<T>(
  constructor: { readonly prototype: T },
  display: (value: T) => Promise<Displayed>,
): void {
  Object.defineProperty(constructor.prototype, DISPLAY, {
    value(this: T) {
      return display(this);
    },
  });
}
