/** Arrays one after another in one. */
export function joined<T extends Uint8Array | Int32Array>(
  make: new (length: number) => T,
  parts: readonly T[],
): T {
  const whole = new make(parts.reduce((n, part) => n + part.length, 0));
  let end = 0;
  for (const part of parts) {
    whole.set(part, end);
    end += part.length;
  }
  return whole;
}
