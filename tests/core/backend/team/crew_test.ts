import { assertEquals, assertThrows } from "@std/assert";
import { gemmNumbers } from "../../../../core/backend/heap/gemm_task.ts";
import type { Hand } from "../../../../core/backend/heap/hand.ts";
import { describePiece, doPiece } from "../../../../core/backend/heap/tasks.ts";
import { TeamCrew } from "../../../../core/backend/team/crew.ts";
import { PIECE_NUMBERS } from "../../../../core/backend/team/protocol.ts";

/** A hand that writes down what it is asked to multiply. */
function scribe(): { hand: Hand; products: unknown[][] } {
  const products: unknown[][] = [];
  const gemm = (...product: unknown[]) => void products.push(product);
  return { hand: { place: 0, simd: {}, gemm }, products };
}

const PRODUCT = [true, false, 3, 4, 5, 64, 3, 2 ** 31 + 64, 4, 2 ** 32 - 64, 4, true] as const;

Deno.test("a piece is done as it was described", () => {
  const { hand, products } = scribe();
  const numbers = new Float64Array(2 * PIECE_NUMBERS);
  describePiece(numbers, PIECE_NUMBERS, "gemm", gemmNumbers(...PRODUCT));
  doPiece(hand, numbers, PIECE_NUMBERS);
  assertEquals(products, [[...PRODUCT]]);
});

Deno.test("a piece of too many numbers is refused with the figures", () => {
  const most = PIECE_NUMBERS - 2;
  assertThrows(
    () => describePiece(new Float64Array(PIECE_NUMBERS), 0, "gemm", Array(most + 1).fill(0)),
    RangeError,
    `Cannot describe a piece of "gemm": expected at most ${most} numbers, got ${most + 1}`,
  );
});

Deno.test("a crew of one does every piece, in order", () => {
  const { hand, products } = scribe();
  const crew = new TeamCrew(hand, undefined);
  assertEquals(crew.threads, 1);
  const pieces = [1, 2, 3].map((m) => gemmNumbers(false, false, m, 1, 1, 0, 1, 0, 1, 0, 1, false));
  crew.run("gemm", pieces);
  assertEquals(products.map((p) => p[2]), [1, 2, 3]);
});
