import { assert, assertEquals, assertThrows } from "@std/assert";
import { blas } from "../../../../core/backend/blas/mod.ts";
import {
  makeTeamBuffer,
  PIECE_NUMBERS,
  PIECES,
  takePieces,
  teamMemory,
  WORD,
} from "../../../../core/backend/blas/team_protocol.ts";
import { type Engine, openEngine } from "../../../../core/backend/mod.ts";
import {
  gaussianTensor,
  largestDifference,
  unlessPresent,
} from "../../../support/backend_checks.ts";

/** A job of so many pieces. */
function job(pieces: number, number = 1) {
  const memory = teamMemory(makeTeamBuffer());
  memory.words[WORD.pieces] = pieces;
  memory.words[WORD.state] = number * PIECES;
  return memory;
}

Deno.test("takePieces() computes each piece once, in order, and counts them", () => {
  const memory = job(5);
  const taken: number[] = [];
  takePieces(memory, 1, (start) => taken.push(start / PIECE_NUMBERS));
  assertEquals(taken, [0, 1, 2, 3, 4]);
  assertEquals(memory.words[WORD.done], 5);
  takePieces(memory, 1, () => assert(false, "nothing is left"));
});

Deno.test("takePieces() leaves the pieces of another job alone", () => {
  const memory = job(3, 7);
  takePieces(memory, 6, () => assert(false, "not this job"));
  assertEquals(memory.words[WORD.done], 0);
});

Deno.test("takePieces() shares the pieces with whoever comes meanwhile", () => {
  const memory = job(6);
  const taken: string[] = [];
  takePieces(memory, 1, (start) => {
    if (start === 0) takePieces(memory, 1, (s) => taken.push(`helper ${s / PIECE_NUMBERS}`));
    else taken.push("main");
  });
  assertEquals(taken, [1, 2, 3, 4, 5].map((i) => `helper ${i}`));
  assertEquals(memory.words[WORD.done], 6);
});

async function withThreads(name: string, f: (e: Engine) => Promise<void>): Promise<void> {
  Deno.test({
    ...await unlessPresent(blas, name),
    sanitizeResources: false,
    fn: async () => {
      try {
        await f((await openEngine("blas", { threads: 3 })).engine);
      } finally {
        await openEngine("blas");
      }
    },
  });
}

const SHAPES = [[97, 130, 301], [300, 33, 257], [40, 700, 90], [1, 1200, 900], [500, 64, 128]];

await withThreads("products of three threads are those of one", async (e) => {
  await openEngine("blas", { threads: 1 });
  const products = () =>
    SHAPES.flatMap(([m, n, k]) =>
      [false, true].flatMap((transposeLeft) =>
        [false, true].map((transposeRight) => {
          const a = gaussianTensor(e, transposeLeft ? [k!, m!] : [m!, k!], 1);
          const b = gaussianTensor(e, transposeRight ? [n!, k!] : [k!, n!], 2);
          return e.matMul(a, b, { transposeLeft, transposeRight });
        })
      )
    );
  await e.scope(async () => {
    const alone = products();
    await openEngine("blas", { threads: 3 });
    const shared = products();
    for (const [i, t] of alone.entries()) {
      assert(await largestDifference(e, t, shared[i]!) < 1e-3, `product ${i}`);
    }
  });
});

await withThreads(
  "products of three threads repeat bit for bit, whoever computes what",
  async (e) => {
    await e.scope(async () => {
      const [a, b] = [gaussianTensor(e, [333, 257], 1), gaussianTensor(e, [257, 190], 2)];
      const first = await e.read(e.matMul(a, b));
      // Helpers are still starting at first, then awake, then asleep.
      for (let i = 0; i < 200; i++) {
        assertEquals(await e.read(e.matMul(a, b)), first);
        if (i % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
      }
    });
  },
);

await withThreads("a number of threads that is none is refused", async () => {
  for (const threads of [0, 1.5, -2, NaN]) {
    let message = "";
    await openEngine("blas", { threads }).catch((error) => message = error.message);
    assertEquals(message, `Cannot use ${threads} threads: expected a whole number of at least 1`);
  }
  assertThrows(() => teamMemory(new SharedArrayBuffer(8)), RangeError);
});
