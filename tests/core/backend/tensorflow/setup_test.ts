import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { buildAddon, findWheel } from "../../../../core/backend/tensorflow/build.ts";
import { expectReachable } from "../../../../core/backend/tensorflow/install.ts";
import { runTool } from "../../../../core/backend/tensorflow/run_tool.ts";

async function withFolder(f: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    await f(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const tool = { action: "build a thing", remedy: "install it" };

Deno.test("findWheel() takes the unpacked wheel and the folder tensorflow in it", () =>
  withFolder(async (folder) => {
    const inside = `${folder}/tensorflow`;
    await Deno.mkdir(`${inside}/include/tensorflow/c/eager`, { recursive: true });
    await Deno.writeTextFile(`${inside}/include/tensorflow/c/eager/c_api.h`, "");
    await Deno.writeTextFile(`${inside}/libtensorflow_framework.so.2`, "");
    await assertRejects(() => findWheel(folder), Error, "libtensorflow_cc.so.2");
    await Deno.writeTextFile(`${inside}/libtensorflow_cc.so.2`, "");
    assertEquals(await findWheel(folder), inside);
    assertEquals(await findWheel(inside), inside);
  }));

Deno.test("buildAddon() leaves nothing behind where there is no wheel", () =>
  withFolder(async (folder) => {
    const target = `${folder}/target`;
    await assertRejects(() => buildAddon({ libtensorflow: folder, folder: target }), Error);
    await assertRejects(() => Deno.stat(target), Deno.errors.NotFound);
  }));

Deno.test("runTool() says what to install where the program is missing", async () => {
  await assertRejects(
    () => runTool("rankflow-no-such-program", [], tool),
    Error,
    "Cannot build a thing: expected the program rankflow-no-such-program, got none; install it",
  );
});

Deno.test("runTool() repeats the line that tells why the program failed", async () => {
  const script = 'console.error("note: a\\nfatal error: b\\nnote: c"); Deno.exit(3)';
  const error = await assertRejects(() => runTool(Deno.execPath(), ["eval", script], tool), Error);
  assertStringIncludes(error.message, "ended with code 3: fatal error: b");
});

Deno.test("runTool() is content with a program that ends well", async () => {
  await runTool(Deno.execPath(), ["eval", ""], tool);
});

Deno.test("expectReachable() takes every answer, and tells of the wheel when there is none", async () => {
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, () => {
    return new Response(null, { status: 404 });
  });
  const url = `http://127.0.0.1:${server.addr.port}/`;
  await expectReachable(url);
  await server.shutdown();
  const error = await assertRejects(() => expectReachable(url), Error);
  assertStringIncludes(error.message, `expected an answer from 127.0.0.1:${server.addr.port}`);
  assertStringIncludes(error.message, "--libtensorflow");
});
