import { fileURLToPath } from "node:url";

/** Root of the repository. */
export const root: URL = new URL("../../", import.meta.url);

/** Path of a file URL in the form of the operating system. */
export const fromFileUrl: (url: URL) => string = fileURLToPath;

const SKIPPED = new Set([".git", "node_modules", "runs"]);

/**
 * Every file that belongs to the repository, relative to its root: what git tracks or would
 * track, and in a copy without git whatever lies there.
 */
export async function repositoryFiles(): Promise<string[]> {
  const listed = await gitFiles();
  return (listed ?? await walk("")).sort();
}

async function gitFiles(): Promise<string[] | undefined> {
  try {
    const done = await new Deno.Command("git", {
      args: ["ls-files", "-z", "--cached", "--others", "--exclude-standard"],
      cwd: root,
      stderr: "null",
    }).output();
    if (!done.success) return undefined;
    const names = new TextDecoder().decode(done.stdout).split("\0").filter((n) => n !== "");
    return [...new Set(names)].filter(exists);
  } catch {
    return undefined;
  }
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(new URL(path, root)).isFile;
  } catch {
    return false;
  }
}

async function walk(folder: string): Promise<string[]> {
  const out: string[] = [];
  for await (const entry of Deno.readDir(new URL(folder || ".", root))) {
    if (SKIPPED.has(entry.name)) continue;
    const path = `${folder}${entry.name}`;
    if (entry.isDirectory) out.push(...await walk(`${path}/`));
    else out.push(path);
  }
  return out;
}

/** The TypeScript files among {@linkcode repositoryFiles}. */
export async function sourceFiles(): Promise<string[]> {
  return (await repositoryFiles()).filter((f) => f.endsWith(".ts"));
}

/** Reads a file of the repository as text. */
export function readText(path: string): Promise<string> {
  return Deno.readTextFile(new URL(path, root));
}
