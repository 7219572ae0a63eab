import { assert, assertEquals, assertThrows } from "@std/assert";
import { attentionPieces, runTiles } from "../../../../core/backend/heap/attention.ts";
import { backends, type Engine, openEngine, type Tensor } from "../../../../core/backend/mod.ts";
import { Random } from "../../../../core/random.ts";
import { unlessPresent } from "../../../support/backend_checks.ts";
import { assertOutputs } from "../../../support/kernel_checks.ts";
import { drawn, type Numbers, upload } from "../../../support/random_cases.ts";
import { type AttentionCase, tiled } from "../../../support/tiled_attention.ts";

/** Batch, heads, groups, queries, keys, entries of a key and of a value. */
type Extents = readonly [number, number, number, number, number, number, number];

const EXTENTS: Readonly<Record<string, Extents>> = {
  "one of everything": [1, 1, 1, 1, 1, 1, 1],
  "a token after a cache of nine": [2, 4, 2, 1, 10, 4, 4],
  "fewer keys than queries": [1, 2, 1, 9, 5, 3, 7],
  "heads that share keys, other values": [2, 6, 2, 17, 21, 8, 5],
  "beyond a tile of 64": [1, 2, 2, 70, 83, 5, 9],
};

/** What there may be beside queries, keys and values. */
const TERMS = {
  "nothing else": {},
  causal: { causal: true },
  "causal, mask": { causal: true, mask: true },
  mask: { mask: true },
  "bias of all scores": { bias: [1, 1, 1, 1] },
  "bias of all sequences, causal": { bias: [0, 1, 1, 1], causal: true },
  "bias of keys, mask": { bias: [1, 0, 0, 1], mask: true },
  "bias of queries": { bias: [1, 1, 1, 0] },
  "bias of all, one number": { bias: [0, 0, 0, 0], causal: true, mask: true },
} as const satisfies Record<string, { bias?: readonly number[]; causal?: boolean; mask?: boolean }>;

const TILES = [[1, 1], [2, 3], [16, 5], [7, 64], [64, 64]] as const;

function caseOf(
  [batch, heads, groups, queries, keys, width, valueWidth]: Extents,
  terms: { bias?: readonly number[]; causal?: boolean; mask?: boolean },
): AttentionCase {
  const random = new Random(7);
  const scores = [batch, heads, queries, keys];
  const bias = terms.bias && drawn(random, scores.map((n, axis) => terms.bias![axis] ? n : 1));
  const hidden = Float64Array.from({ length: batch * keys }, () => Number(random.integer(4) > 0));
  return {
    q: drawn(random, [batch, heads, queries, width]),
    k: drawn(random, [batch, groups, keys, width]),
    v: drawn(random, [batch, groups, keys, valueWidth]),
    dy: drawn(random, [batch, heads, queries, valueWidth]),
    bias,
    mask: terms.mask ? { shape: [batch, keys], data: hidden } : undefined,
    causal: terms.causal ?? false,
    scale: 1 / Math.sqrt(width),
  };
}

/** The same by an engine: output and gradients. */
function byEngine(e: Engine, x: AttentionCase): Tensor[] {
  const put = (n: Numbers) => upload(e, n);
  const [q, k, v, dy] = [x.q, x.k, x.v, x.dy].map(put) as [Tensor, Tensor, Tensor, Tensor];
  const bias = x.bias && put(x.bias);
  const attend = () =>
    e.attention(q, k, v, {
      scale: x.scale,
      causal: x.causal,
      ...x.mask ? { mask: put(x.mask) } : {},
      ...bias ? { bias } : {},
    });
  const loss = () => e.sum(e.mul(attend(), dy));
  return [attend(), ...e.gradients(loss, [q, k, v, ...bias ? [bias] : []]).gradients];
}

function read(e: Engine, x: AttentionCase): Promise<Float32Array[]> {
  return e.scope(() => Promise.all(byEngine(e, x).map((t) => e.read(t) as Promise<Float32Array>)));
}

for (const [name, extents] of Object.entries(EXTENTS)) {
  Deno.test({
    name: `attention in tiles of 1×1 to 64×64 equals the composed one: ${name}`,
    sanitizeResources: false,
    fn: async () => {
      const { engine } = await openEngine("cpu");
      for (const [words, terms] of Object.entries(TERMS)) {
        const x = caseOf(extents, terms);
        const expected = await read(engine, x);
        for (const [i, tile] of TILES.entries()) {
          const ranges = Math.min(1 + i % 3, Math.ceil(extents[3] / tile[0]));
          const found = tiled(x, tile, ranges, i % 2 === 0);
          // The gradient of a number that is added to all scores is what rounding leaves of zero.
          assertOutputs(found, expected, 5e-6, `${words}, ${tile}`, 1);
        }
      }
    },
  });
}

