/** Paths on the command line mean what they mean where they are typed. */

import { assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { typedFolder } from "../../tasks/typed_folder.ts";
import { withFolder } from "../support/idx.ts";

Deno.test("typedFolder() is where a task was called, and otherwise where the process runs", async () => {
  await withFolder(async (folder) => {
    const [root, called] = [`${folder}/program`, `${folder}/elsewhere`];
    for (const path of [root, called]) await Deno.mkdir(path);
    await Deno.symlink(root, `${folder}/link`);
    assertEquals(typedFolder({ cwd: root, root: `${root}/`, called }), called);
    assertEquals(typedFolder({ cwd: `${folder}/link`, root, called }), called);
    assertEquals(typedFolder({ cwd: root, root, called: undefined }), root);
    assertEquals(typedFolder({ cwd: root, root, called: "" }), root);
    assertEquals(typedFolder({ cwd: root, root, called: `${folder}/gone` }), root);
    assertEquals(typedFolder({ cwd: folder, root, called }), folder, "no task of this program");
    assertEquals(typedFolder({ cwd: root, root: undefined, called }), root);
  });
});

Deno.test("deno task takes paths from where it is typed", async () => {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/mine.ts`, 'throw new Error("found");');
    const config = fileURLToPath(new URL("../../deno.json", import.meta.url));
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["task", "--quiet", "--config", config, "list", "--plugin", "mine.ts"],
      cwd: folder,
      env: { INIT_CWD: folder, NO_COLOR: "1" },
    }).output();
    const err = new TextDecoder().decode(stderr);
    assertEquals([code, /Cannot load plugin mine.ts: found/.test(err)], [1, true], err);
  });
});
