import { assertEquals, assertLess, assertRejects, assertStringIncludes } from "@std/assert";
import { createHash } from "node:crypto";
import {
  cacheDirectory,
  type Dataset,
  type IdxCollection,
  idxSource,
} from "../../../core/data/mod.ts";
import type { LoadProgress } from "../../../core/data/mod.ts";
import { encodeIdx, gzip, withAbruptServer, withFolder, withServer } from "../../support/idx.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** The published files of a collection of 2×3 images: 4 for training, 2 for the test. */
const PUBLISHED: Readonly<Record<string, Bytes>> = {
  "train-images": encodeIdx([4, 2, 3], Array.from({ length: 24 }, (_, i) => 10 * i)),
  "train-labels": encodeIdx([4], [0, 1, 2, 0]),
  "test-images": encodeIdx([2, 2, 3], Array.from({ length: 12 }, (_, i) => i)),
  "test-labels": encodeIdx([2], [1, 2]),
};
const NAMES = Object.keys(PUBLISHED);

function collection(mirrors: string[], algorithm = "sha256"): IdxCollection {
  const file = (name: string) => {
    const bytes = PUBLISHED[name]!;
    return {
      name,
      count: bytes[7]!,
      digest: createHash(algorithm).update(bytes).digest("hex"),
    };
  };
  return {
    name: "tiny",
    description: "for this test",
    classNames: ["a", "b", "c"],
    extent: [2, 3],
    mirrors,
    files: [file(NAMES[0]!), file(NAMES[1]!), file(NAMES[2]!), file(NAMES[3]!)],
    patience: 300,
  };
}

async function fill(folder: string, change: Record<string, Bytes> = {}): Promise<void> {
  for (const [name, bytes] of Object.entries({ ...PUBLISHED, ...change })) {
    await Deno.writeFile(`${folder}/${name}`, bytes);
  }
}

const loadOffline = (directory: string, more = {}, mirrors: string[] = []): Promise<Dataset> =>
  idxSource(collection(mirrors)).load({ directory, seed: 0, offline: true, ...more });

/** Answers with the packed published files. */
async function serveFile(request: Request): Promise<Response> {
  const name = new URL(request.url).pathname.slice(1).replace(/\.gz$/, "");
  const bytes = PUBLISHED[name];
  return bytes ? new Response(await gzip(bytes)) : new Response(null, { status: 404 });
}

async function namesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const entry of Deno.readDir(folder)) names.push(entry.name);
  return names.sort();
}

Deno.test("idxSource() loads plain files with their pixels, labels and shape", async () => {
  await withFolder(async (folder) => {
    await fill(folder);
    const data = await loadOffline(folder);
    assertEquals(data.shape, [2, 3, 1]);
    assertEquals([data.train.count, data.test.count, data.classes], [4, 2, 3]);
    assertEquals([...data.train.images], Array.from({ length: 24 }, (_, i) => 10 * i));
    assertEquals([...data.test.labels], [1, 2]);
  });
});

Deno.test("idxSource() loads gzip files and gives them the fingerprint of the plain ones", async () => {
  await withFolder(async (folder) => {
    await fill(folder);
    const plain = await loadOffline(folder);
    for (const name of NAMES) {
      await Deno.remove(`${folder}/${name}`);
      await Deno.writeFile(`${folder}/${name}.gz`, await gzip(PUBLISHED[name]!));
    }
    assertEquals((await loadOffline(folder)).sha256, plain.sha256);
  });
});

Deno.test("idxSource() takes the first images when fewer are asked for", async () => {
  await withFolder(async (folder) => {
    await fill(folder);
    const { train, test } = await loadOffline(folder, { trainCount: 3, testCount: 1 });
    assertEquals([...train.labels], [0, 1, 2]);
    assertEquals(train.images.length, 18);
    assertEquals([...test.labels], [1]);
  });
});

Deno.test("idxSource() refuses to give more images than there are", async () => {
  await withFolder(async (folder) => {
    await fill(folder);
    await assertRejects(
      () => loadOffline(folder, { trainCount: 5 }),
      RangeError,
      "Cannot take 5 training images: expected an integer from 1 to 4",
    );
  });
});

