/** Damaging values and files for tests. */

import fc from "fast-check";

/** A record or a list. */
export type Tree = Record<string, unknown>;

/** Paths of all parts of a value, those of typed arrays as a whole. */
export function pathsIn(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  const isTree = typeof value === "object" && value !== null && !ArrayBuffer.isView(value);
  if (!isTree) return [path];
  const inner = Object.entries(value).flatMap(([key, v]) => pathsIn(v, [...path, key]));
  return path.length === 0 ? inner : [path, ...inner];
}

/** The value with one part replaced. */
export function replaced(value: Tree, [key, ...rest]: readonly string[], by: unknown): Tree {
  const copy = (Array.isArray(value) ? [...value] : { ...value }) as Tree;
  copy[key!] = rest.length === 0 ? by : replaced(value[key!] as Tree, rest, by);
  return copy;
}

/** Bytes with one to four of them changed, dropped or cut off with all that follow. */
export function damaged(whole: Uint8Array): fc.Arbitrary<Uint8Array> {
  const change = fc.record({
    at: fc.nat(Math.max(0, whole.length - 1)),
    kind: fc.constantFrom("set", "drop", "cut"),
    byte: fc.oneof(fc.nat(255), fc.constantFrom(0, 32, 127, 128, 255)),
  });
  return fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) => {
    let bytes = whole.slice();
    for (const { at, kind, byte } of changes) {
      if (kind === "set" && at < bytes.length) bytes[at] = byte;
      if (kind === "cut") bytes = bytes.slice(0, at);
      if (kind === "drop") {
        bytes = Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + 1)]);
      }
    }
    return bytes;
  });
}
