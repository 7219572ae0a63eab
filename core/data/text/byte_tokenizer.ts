import { createHash } from "node:crypto";
import type { Tokenizer } from "./tokenizer.ts";

/** What options call it. */
const NAME = "bytes";
const VOCABULARY = 256;

/**
 * A byte a token: UTF-8, nothing unknown, no file.
 *
 * @example There and back
 * ```ts
 * import { byteTokenizer } from "@rankflow/rankflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * const ids = byteTokenizer.encode("né");
 * assertEquals([...ids], [110, 195, 169]);
 * assertEquals(byteTokenizer.decode(ids), "né");
 * ```
 */
export const byteTokenizer: Tokenizer = {
  name: NAME,
  sha256: createHash("sha256").update(NAME).digest("hex"),
  vocabulary: VOCABULARY,
  encode: (text) => Int32Array.from(new TextEncoder().encode(text)),
  decode(ids) {
    const bytes = Uint8Array.from(ids, (id) => {
      if (Number.isInteger(id) && id >= 0 && id < VOCABULARY) return id;
      throw new RangeError(`Cannot decode token ${id}: expected a byte, 0 to ${VOCABULARY - 1}`);
    });
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  },
};
