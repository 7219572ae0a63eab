import { assertEquals } from "@std/assert";
import { crc32c, tfRecord } from "../../../../core/io/tensorboard/tfrecord.ts";

Deno.test("crc32c() gives the values of RFC 3720, appendix B.4", () => {
  const ascending = Uint8Array.from({ length: 32 }, (_, i) => i);
  assertEquals(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assertEquals(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
  assertEquals(crc32c(ascending), 0x46dd794e);
  assertEquals(crc32c(ascending.toReversed()), 0x113fdb5c);
  assertEquals(crc32c(new TextEncoder().encode("123456789")), 0xe3069283);
});

Deno.test("tfRecord() is what TensorBoard's own writer makes of the same bytes", () => {
  const hex = (text: string): string => tfRecord(new TextEncoder().encode(text)).toHex();
  assertEquals(hex("rankflow"), "0800000000000000ff86240f72616e6b666c6f7740e1ab2f");
  assertEquals(hex(""), "000000000000000029039807d8ea82a2");
});
