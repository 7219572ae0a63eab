import { assertEquals, assertThrows } from "@std/assert";
import {
  addonFile,
  addonFolder,
  readRecord,
} from "../../../../core/backend/tensorflow/addon_folder.ts";

Deno.test("addonFolder() follows the conventions of each system", () => {
  const home = { HOME: "/somebody", LOCALAPPDATA: "C:/a" };
  assertEquals(addonFolder({ os: "linux", env: home }), "/somebody/.cache/rankflow/tensorflow");
  assertEquals(
    addonFolder({ os: "linux", env: { ...home, XDG_CACHE_HOME: "/fast" } }),
    "/fast/rankflow/tensorflow",
  );
  assertEquals(
    addonFolder({ os: "darwin", env: home }),
    "/somebody/Library/Caches/rankflow/tensorflow",
  );
  assertEquals(addonFolder({ os: "windows", env: home }), "C:/a/rankflow/tensorflow");
});

Deno.test("addonFolder() takes the folder that RANKFLOW_TENSORFLOW names before any other", () => {
  const env = { HOME: "/somebody", RANKFLOW_TENSORFLOW: "/opt/addon" };
  assertEquals(addonFolder({ os: "linux", env }), "/opt/addon");
  assertEquals(addonFile("/opt/addon"), "/opt/addon/lib/napi-v8/tfjs_binding.node");
});

Deno.test("addonFolder() says what to set where there is no home", () => {
  assertThrows(
    () => addonFolder({ os: "linux", env: {} }),
    Error,
    "Cannot place the TensorFlow addon: expected a home folder, got none; set RANKFLOW_TENSORFLOW",
  );
});

Deno.test("readRecord() finds nothing where there is no record or a damaged one", async () => {
  const folder = await Deno.makeTempDir();
  try {
    assertEquals(await readRecord(folder), undefined);
    await Deno.writeTextFile(`${folder}/rankflow.json`, "{");
    assertEquals(await readRecord(folder), undefined);
    await Deno.writeTextFile(`${folder}/rankflow.json`, '{"libtensorflow":"/a"}');
    assertEquals((await readRecord(folder))?.libtensorflow, "/a");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
