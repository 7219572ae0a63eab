import { dirname, join } from "node:path";
import { fromFileUrl, root } from "../repo/files.ts";

/** A project of somebody who depends on the package, in a folder of its own. */
export interface Project {
  /** Its folder. */
  readonly folder: string;
  /** The folder that holds the package as it is published. */
  readonly dependency: string;
  /** Writes a file of the project. */
  write(name: string, text: string): Promise<void>;
  /** Runs `deno` there. */
  deno(...args: string[]): Promise<{ code: number; out: string; err: string }>;
}

/** The files that `deno publish` would upload, relative to the root. */
export async function publishedFiles(): Promise<string[]> {
  const text = await output(
    ["publish", "--dry-run", "--allow-dirty", "--no-check"],
    fromFileUrl(root),
  );
  const base = root.href;
  const urls = [...text.err.matchAll(/^\s*(file:\/\/\S+) \(/gm)].map((m) => m[1]!);
  return urls.filter((url) => url.startsWith(base)).map((url) => url.slice(base.length));
}

/**
 * Calls `f` with a project whose only source of the package is a copy of the published files, and
 * removes both. The configuration is what `deno add` leaves: an import, no compiler options.
 */
export async function withProject(f: (project: Project) => Promise<void>): Promise<void> {
  const place = await Deno.makeTempDir();
  try {
    const dependency = join(place, "package");
    for (const name of await publishedFiles()) {
      await Deno.mkdir(dirname(join(dependency, name)), { recursive: true });
      await Deno.copyFile(join(fromFileUrl(root), name), join(dependency, name));
    }
    const folder = join(place, "project");
    await Deno.mkdir(folder);
    const write = (name: string, text: string): Promise<void> =>
      Deno.writeTextFile(join(folder, name), text);
    await write(
      "deno.json",
      JSON.stringify({
        imports: { "@rankflow/rankflow": "jsr:@rankflow/rankflow@^0.1.0" },
        links: ["../package"],
      }),
    );
    await f({ folder, dependency, write, deno: (...args) => output(args, folder) });
  } finally {
    await Deno.remove(place, { recursive: true });
  }
}

async function output(args: readonly string[], cwd: string): ReturnType<Project["deno"]> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}
