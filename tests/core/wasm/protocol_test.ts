import { assert, assertEquals } from "@std/assert";
import { PIECE_NUMBERS, PIECES } from "../../../core/wasm/pieces.ts";
import { takePieces, type TeamMemory, teamMemory, WORD } from "../../../core/wasm/protocol.ts";

/** A job of so many pieces. */
function job(pieces: number, number = 1): TeamMemory {
  const memory = teamMemory();
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
    if (start === 0) takePieces(memory, 1, (s) => taken.push(`other ${s / PIECE_NUMBERS}`));
    else taken.push("main");
  });
  assertEquals(taken, [1, 2, 3, 4, 5].map((i) => `other ${i}`));
  assertEquals(memory.words[WORD.done], 6);
});

Deno.test("takePieces() counts a piece that throws as done and as failed, and tells why", () => {
  const memory = job(3);
  const error = new Error("on purpose");
  const errors = takePieces(memory, 1, (start) => {
    if (start === PIECE_NUMBERS) throw error;
  });
  assertEquals(errors, [error]);
  assertEquals([memory.words[WORD.done], memory.words[WORD.failed]], [3, 1]);
});
