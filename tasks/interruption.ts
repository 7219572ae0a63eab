/**
 * Being asked to stop: by Ctrl-C, by a batch system, by a terminal that closes.
 *
 * @module
 */

/** Exit code of a recipe that was asked to stop; see {@linkcode interruptible}. */
export const INTERRUPTED = 130;

/** Signals that ask to save and end, with the numbers that exit codes tell. */
const SIGNALS = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const;

/**
 * Milliseconds within which signals count as one: Ctrl-C reaches all processes of a terminal, and
 * `deno task`, which is one of them, passes it on.
 */
const TOGETHER = 250;

/**
 * Runs a job that signals may stop. The first one asks it to save and end. A second Ctrl-C ends
 * the process at once; other signals are heard once, and SIGHUP not at all under `nohup`.
 *
 * @param job Watches the signal that it is given.
 * @returns What the job returns, or 128 and the number of the signal where that is
 * {@linkcode INTERRUPTED}.
 */
export async function interruptible(
  job: (signal: AbortSignal) => Promise<number>,
): Promise<number> {
  const controller = new AbortController();
  let first: { readonly name: keyof typeof SIGNALS; readonly time: number } | undefined;
  // Before any listener is there: the first one changes what happens to the others.
  const unwanted = hangUpIsIgnored();
  const listeners = Object.keys(SIGNALS).map((key) => {
    const name = key as keyof typeof SIGNALS;
    const stop = (): void => {
      if (name === "SIGHUP" && unwanted) return;
      const time = performance.now();
      first ??= { name, time };
      if (name === "SIGINT" && time > first.time + TOGETHER) Deno.exit(exitCode(name));
      controller.abort();
    };
    return { name, stop };
  }).filter(({ name, stop }) => listen(name, stop));
  try {
    const code = await job(controller.signal);
    return code === INTERRUPTED && first !== undefined ? exitCode(first.name) : code;
  } finally {
    for (const { name, stop } of listeners) Deno.removeSignalListener(name, stop);
  }
}

function exitCode(name: keyof typeof SIGNALS): number {
  return 128 + SIGNALS[name];
}

/**
 * Whether whoever started the process wants it to go on when its terminal closes, as `nohup` does.
 * Only Linux tells.
 */
function hangUpIsIgnored(): boolean {
  if (Deno.build.os !== "linux") return false;
  try {
    const status = Deno.readTextFileSync("/proc/self/status");
    const ignored = BigInt(`0x${/^SigIgn:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? 0}`);
    return (ignored >> BigInt(SIGNALS.SIGHUP - 1) & 1n) === 1n;
  } catch {
    return false;
  }
}

/** Not every system has every signal. */
function listen(name: Deno.Signal, stop: () => void): boolean {
  try {
    Deno.addSignalListener(name, stop);
    return true;
  } catch {
    return false;
  }
}
