import { assert, assertEquals, assertRejects } from "@std/assert";
import { cifarSource, type Dataset } from "../../../core/mod.ts";
import { encodeCifar, encodeTar, tinyCollection } from "../../support/cifar.ts";
import { gzip, withFolder, withServer } from "../../support/idx.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const FILES: Readonly<Record<string, Bytes>> = {
  "one.bin": encodeCifar([0, 1, 2], 1),
  "two.bin": encodeCifar([2, 0], 2),
  "test.bin": encodeCifar([1], 3),
};
const ARCHIVE = await gzip(encodeTar({
  "tiny-files/readme.html": new Uint8Array(3),
  ...Object.fromEntries(Object.entries(FILES).map(([n, b]) => [`tiny-files/${n}`, b])),
}));

const loadFrom = (directory: string, more = {}, mirrors: string[] = []): Promise<Dataset> =>
  cifarSource(tinyCollection(mirrors, ARCHIVE)).load({ directory, seed: 0, ...more });

async function fill(folder: string, files: Readonly<Record<string, Bytes>> = FILES): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  for (const [name, bytes] of Object.entries(files)) {
    await Deno.writeFile(`${folder}/${name}`, bytes);
  }
}

function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map((entry) => entry.name).sort();
}

Deno.test("cifarSource() puts the channels of a pixel side by side, file after file", async () => {
  await withFolder(async (folder) => {
    await fill(folder);
    const { train, test, shape } = await loadFrom(folder);
    assertEquals(shape, [32, 32, 3]);
    assertEquals([...train.labels], [0, 1, 2, 2, 0]);
    assertEquals([...test.labels], [1]);
    for (const [image, file, record] of [[1, "one.bin", 1], [4, "two.bin", 1]] as const) {
      const planes = FILES[file]!.subarray(record * 3073 + 1, (record + 1) * 3073);
      const expected = Array.from(
        { length: 3072 },
        (_, i) => planes[(i % 3) * 1024 + Math.floor(i / 3)]!,
      );
      assertEquals([...train.images.subarray(image * 3072, (image + 1) * 3072)], expected);
    }
  });
});

Deno.test("cifarSource() takes any of the training files, packed or in the archive's folder", async () => {
  await withFolder(async (folder) => {
    await fill(folder);
    const whole = await loadFrom(folder);
    await fill(`${folder}/moved/tiny-files`, { "two.bin": FILES["two.bin"]! });
    await fill(`${folder}/moved`, {
      "one.bin.gz": await gzip(FILES["one.bin"]!),
      "test.bin.gz": await gzip(FILES["test.bin"]!),
    });
    assertEquals((await loadFrom(`${folder}/moved`, { offline: true })).sha256, whole.sha256);
    await Deno.remove(`${folder}/one.bin`);
    const part = await loadFrom(folder, { offline: true });
    assertEquals([...part.train.labels], [2, 0]);
    assert(part.sha256 !== whole.sha256);
  });
});

Deno.test("cifarSource() takes the first images and refuses to give more than there are", async () => {
  await withFolder(async (folder) => {
    await fill(folder);
    assertEquals([...(await loadFrom(folder, { trainCount: 4 })).train.labels], [0, 1, 2, 2]);
    await assertRejects(
      () => loadFrom(folder, { testCount: 2 }),
      RangeError,
      "Cannot take 2 test images: expected an integer from 1 to 1",
    );
  });
});

Deno.test("cifarSource() refuses a file that is cut off, empty, or of another data set", async () => {
  await withFolder(async (folder) => {
    const cases: [Bytes, string][] = [
      [FILES["one.bin"]!.slice(0, 5000), "got 5000 bytes; it may be cut off"],
      [new Uint8Array(0), "got 0 bytes; it may be cut off"],
      [encodeCifar([0, 3]), "expected labels below 3, got 3 in record 1"],
    ];
    for (const [bytes, why] of cases) {
      await fill(folder, { ...FILES, "one.bin": bytes });
      const error = await assertRejects(() => loadFrom(folder), Error, why);
      assert(error.message.startsWith(`Cannot read ${folder}/one.bin as CIFAR records: `));
    }
  });
});

Deno.test("cifarSource() says offline which files to put where", async () => {
  await withFolder(async (folder) => {
    const rest = `into ${folder}, or name the folder that has them with --data DIR`;
    await assertRejects(
      () => loadFrom(folder, { offline: true }, ["http://127.0.0.1:9/"]),
      Error,
      "Cannot load tiny: files are missing and downloads are switched off. Put one.bin, two.bin " +
        `and test.bin (plain or .gz, or some of the training ones) ${rest}`,
    );
    await fill(folder, { "one.bin": FILES["one.bin"]! });
    await assertRejects(
      () => loadFrom(folder, { offline: true }),
      Error,
      `downloads are switched off. Put test.bin (plain or .gz) ${rest}`,
    );
  });
});

