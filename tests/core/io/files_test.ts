import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  fileInfo,
  makeFolder,
  readBytes,
  readText,
  reasonOf,
  unlessMissing,
} from "../../../core/io/files.ts";
import { writeAtomic } from "../../../core/io/atomic.ts";
import { withFolder } from "../../support/idx.ts";

/** What each of them does with a path that it cannot use, and what it says then. */
const REFUSED: readonly [name: string, use: (path: string) => Promise<unknown>, begin: string][] = [
  ["readBytes()", readBytes, "Cannot read"],
  ["readText()", readText, "Cannot read"],
  ["fileInfo()", fileInfo, "Cannot read"],
  ["makeFolder()", makeFolder, "Cannot make the folder"],
  ["writeAtomic()", (path) => writeAtomic(path, "x"), "Cannot write"],
];

for (const [name, use, begin] of REFUSED) {
  Deno.test(`${name} says in one line why it cannot use a path`, async () => {
    await withFolder(async (folder) => {
      await Deno.writeTextFile(`${folder}/file`, "x");
      const cases = [
        [`${folder}/file/inner`, "expected folders in its path, got a file"],
        [`${folder}/${"a".repeat(300)}`, "expected a shorter path, got one that is too long"],
        [`${folder}/a\0b`, "file name contained an unexpected NUL byte"],
      ] as const;
      for (const [path, why] of cases) {
        const { message } = await assertRejects(() => use(path), Error);
        assertEquals(message, `${begin} ${path}: ${why}`);
      }
    });
  });
}

Deno.test("readBytes() tells a folder and a missing file apart", async () => {
  await withFolder(async (folder) => {
    const why = async (path: string): Promise<string> =>
      (await assertRejects(() => readBytes(path), Error)).message;
    assertEquals(await why(folder), `Cannot read ${folder}: expected a file, got a folder`);
    assertEquals(
      await why(`${folder}/none`),
      `Cannot read ${folder}/none: there is no such file or folder`,
    );
  });
});

Deno.test("makeFolder() says when a file is in the way", async () => {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "x");
    const { message } = await assertRejects(() => makeFolder(`${folder}/file`), Error);
    assertEquals(
      message,
      `Cannot make the folder ${folder}/file: expected a folder, got a file`,
    );
    await makeFolder(`${folder}/a/b`);
    await makeFolder(`${folder}/a/b`);
    assert((await Deno.stat(`${folder}/a/b`)).isDirectory);
  });
});

Deno.test("unlessMissing() passes results, makes nothing of missing files and throws the rest", async () => {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "x");
    assertEquals(await unlessMissing(() => readText(`${folder}/file`)), "x");
    assertEquals(await unlessMissing(() => readText(`${folder}/none`)), undefined);
    assertEquals(await unlessMissing(() => Deno.lstat(`${folder}/none`)), undefined);
    await assertRejects(() => unlessMissing(() => readText(`${folder}/file/x`)), Error);
  });
});

Deno.test("reasonOf() puts what the system says in words, without numbers and paths", () => {
  const of = (code: string, text: string): string =>
    reasonOf(Object.assign(new Error(`${text} (os error 1): open '/a/b'`), { code }));
  assertEquals(of("EACCES", "Permission denied"), "expected permission, got none");
  assertEquals(
    of("EROFS", "Read-only file system"),
    "expected a disk that can be written to, got a read-only one",
  );
  assertEquals(of("ENOSPC", "No space left on device"), "expected room on the disk, got none");
  assertEquals(of("EIO", "Input/output error"), "Input/output error");
  assertEquals(reasonOf(new Error("the power is gone")), "the power is gone");
  assertEquals(reasonOf("lost"), "lost");
});

Deno.test("reasonOf() names the flag of a permission that is missing", () => {
  const message = 'Requires read access to "/a/b", run again with the --allow-read flag';
  assertEquals(reasonOf(new Deno.errors.NotCapable(message)), "--allow-read is not granted");
});
