import { assertEquals, assertThrows } from "@std/assert";
import { readTar } from "../../../core/data/tar.ts";
import { encodeTar } from "../../support/cifar.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

Deno.test("readTar() finds every file with its content, also empty ones", () => {
  const files = { "a/b": bytesOf("x".repeat(513)), "c": new Uint8Array(0), "d": bytesOf("y") };
  assertEquals(readTar(encodeTar(files), "t"), new Map(Object.entries(files)));
});

Deno.test("readTar() refuses damaged headers and archives that are cut off", () => {
  const whole = encodeTar({ "a": bytesOf("x".repeat(600)) });
  const damaged = whole.slice();
  damaged[3] = 65;
  assertThrows(
    () => readTar(damaged, "t"),
    Error,
    "Cannot read t as a tar archive: expected header",
  );
  assertThrows(
    () => readTar(whole.subarray(0, 700), "t"),
    Error,
    "expected 600 bytes of a, got 188",
  );
  assertThrows(() => readTar(whole.subarray(0, 300), "t"), Error, "expected a header at byte 0");
});

Deno.test("readTar() refuses sizes that are no octal digits, whatever the header's sum", () => {
  for (const size of ["-0000002000\0", "           \0", "0000000xx00\0"]) {
    const whole = encodeTar({ "a": bytesOf("x".repeat(600)) });
    whole.set(bytesOf(size), 124);
    whole.set(bytesOf("        "), 148);
    const sum = whole.subarray(0, 512).reduce((a, b) => a + b, 0);
    whole.set(bytesOf(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
    assertThrows(() => readTar(whole, "t"), Error, "expected a size of a, got other text", size);
  }
});

const version = await new Deno.Command("tar", { args: ["--version"] }).output().catch(() => {});
const reason = version?.success ? "" : " (skipped: no tar here)";

Deno.test({
  name: `readTar() reads what the system's tar writes${reason}`,
  ignore: reason !== "",
  fn: readsForeignArchive,
});

async function readsForeignArchive(): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/in`);
    await Deno.writeTextFile(`${folder}/in/one`, "first");
    await Deno.writeTextFile(`${folder}/in/two`, "second".repeat(300));
    const args = ["-cf", `${folder}/a.tar`, "-C", folder, "in"];
    assertEquals((await new Deno.Command("tar", { args }).output()).code, 0);
    const files = readTar(await Deno.readFile(`${folder}/a.tar`), "a.tar");
    const texts = [...files].map(([k, v]) => [k, new TextDecoder().decode(v)]).sort();
    assertEquals(texts, [["in/one", "first"], ["in/two", "second".repeat(300)]]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