Deno.test("idxSource() accepts a subset whose content it cannot know", async () => {
  await withFolder(async (folder) => {
    await fill(folder, {
      "train-images": encodeIdx([1, 2, 3], [6, 5, 4, 3, 2, 1]),
      "train-labels": encodeIdx([1], [2]),
    });
    assertEquals([...(await loadOffline(folder)).train.images], [6, 5, 4, 3, 2, 1]);
  });
});

for (const algorithm of ["sha256", "md5"]) {
  Deno.test(`idxSource() refuses a file of the published count with another ${algorithm}`, async () => {
    await withFolder(async (folder) => {
      const other = PUBLISHED["test-images"]!.slice();
      other[20]! ^= 1;
      await fill(folder, { "test-images": other });
      const error = await assertRejects(
        () => idxSource(collection([], algorithm)).load({ directory: folder, seed: 0 }),
        Error,
        `Cannot trust ${folder}/test-images: expected content with ${algorithm} `,
      );
      const advice = "; name the folder of another copy with --data DIR";
      assertEquals(error.message.endsWith(advice), true, error.message);
    });
  });
}

Deno.test("idxSource() advises to delete a file only in the folder that it downloads into", async () => {
  await withFolder(async (folder) => {
    const before = Deno.env.get("XDG_CACHE_HOME");
    Deno.env.set("XDG_CACHE_HOME", folder);
    try {
      const own = cacheDirectory();
      const other = PUBLISHED["test-images"]!.slice();
      other[20]! ^= 1;
      await Deno.mkdir(`${own}/tiny`, { recursive: true });
      await fill(`${own}/tiny`, { "test-images": other });
      const error = await assertRejects(() => idxSource(collection([])).load({ seed: 0 }), Error);
      const advice = "; delete the file to have it downloaded again";
      assertEquals(error.message.endsWith(advice), true, error.message);
    } finally {
      if (before === undefined) Deno.env.delete("XDG_CACHE_HOME");
      else Deno.env.set("XDG_CACHE_HOME", before);
    }
  });
});

Deno.test("idxSource() takes names with a dot and the folders of other programs", async () => {
  const dotted = (name: string) => `${name}-idx1-ubyte`;
  const { files, ...rest } = collection([]);
  const renamed = files.map((f) => ({ ...f, name: dotted(f.name) }));
  const source = idxSource({
    ...rest,
    files: renamed as unknown as IdxCollection["files"],
    folders: ["Tiny/raw", "raw"],
  });
  await withFolder(async (folder) => {
    for (const place of ["", "/Tiny/raw", "/raw"]) {
      const directory = `${folder}/at${place.replaceAll("/", "-")}`;
      await Deno.mkdir(directory + place, { recursive: true });
      for (const [i, name] of NAMES.entries()) {
        const spelt = i % 2 ? dotted(name) : dotted(name).replace("-idx", ".idx");
        await Deno.writeFile(`${directory}${place}/${spelt}`, PUBLISHED[name]!);
      }
      const { train, test } = await source.load({ directory, seed: 0, offline: true });
      assertEquals([[...train.labels], [...test.labels]], [[0, 1, 2, 0], [1, 2]]);
    }
  });
});

Deno.test("idxSource() loads files of several gzip members, with zeros behind them", async () => {
  await withFolder(async (folder) => {
    const whole = PUBLISHED["train-images"]!;
    const parts = [whole.slice(0, 20), whole.slice(20), whole.slice(0, 0)];
    const packed = await Promise.all(parts.map(gzip));
    const bytes = [...packed.flatMap((p) => [...p]), ...new Uint8Array(512)];
    await fill(folder, { "train-images": Uint8Array.from(bytes) });
    assertEquals([...(await loadOffline(folder)).train.images], [...whole.subarray(16)]);
  });
});

