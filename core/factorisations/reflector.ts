/**
 * Householder's reflections.
 *
 * @module
 */

/**
 * Makes v of the reflection I − v vᵀ, of length √2, that takes x to a multiple of the first unit
 * vector. It is orthogonal to round-off whatever x is, so that bases stay orthonormal where columns
 * are dependent and what is left of them is round-off.
 *
 * @param a Holds x, which v takes the place of; zeros for the identity.
 * @param begin Where x begins.
 * @param end Where it ends; it has one number at least.
 * @returns The first entry of what x becomes.
 */
export function reflector(a: Float64Array, begin: number, end: number): number {
  let largest = 0;
  for (let i = begin; i < end; i++) largest = Math.max(largest, Math.abs(a[i]!));
  if (largest === 0) return 0;
  let square = 0;
  for (let i = begin; i < end; i++) {
    // Numbers next to the smallest have few digits: the length is that of what is left of them.
    const x = a[i]! / largest;
    a[i] = x;
    square += x * x;
  }
  const length = Math.sqrt(square);
  const sign = a[begin]! < 0 ? -1 : 1;
  const head = length + Math.abs(a[begin]!);
  a[begin] = sign * head;
  const scale = 1 / Math.sqrt(length * head);
  for (let i = begin; i < end; i++) a[i]! *= scale;
  return -sign * length * largest;
}
