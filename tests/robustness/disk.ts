/** A full disk, under the output and under the run: one line says so, and no checkpoint is lost. */

import { join } from "node:path";
import { type Conditions, finished } from "./kills.ts";
import { Counter, type Tally } from "./tally.ts";
import { commandLine, ended, start, traceOf } from "./trial.ts";

/** Size of the disk, in bytes: more than a run takes, with one file twice while it is replaced. */
const DISK = 384 * 1024;

/**
 * Fills a small disk but for a random part, runs, makes room, goes on, and copies what is there.
 * The disk is a file system in memory that only these commands see.
 */
const ON_SMALL_DISK = `
mount -t tmpfs -o size=${DISK} none "$1" || exit 99
head -c "$2" /dev/zero > "$1/filler"
out=$1/run; keep=$3; shift 3
"$@" --out "$out"; echo "first $?"
ls -A "$out" 2>/dev/null | sed 's/^/left /'
rm "\${out%/run}/filler"
resume=; [ -e "$out/config.json" ] && resume=--resume
"$@" --out "$out" $resume; echo "second $?"
cp -r "$out" "$keep"`;

/** Whether small disks can be had here: on Linux, where users may have name spaces of their own. */
export async function hasSmallDisks(): Promise<boolean> {
  const folder = await Deno.makeTempDir();
  try {
    const args = ["unshare", "-rm", "mount", "-t", "tmpfs", "-o", "size=64k", "none", folder];
    return (await ended(start(args))).code === 0;
  } catch {
    return false;
  } finally {
    await Deno.remove(folder);
  }
}

/** Once with the output on a full disk, so often with the run on a disk that runs full. */
export async function fullDisk(conditions: Conditions): Promise<Tally> {
  const { folder, count, random, undisturbed } = conditions;
  const counter = new Counter();
  const out = join(folder, "full-output");
  const unheard = await ended(start(["sh", "-c", '"$@" > /dev/full', "sh", ...commandLine(out)]));
  await finished(counter, out, unheard.code, unheard.text, undisturbed);
  const disk = join(folder, "disk");
  await Deno.mkdir(disk);
  for (let k = 0; k < count; k++) {
    const filled = Math.floor(DISK * (0.4 + 0.6 * random.uniform()));
    const keep = join(folder, `full-${k}`);
    const script = ["unshare", "-rm", "sh", "-c", ON_SMALL_DISK, "sh", disk, `${filled}`, keep];
    const { text } = await ended(start([...script, ...commandLine()]));
    judge(counter, text, `${filled} of ${DISK} bytes filled`);
    counter.expectEqual(await traceOf(keep), undisturbed.trace, keep);
  }
  return counter.tally;
}

function judge(counter: Counter, text: string, what: string): void {
  const first = /^first (\d+)$/m.exec(text)?.[1];
  const second = /^second (\d+)$/m.exec(text)?.[1];
  const line = /^Cannot write [^\n]*: expected room on the disk, got none$/m;
  if (first === "0") counter.add("runs that found room");
  else {
    counter.add("runs that ran out of room and went on when there was some");
    counter.expect(first === "1" && line.test(text), `${what}: ${text}`);
    counter.expect(!/^left .*\.part$/m.test(text), `${what}: left behind: ${text}`);
  }
  counter.expect(second === "0", `${what}: ${text}`);
}
