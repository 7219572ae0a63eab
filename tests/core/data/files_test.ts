import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { checkFolder, fetchMissing, locate, unpack } from "../../../core/data/files.ts";
import { gzip, withFolder } from "../../support/idx.ts";

const bytesOf = (text: string): Uint8Array<ArrayBuffer> =>
  new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;

function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

Deno.test("unpack() joins gzip members, empty ones too, and drops zeros that fill the file up", async () => {
  const member = fc.uint8Array({ minLength: 0, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(member, { minLength: 1, maxLength: 4 }),
      fc.nat(600),
      async (contents, zeros) => {
        const members = await Promise.all(contents.map((c) => gzip(Uint8Array.from(c))));
        const packed = join(...members, new Uint8Array(zeros));
        assertEquals([...unpack(packed, "f")], contents.flatMap((c) => [...c]));
      },
    ),
    { numRuns: 50 },
  );
});

Deno.test("unpack() refuses whatever else follows a gzip member", async () => {
  const [a, b] = [await gzip(bytesOf("hello ")), await gzip(bytesOf("world"))];
  const cases: readonly [what: string, bytes: Uint8Array, why: string][] = [
    ["text", join(a, bytesOf("more")), "incorrect header check"],
    ["a member that is cut off", join(a, b.subarray(0, -6)), "unexpected end of file"],
    ["a header that is cut off", join(a, b.subarray(0, 5)), "unexpected end of file"],
    ["a member behind zeros", join(a, new Uint8Array(3), b), "other data follow"],
    ["text behind zeros", join(a, new Uint8Array(3), bytesOf("x")), "other data follow"],
  ];
  for (const [what, bytes, why] of cases) {
    assertThrows(
      () => unpack(bytes, "a/f.gz"),
      Error,
      `Cannot unpack a/f.gz: expected whole gzip data, got damaged or cut-off ones (${why})`,
      what,
    );
  }
});

Deno.test("locate() takes the first folder, spelling and packing that is a file", async () => {
  await withFolder(async (folder) => {
    const [outer, inner] = [folder, `${folder}/raw`];
    await Deno.mkdir(`${inner}/x.idx`, { recursive: true });
    const find = async () =>
      (await locate([outer, inner, `${folder}/none`], ["x-idx", "x.idx"]))?.slice(folder.length);
    assertEquals(await find(), undefined);
    for (const path of ["/raw/x.idx.gz", "/raw/x-idx", "/x.idx.gz", "/x-idx.gz", "/x-idx"]) {
      await Deno.writeTextFile(folder + path, "x");
      assertEquals(await find(), path);
    }
  });
});

Deno.test("locate() finds nothing in a file that has the name of a folder", async () => {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/raw`, "x");
    assertEquals(await locate([`${folder}/raw`], ["x"]), undefined);
  });
});

Deno.test("checkFolder() refuses a file, and lets a missing folder pass", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/file`;
    await checkFolder(path);
    await checkFolder(folder);
    await Deno.writeTextFile(path, "x");
    const { message } = await assertRejects(() => checkFolder(path), Error);
    assertEquals(message, `Cannot read data from ${path}: expected a folder, got a file`);
    const long = `${folder}/${"a".repeat(300)}`;
    const why = "expected a shorter path, got one that is too long";
    await assertRejects(() => checkFolder(long), Error, `Cannot read ${long}: ${why}`);
  });
});

Deno.test("fetchMissing() names what lies there in another form and downloads nothing then", async () => {
  const forms = ["digits.zip", "digits.npz", "my-digits-10-python.tar.gz", "digits-10-batches-py"];
  await withFolder(async (folder) => {
    let fetched = 0;
    const missing = { collection: "digits-10", directory: folder, wanted: "a and b" };
    const fetchFiles = () => Promise.resolve(void fetched++);
    for (const name of ["digits.txt", "holiday.zip", "digits-idx3-ubyte.gz", "archive.org"]) {
      await Deno.writeTextFile(`${folder}/${name}`, "x");
    }
    await fetchMissing(missing, {}, fetchFiles);
    assertEquals(fetched, 1, "what has nothing to do with it is in nobody's way");
    for (const name of [...forms, "archive.zip", "train-00000-of-00001.parquet"]) {
      await Deno.writeTextFile(`${folder}/${name}`, "x");
      for (const offline of [true, false]) {
        const { message } = await assertRejects(
          () => fetchMissing(missing, { offline }, fetchFiles),
          Error,
        );
        assertEquals(
          message,
          "Cannot load digits-10: files are missing, and what lies there is in a form that is not " +
            `read: ${name}. Put a and b into ${folder}, or name the folder that has them with ` +
            "--data DIR",
        );
      }
      await Deno.remove(`${folder}/${name}`);
    }
    assertEquals(fetched, 1);
  });
});
