import { assertEquals, assertRejects } from "@std/assert";
import { removeAbandoned, writeAtomic } from "../../../core/io/atomic.ts";

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map((e) => e.name).sort();
}

Deno.test("writeAtomic() writes texts, bytes and blocks and leaves nothing else", async () => {
  await inFolder(async (folder) => {
    await writeAtomic(`${folder}/text`, "Σ");
    await writeAtomic(`${folder}/bytes`, new Uint8Array([1, 2]));
    await writeAtomic(`${folder}/blocks`, [
      new Uint8Array([1]),
      new Uint8Array(),
      new Uint8Array([2]),
    ]);
    assertEquals(await Deno.readTextFile(`${folder}/text`), "Σ");
    assertEquals([...await Deno.readFile(`${folder}/bytes`)], [1, 2]);
    assertEquals([...await Deno.readFile(`${folder}/blocks`)], [1, 2]);
    assertEquals(namesIn(folder), ["blocks", "bytes", "text"]);
  });
});

Deno.test("writeAtomic() keeps the old file when the new content fails half-way", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/state`;
    await writeAtomic(path, "old");
    const broken = {
      *[Symbol.iterator](): Generator<Uint8Array> {
        yield new Uint8Array([1, 2, 3]);
        throw new Error("the power is gone");
      },
    } as unknown as Uint8Array[];
    await assertRejects(
      () => writeAtomic(path, broken),
      Error,
      `Cannot write ${path}: the power is gone`,
    );
    assertEquals(await Deno.readTextFile(path), "old");
    assertEquals(namesIn(folder), ["state"]);
  });
});

Deno.test("writeAtomic() never shows a reader a part of the file", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/state`;
    const versions = ["a", "b"].map((c) => c.repeat(200_000));
    await writeAtomic(path, versions[0]!);
    let writing = true;
    const writer = (async () => {
      for (let i = 0; i < 20; i++) await writeAtomic(path, versions[i % 2]!);
      writing = false;
    })();
    while (writing) assertEquals(versions.includes(await Deno.readTextFile(path)), true);
    await writer;
  });
});

Deno.test("writeAtomic() removes what killed writers of the file left, and only that", async () => {
  await inFolder(async (folder) => {
    const left = `.state.${crypto.randomUUID()}.part`;
    const others = [`.other.${crypto.randomUUID()}.part`, ".state.part", "state.part"];
    for (const name of [left, ...others]) await Deno.writeTextFile(`${folder}/${name}`, "half");
    await writeAtomic(`${folder}/state`, "whole");
    assertEquals(namesIn(folder), [...others, "state"].sort());
    await removeAbandoned(folder);
    assertEquals(namesIn(folder), [".state.part", "state", "state.part"]);
  });
});

Deno.test("writers of one file at the same time leave each other's files alone", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/state`;
    const versions = ["a", "b", "c", "d"].map((c) => c.repeat(50_000));
    await Promise.all(versions.map(async (text) => {
      for (let i = 0; i < 25; i++) await writeAtomic(path, text);
    }));
    assertEquals(versions.includes(await Deno.readTextFile(path)), true);
    assertEquals(namesIn(folder), ["state"]);
  });
});

Deno.test("writeAtomic() names the file when its folder is missing", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/none/state`;
    await assertRejects(() => writeAtomic(path, "x"), Error, `Cannot write ${path}: `);
  });
});
