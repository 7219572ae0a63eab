import { Registry } from "../registry.ts";
import { weightFormats } from "../training/mod.ts";
import type { Adapter } from "./adapter.ts";
import { adapterFormat } from "./format.ts";

/** Whoever registers an adapter brings the format of weights of its name. */
class AdapterRegistry extends Registry<Adapter> {
  override add(item: Adapter): Adapter {
    super.add(item);
    weightFormats.add(adapterFormat(this, item));
    return item;
  }
}

/**
 * Adapters by name. Each is a format of weights of its name as well.
 *
 * @example The numbers that LoRA of rank 4 trains beside a 64×32 matrix
 * ```ts
 * import { adapters, choose, weightFormats } from "@rankflow/rankflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(choose(adapters, "lora:rank=4").trainables([64, 32]), 4 * (64 + 32));
 * assertEquals(weightFormats.has("lora"), true);
 * ```
 */
export const adapters: Registry<Adapter> = new AdapterRegistry("adapter");