const NOWHERE = { q: 0, k: 0, v: 0, y: 0, stats: 0, dy: 0, dq: 0, dk: 0, dv: 0, mask: 0, bias: 0 };

/** Heads that share keys, and a sequence that is cut into ranges. */
const LONG = caseOf([1, 2, 1, 300, 330, 8, 12], TERMS["causal, mask"]);

for (const name of ["wasm", "blas"]) {
  Deno.test({
    ...await unlessPresent(
      backends.get(name),
      "attention and its gradients are equal bit for bit for any number of threads",
    ),
    sanitizeResources: false,
    sanitizeOps: false,
    fn: async () => {
      const results: Float32Array[][] = [];
      for (const threads of [1, 2, 3]) {
        const { engine } = await openEngine(name, { threads });
        results.push(await read(engine, LONG), await read(engine, LONG));
      }
      for (const result of results) assertEquals(result, results[0]);
    },
  });

  Deno.test({
    ...await unlessPresent(
      backends.get(name),
      "attention and its gradients fit where the scores of all pairs do not",
    ),
    sanitizeResources: false,
    sanitizeOps: false,
    fn: async () => {
      const x = caseOf([1, 4, 4, 1024, 1024, 16, 16], TERMS.causal);
      const { engine: open } = await openEngine(name, { threads: 2 });
      // The scores are 16 MiB.
      const memoryLimit = open.memory().numBytes + 12 * 2 ** 20;
      try {
        const { engine: e } = await openEngine(name, { threads: 2, memoryLimit });
        const outputs = await read(e, x);
        assertEquals(outputs.flatMap((values) => [...values]).every(Number.isFinite), true);
        e.tidy(() => {
          const [q, k] = [upload(e, x.q), upload(e, x.k)];
          assertThrows(
            () => e.batchMatMul(q, k, { transposeRight: true }),
            RangeError,
            "Cannot allocate 16777216 bytes",
          );
        });
      } finally {
        await openEngine(name, {});
      }
    },
  });
}

Deno.test("a token that follows a text wakes no thread, and a long text does", () => {
  const wakes = (queries: number, keys: number) => {
    const counts: number[] = [];
    const shape = { queries, keys, batch: 1, heads: 4, groups: 4, width: 32, valueWidth: 32 };
    const plan = { shape, bias: undefined, scale: 1, causal: true, scratch: 0, ranges: 1 };
    const pieces = attentionPieces({ ...plan, tile: [32, 64] }, NOWHERE, false);
    runTiles({ run: (_, { length }) => counts.push(length) }, plan, "attention-tiles", pieces);
    return counts;
  };
  assertEquals(wakes(1, 1024), [1, 1, 1, 1]);
  assertEquals(wakes(1024, 1024), [4]);
});

Deno.test("ranges of queries have about as many scores, causal or not, and none is empty", () => {
  for (const causal of [true, false]) {
    for (const [queries, keys] of [[2048, 2048], [1024, 1536]] as const) {
      const extents = { queries, keys, batch: 1, heads: 1, groups: 1, width: 1, valueWidth: 1 };
      for (const ranges of [2, 3, 4]) {
        const plan = { shape: extents, bias: undefined, scale: 1, causal, scratch: 0, ranges };
        const pieces = attentionPieces({ ...plan, tile: [32, 64] }, NOWHERE, false);
        const scores = pieces.map((p) => p.queries * (p.seen + p.more * (p.queries - 1) / 2));
        assertEquals(pieces.reduce((sum, p) => sum + p.queries, 0), queries);
        assert(Math.max(...scores) < 1.2 * Math.min(...scores), `${scores}`);
      }
    }
  }
});

Deno.test("attention in tiles leaves a NaN visible, in the query that has it", () => {
  const x = caseOf([1, 1, 1, 5, 9, 4, 3], TERMS["causal, mask"]);
  x.q.data[2 * 4] = NaN;
  const [y] = tiled(x, [2, 4], 1, false);
  const rows = [0, 1, 2, 3, 4].map((i) => y!.subarray(3 * i, 3 * i + 3).every(Number.isFinite));
  assertEquals(rows, [true, true, false, true, true]);
});