Deno.test("idxSource() refuses a split without images and names the file", async () => {
  await withFolder(async (folder) => {
    await fill(folder, {
      "test-images": encodeIdx([0, 2, 3], []),
      "test-labels": encodeIdx([0], []),
    });
    const { message } = await assertRejects(() => loadOffline(folder), Error);
    assertEquals(
      message,
      `Cannot use ${folder}/test-images for tiny: expected at least one image, got none`,
    );
  });
});

Deno.test("idxSource() refuses a file where the folder should be", async () => {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "x");
    const { message } = await assertRejects(() => loadOffline(`${folder}/file`), Error);
    assertEquals(message, `Cannot read data from ${folder}/file: expected a folder, got a file`);
  });
});

Deno.test("idxSource() refuses images and labels of different numbers", async () => {
  await withFolder(async (folder) => {
    await fill(folder, { "train-labels": encodeIdx([3], [0, 1, 2]) });
    await assertRejects(
      () => loadOffline(folder),
      Error,
      `Cannot use ${folder}/train-labels for tiny: expected 4 labels, one for each image in ` +
        `${folder}/train-images, got 3 labels`,
    );
  });
});

Deno.test("idxSource() refuses images of another size", async () => {
  await withFolder(async (folder) => {
    await fill(folder, { "test-images": encodeIdx([3, 2, 2], new Uint8Array(12)) });
    await assertRejects(
      () => loadOffline(folder),
      Error,
      `Cannot use ${folder}/test-images for tiny: expected extents n×2×3, got 3×2×2`,
    );
  });
});

Deno.test("idxSource() refuses a label beyond the classes", async () => {
  await withFolder(async (folder) => {
    await fill(folder, {
      "train-images": encodeIdx([2, 2, 3], new Uint8Array(12)),
      "train-labels": encodeIdx([2], [1, 3]),
    });
    await assertRejects(
      () => loadOffline(folder),
      Error,
      `Cannot use ${folder}/train-labels for tiny: expected labels below 3, got 3 at position 1`,
    );
  });
});

Deno.test("idxSource() says offline which files to put where and how to name a folder", async () => {
  await withFolder(async (folder) => {
    await fill(folder);
    await Deno.remove(`${folder}/train-labels`);
    await Deno.remove(`${folder}/test-images`);
    const unused = "http://127.0.0.1:9/";
    await assertRejects(
      () => loadOffline(folder, {}, [unused]),
      Error,
      "Cannot load tiny: files are missing and downloads are switched off. Put train-labels and " +
        `test-images (plain or .gz) into ${folder}, or name the folder that has them with --data DIR`,
    );
  });
});

Deno.test("idxSource() downloads what is missing, reports progress and keeps it", async () => {
  await withFolder(async (folder) => {
    const asked: string[] = [];
    const progress: LoadProgress[] = [];
    const handler = (request: Request) => {
      asked.push(new URL(request.url).pathname);
      return serveFile(request);
    };
    const directory = `${folder}/not/there/yet`;
    await withServer(handler, async (address) => {
      const source = idxSource(collection([address]));
      const onProgress = (p: LoadProgress) => void progress.push(p);
      const warnings: string[] = [];
      const onWarning = (text: string) => {
        assertEquals(asked, [], "it is told before anything is downloaded");
        warnings.push(text);
      };
      const first = await source.load({ directory, seed: 0, onProgress, onWarning });
      const missing = `there is no folder ${directory}: it is made, and tiny is downloaded into it`;
      assertEquals(warnings, [missing]);
      assertEquals([...first.train.labels], [0, 1, 2, 0]);
      assertEquals(asked, NAMES.map((name) => `/${name}.gz`));
      const again = await source.load({ directory, seed: 0, onWarning });
      assertEquals(warnings.length, 1, "of a folder that is there nothing is told");
      assertEquals(again.sha256, first.sha256);
      assertEquals(asked.length, 4, "the second time nothing is downloaded");
    });
    assertEquals(await namesIn(directory), NAMES.map((name) => `${name}.gz`).sort());
    const last = progress.at(-1)!;
    assertEquals(last.file, "test-labels.gz");
    assertEquals(last.received, (await gzip(PUBLISHED["test-labels"]!)).length);
    assertEquals(last.total, last.received);
  });
});

