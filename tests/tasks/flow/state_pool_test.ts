import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { StatePool } from "../../../tasks/flow/state_pool.ts";

Deno.test("a place is handed out again when its last user has gone, the latest first", () => {
  const pool = new StatePool([2, 3, 4]);
  const [a, b] = [pool.take(), pool.take()];
  assertNotEquals(a, b);
  assertEquals(pool.share(a), a);
  pool.release(b);
  pool.release(a);
  assertEquals(pool.take(), b);
  pool.release(a);
  assertEquals(pool.take(), a);
});

Deno.test("a pool without a free place says so", () => {
  const pool = new StatePool([2, 3]);
  pool.take();
  pool.take();
  assertThrows(
    () => pool.take(),
    RangeError,
    "Cannot take a place for a state: all 2 are in use; keep fewer states",
  );
});
