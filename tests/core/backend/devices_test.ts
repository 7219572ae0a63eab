import { assertEquals } from "@std/assert";
import { mayHaveCuda, mayHaveGraphics } from "../../../core/backend/devices.ts";

async function withFiles(names: string[], f: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const name of names) await Deno.writeTextFile(`${folder}/${name}`, "");
    await f(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("mayHaveGraphics() and mayHaveCuda() go by the device files on Linux", async () => {
  const cases: [string[], boolean, boolean][] = [
    [["null", "tty", "nvram"], false, false],
    [["null", "dri"], true, false],
    [["null", "nvidiactl"], false, false],
    [["nvidia0", "nvidiactl"], true, true],
    [["dxg"], true, true],
  ];
  for (const [names, graphics, cuda] of cases) {
    await withFiles(names, async (folder) => {
      assertEquals(await mayHaveGraphics("linux", folder), graphics, names.join());
      assertEquals(await mayHaveCuda("linux", folder), cuda, names.join());
    });
  }
});

Deno.test("mayHaveGraphics() rules nothing out where it cannot tell", async () => {
  assertEquals(await mayHaveGraphics("windows", "/no-such-folder"), true);
  assertEquals(await mayHaveGraphics("linux", "/no-such-folder"), true);
  assertEquals(await mayHaveCuda("windows", "/no-such-folder"), true);
  assertEquals(await mayHaveCuda("darwin", "/no-such-folder"), false);
});
