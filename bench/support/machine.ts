import { cpus } from "node:os";

/** What identifies a machine in the history; holds no host or user name. */
export interface Machine {
  /** Processor model. */
  readonly cpu: string;
  /** Cores that this process may use. */
  readonly cores: number;
  /** Operating system and architecture. */
  readonly os: string;
}

/** The machine this runs on. */
export function thisMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: navigator.hardwareConcurrency,
    os: `${Deno.build.os} ${Deno.build.arch}`,
  };
}

/** State of the sources that were measured. */
export interface Revision {
  /** Commit, shortened; "unknown" outside a git checkout. */
  readonly commit: string;
  /** Whether tracked files, the history aside, differ from the commit. */
  readonly dirty: boolean;
}

/** Reads commit and state from git. */
export async function thisRevision(): Promise<Revision> {
  const commit = await git("rev-parse", "--short=12", "HEAD");
  const changes = await git("status", "--porcelain", "--untracked-files=no");
  const others = (changes ?? "").split("\n").filter((l) =>
    l !== "" && !l.endsWith("history.jsonl")
  );
  return { commit: commit?.trim() ?? "unknown", dirty: others.length > 0 };
}

async function git(...args: string[]): Promise<string | undefined> {
  try {
    const cwd = new URL("../..", import.meta.url);
    const done = await new Deno.Command("git", { args, cwd, stderr: "null" }).output();
    return done.success ? new TextDecoder().decode(done.stdout) : undefined;
  } catch {
    return undefined;
  }
}