Deno.test("idxSource() ends a download when it is told to, and asks no other mirror", async () => {
  await withFolder(async (directory) => {
    const controller = new AbortController();
    const onProgress = () => controller.abort();
    await withAbruptServer(10, 5000, async (address) => {
      const source = idxSource(collection([address, "http://127.0.0.1:1/"]));
      const begin = performance.now();
      const load = () => source.load({ directory, seed: 0, onProgress, signal: controller.signal });
      await assertRejects(load, Error);
      assertLess(performance.now() - begin, 2000);
    });
    assertEquals(await namesIn(directory), []);
  });
});

type Use = (address: string) => Promise<void>;

/** Ways in which a mirror may fail, with what the message says about it. */
const FAILURES: readonly [string, (use: Use) => Promise<void>, string][] = [
  ["has no such file", answering(() => new Response(null, { status: 404 })), "HTTP status 404"],
  ["sends a page instead", answering(() => new Response("<html>")), "expected content with sha256"],
  ["sends damaged gzip data", answering(damaged), "Cannot unpack train-images.gz"],
  ["closes before the end", (use) => withAbruptServer(10, 0, use), "after 10 of 20 bytes"],
  [
    "falls silent",
    (use) => withAbruptServer(10, 5000, use),
    "no data for 0.3 s after 10 of 20 bytes",
  ],
];

function answering(handler: () => Response | Promise<Response>): (use: Use) => Promise<void> {
  return (use) => withServer(handler, use);
}

async function damaged(): Promise<Response> {
  const bytes = await gzip(PUBLISHED["train-images"]!);
  bytes[bytes.length - 6]! ^= 0xff;
  return new Response(bytes);
}

for (const [what, withBad, reason] of FAILURES) {
  Deno.test(`idxSource() takes the next mirror when one ${what}`, async () => {
    await withFolder((folder) =>
      withBad((bad) =>
        withServer(serveFile, async (good) => {
          const source = idxSource(collection([bad, good]));
          const data = await source.load({ directory: folder, seed: 0 });
          assertEquals([...data.train.labels], [0, 1, 2, 0]);
        })
      )
    );
  });

  Deno.test(`idxSource() leaves nothing behind when the only mirror ${what}`, async () => {
    await withFolder((folder) =>
      withBad(async (bad) => {
        const error = await assertRejects(
          () => idxSource(collection([bad])).load({ directory: folder, seed: 0 }),
          Error,
          "Cannot load tiny: Cannot download train-images.gz: no mirror delivered it",
        );
        assertStringIncludes(error.message, reason);
        assertStringIncludes(error.message, `into ${folder}, or name the folder that has them`);
        assertEquals(await namesIn(folder), []);
      })
    );
  });
}

Deno.test("idxSource() is patient with a mirror that is slow and steady", async () => {
  const slowly = async (request: Request) => {
    const whole = new Uint8Array(await (await serveFile(request)).arrayBuffer());
    const pieces = request.url.includes("train-images") ? 6 : 1;
    let sent = 0;
    const body = new ReadableStream({
      async pull(controller) {
        if (pieces > 1) await new Promise((resolve) => setTimeout(resolve, 80));
        const from = Math.floor(whole.length * sent / pieces);
        controller.enqueue(whole.subarray(from, Math.floor(whole.length * ++sent / pieces)));
        if (sent === pieces) controller.close();
      },
    });
    return new Response(body);
  };
  await withFolder((folder) =>
    withServer(slowly, async (address) => {
      const data = await idxSource(collection([address])).load({ directory: folder, seed: 0 });
      assertEquals(data.train.count, 4);
    })
  );
});

Deno.test("idxSource() names every mirror that could not be reached", async () => {
  await withFolder(async (folder) => {
    const mirrors = ["http://127.0.0.1:1/", "http://127.0.0.1:2/"];
    const error = await assertRejects(
      () => idxSource(collection(mirrors)).load({ directory: folder, seed: 0 }),
      Error,
      "Cannot load tiny",
    );
    for (const mirror of mirrors) assertStringIncludes(error.message, mirror);
  });
});
