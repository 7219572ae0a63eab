/**
 * Everything that benches measure, by name.
 *
 * @module
 */

import type { Engine } from "../../core/mod.ts";
import { suggest } from "../../core/registry.ts";
import { adapter } from "./adapter.ts";
import { attention } from "./attention.ts";
import { conv } from "./conv.ts";
import { convnet } from "./convnet.ts";
import { factors } from "./factors.ts";
import { gpt } from "./gpt.ts";
import { integrate } from "./integrators.ts";
import { elementwise, factorise, product } from "./kernels.ts";
import { lapack } from "./lapack.ts";
import { pass, train } from "./network.ts";
import { rule } from "./rule.ts";
import { regularized } from "./regularized.ts";
import type { Workload, WorkloadKind } from "./workload.ts";

const KINDS: readonly WorkloadKind[] = [
  product,
  elementwise,
  factorise,
  lapack,
  integrate,
  factors,
  train,
  pass,
  regularized,
  rule,
  conv,
  convnet,
  attention,
  gpt,
  adapter,
];

/**
 * Makes a workload.
 *
 * @param words Name of its kind and what that kind reads, separated by blanks.
 * @throws {RangeError} When there is no such kind, or it does not understand the words.
 */
export async function makeWorkload(engine: Engine, words: string): Promise<Workload> {
  const [first = "", ...rest] = words.split(" ");
  const kind = KINDS.find((k) => k.name === first);
  if (kind) return await kind.create(engine, rest);
  const help = suggest(first, KINDS.map((k) => k.name));
  throw new RangeError(`Cannot find workload "${first}": ${help}`);
}
