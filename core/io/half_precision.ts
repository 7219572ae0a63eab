/**
 * Numbers of two bytes as they lie in files, to float32 and back: IEEE 754 binary16, and bfloat16,
 * the upper half of a float32.
 *
 * @module
 */

/** Binary16 to float32, which holds all of its values. */
export function fromFloat16(bytes: Uint8Array): Float32Array {
  return new Float32Array(new Float16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2));
}

/** Bfloat16 to float32, which holds all of its values. */
export function fromBfloat16(bytes: Uint8Array): Float32Array {
  const halves = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
  const words = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) words[i] = halves[i]! << 16;
  return new Float32Array(words.buffer);
}

/** Float32 to the nearest binary16, ties to even; what is too large becomes an infinity. */
export function toFloat16(values: Float32Array): Uint8Array {
  return new Uint8Array(new Float16Array(values).buffer);
}

/** Float32 to the nearest bfloat16, ties to even; what is too large becomes an infinity. */
export function toBfloat16(values: Float32Array): Uint8Array {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = Uint16Array.from(words, (word, i) => {
    // Rounding the fraction of a not-a-number up could make an infinity of it.
    if (Number.isNaN(values[i])) return word >>> 16 | 0x40;
    return (word + 0x7fff + (word >>> 16 & 1)) >>> 16;
  });
  return new Uint8Array(halves.buffer);
}
