/**
 * The adapters that files know.
 *
 * @module
 */

import type { AdapterConfig } from "../../io/mod.ts";
import { adapters } from "../registry.ts";
import type { PeftCodec } from "./codec.ts";
import { pairCodecs } from "./pairs.ts";
import { lohaCodec, lokrCodec, randloraCodec, veraCodec } from "./products.ts";
import { adaloraCodec } from "./triplets.ts";

const CODECS: readonly PeftCodec[] = [
  ...pairCodecs,
  lohaCodec,
  lokrCodec,
  veraCodec,
  randloraCodec,
  adaloraCodec,
];

/**
 * The codec of an adapter.
 *
 * @param adapter Registry name.
 * @returns undefined where PEFT has no such adapter.
 */
export function codecOf(adapter: string): PeftCodec | undefined {
  return CODECS.find((codec) => codec.adapter === adapter && adapters.has(adapter));
}

/**
 * The codec of a file.
 *
 * @returns undefined where no adapter here is what the file says.
 */
export function codecFor({ type, values }: AdapterConfig): PeftCodec | undefined {
  return CODECS.find((codec) =>
    codec.type === type && adapters.has(codec.adapter) &&
    Object.entries(codec.values).every(([key, value]) => same(key, value, values[key]))
  );
}

/** Starts other than PiSSA's say nothing of what a trained adapter is. */
function same(key: string, wanted: unknown, found: unknown): boolean {
  if (key !== "init_lora_weights") return wanted === found;
  return String(found).startsWith("pissa") === (wanted === "pissa");
}