Deno.test("cifarSource() downloads the archive once, unpacks it and keeps only records", async () => {
  await withFolder(async (folder) => {
    const asked: string[] = [];
    const received: number[] = [];
    const directory = `${folder}/not/there/yet`;
    const serve = (request: Request) => {
      asked.push(new URL(request.url).pathname);
      return new Response(ARCHIVE);
    };
    await withServer(serve, async (address) => {
      const onProgress = (p: { received: number }) => void received.push(p.received);
      const first = await loadFrom(directory, { onProgress }, [address]);
      assertEquals([...first.train.labels], [0, 1, 2, 2, 0]);
      assertEquals((await loadFrom(directory, {}, [address])).sha256, first.sha256);
    });
    assertEquals(asked, ["/tiny.tar.gz"]);
    assertEquals(received.at(-1), ARCHIVE.length);
    assertEquals(namesIn(directory), ["one.bin", "test.bin", "two.bin"]);
  });
});

Deno.test("cifarSource() downloads the same archive several times at once", async () => {
  await withFolder(async (folder) => {
    await withServer(() => new Response(ARCHIVE), async (address) => {
      for (let round = 0; round < 5; round++) {
        const directory = `${folder}/${round}`;
        const loads = Array.from({ length: 6 }, () => loadFrom(directory, {}, [address]));
        for (const { train } of await Promise.all(loads)) {
          assertEquals([...train.labels], [0, 1, 2, 2, 0]);
        }
        assertEquals(namesIn(directory), ["one.bin", "test.bin", "two.bin"]);
      }
    });
  });
});

Deno.test("cifarSource() unpacks no training file beside those of the user", async () => {
  await withFolder(async (folder) => {
    await fill(folder, { "two.bin": FILES["two.bin"]! });
    await withServer(() => new Response(ARCHIVE), async (address) => {
      assertEquals([...(await loadFrom(folder, {}, [address])).train.labels], [2, 0]);
    });
    assertEquals(namesIn(folder), ["test.bin", "two.bin"]);
  });
});

Deno.test("cifarSource() refuses an archive of other content and leaves nothing behind", async () => {
  await withFolder(async (folder) => {
    const other = await gzip(encodeTar({ "tiny-files/one.bin": FILES["one.bin"]! }));
    await withServer(() => new Response(other), async (address) => {
      await assertRejects(
        () => loadFrom(folder, {}, [address]),
        Error,
        "no mirror delivered it (" + address + ": expected content with sha256 ",
      );
    });
    assertEquals(namesIn(folder), []);
  });
});

Deno.test("cifarSource() takes an archive that lies there, packed or not, and leaves it alone", async () => {
  const plain = encodeTar(
    Object.fromEntries(Object.entries(FILES).map(([n, b]) => [`tiny-files/${n}`, b])),
  );
  for (const [name, bytes] of [["tiny.tar.gz", ARCHIVE], ["tiny.tar", plain]] as const) {
    await withFolder(async (folder) => {
      await fill(folder, { [name]: bytes });
      const data = await loadFrom(folder, { offline: true });
      assertEquals([[...data.train.labels], [...data.test.labels]], [[0, 1, 2, 2, 0], [1]]);
      await fill(folder, { "two.bin": FILES["two.bin"]! });
      const { train } = await loadFrom(folder, { offline: true });
      assertEquals([...train.labels], [2, 0], "files of the user come first");
      assertEquals(namesIn(folder), [name, "two.bin"].sort());
    });
  }
});

Deno.test("cifarSource() names an archive that lies there without the files, or damaged", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/tiny.tar.gz`;
    await fill(folder, { "tiny.tar.gz": encodeTar({ "other/one.bin": FILES["one.bin"]! }) });
    await assertRejects(
      () => loadFrom(folder, { offline: true }),
      Error,
      `Cannot read ${path}: expected tiny-files/one.bin in it, got none`,
    );
    await fill(folder, { "tiny.tar.gz": ARCHIVE.subarray(0, 500) });
    await assertRejects(
      () => loadFrom(folder),
      Error,
      `Cannot unpack ${path}: expected whole gzip`,
    );
  });
});

Deno.test("cifarSource() names the archive of another form and does not download beside it", async () => {
  await withFolder(async (folder) => {
    await fill(folder, { "tiny-python.tar.gz": new Uint8Array(3) });
    await withServer(() => new Response(ARCHIVE), async (address) => {
      await assertRejects(
        () => loadFrom(folder, {}, [address]),
        Error,
        "what lies there is in a form that is not read: tiny-python.tar.gz. Put one.bin, ",
      );
    });
    assertEquals(namesIn(folder), ["tiny-python.tar.gz"]);
  });
});
