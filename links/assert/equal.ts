/** Objects under comparison, by the partner they were met with: ends the walk on cycles. */
type Seen = Map<object, object>;

/**
 * Whether two values have the same structure and the same leaves.
 *
 * Numbers compare by value with NaN equal to NaN and 0 equal to −0; dates by time; regular
 * expressions and URLs by text; sets and maps without regard to order; other objects by
 * constructor and own enumerable properties.
 *
 * @param a One value.
 * @param b The other.
 * @returns True when they are equal.
 * @throws {TypeError} On weak maps and weak sets, whose content cannot be read.
 */
export function equal(a: unknown, b: unknown): boolean {
  return compare(a, b, new Map());
}

function compare(a: unknown, b: unknown, seen: Seen): boolean {
  if (Object.is(a, b) || a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (seen.get(a) === b) return true;
  if (!sameConstructor(a, b)) return false;
  seen.set(a, b);
  return compareObjects(a, b, seen);
}

function compareObjects(a: object, b: object, seen: Seen): boolean {
  if (a instanceof WeakMap || a instanceof WeakSet) {
    throw new TypeError("Cannot compare weak collections: their content cannot be read");
  }
  if (a instanceof RegExp || a instanceof URL) return String(a) === String(b);
  if (a instanceof Date) return Object.is(a.getTime(), (b as Date).getTime());
  if (a instanceof WeakRef) return compare(a.deref(), (b as WeakRef<object>).deref(), seen);
  if (a instanceof Set) return compareSets(a, b as Set<unknown>, seen);
  if (a instanceof Map) return compareMaps(a, b as Map<unknown, unknown>, seen);
  if (isNumbers(a)) return compareNumbers(a, b as Numbers);
  return compareProperties(a, b, seen);
}

/** A plain record and a record without prototype count as the same kind. */
function sameConstructor(a: object, b: object): boolean {
  const kind = (x: object): unknown => x.constructor ?? Object;
  return kind(a) === kind(b);
}

type Numbers = ArrayLike<number | bigint>;

function isNumbers(a: object): a is Numbers {
  return ArrayBuffer.isView(a) && !(a instanceof DataView);
}

function compareNumbers(a: Numbers, b: Numbers): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== b[i] && !Object.is(a[i], b[i])) return false;
  }
  return true;
}

function compareSets(a: Set<unknown>, b: Set<unknown>, seen: Seen): boolean {
  if (a.size !== b.size) return false;
  const rest = [...b];
  return [...a].every((x) => b.has(x) || takeWhere(rest, (y) => compare(x, y, new Map(seen))));
}

function compareMaps(
  a: Map<unknown, unknown>,
  b: Map<unknown, unknown>,
  seen: Seen,
): boolean {
  if (a.size !== b.size) return false;
  const rest = [...b];
  return [...a].every(([k, x]) => {
    if (b.has(k)) return compare(x, b.get(k), seen);
    return takeWhere(
      rest,
      ([l, y]) => compare(k, l, new Map(seen)) && compare(x, y, new Map(seen)),
    );
  });
}

/** Removes the first item that passes, so that it is not matched twice. */
function takeWhere<T>(items: T[], passes: (item: T) => boolean): boolean {
  const at = items.findIndex(passes);
  if (at >= 0) items.splice(at, 1);
  return at >= 0;
}

function compareProperties(a: object, b: object, seen: Seen): boolean {
  const keys = ownKeys(a);
  if (keys.length !== ownKeys(b).length) return false;
  return keys.every((key) =>
    Object.hasOwn(b, key) &&
    compare((a as Record<PropertyKey, unknown>)[key], (b as typeof a)[key as never], seen)
  );
}

function ownKeys(x: object): PropertyKey[] {
  const symbols = Object.getOwnPropertySymbols(x);
  return [
    ...Object.keys(x),
    ...symbols.filter((s) => Object.prototype.propertyIsEnumerable.call(x, s)),
  ];
}
