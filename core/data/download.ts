/**
 * Fetches a file from the first of several mirrors that delivers it whole.
 *
 * @module
 */

import { join } from "node:path";
import { writeAtomic } from "../io/atomic.ts";
import { makeFolder } from "../io/mod.ts";
import type { LoadProgress } from "./dataset.ts";

/** Options of {@linkcode download}. */
export interface DownloadOptions {
  /** Addresses of folders that hold the file, each with a closing slash, the best first. */
  readonly mirrors: readonly string[];
  /** Says what is wrong with received bytes, or undefined when they are as they must be. */
  readonly check: (bytes: Uint8Array) => string | undefined;
  /** Called as bytes arrive. */
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
  /** Milliseconds without any byte after which a mirror is given up; default 30,000. */
  readonly patience?: number | undefined;
  /** Ends the download when it aborts. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Downloads a file into a folder. It appears there only when it is whole and passed the check.
 *
 * @param file Name of the file, at the mirrors and in the folder.
 * @param directory The folder; made where it is missing.
 * @returns Path of the file.
 * @throws {Error} When no mirror delivered, with each mirror's reason, or the folder is not
 * writable; the reason of the signal when that aborts.
 */
export async function download(
  file: string,
  directory: string,
  options: DownloadOptions,
): Promise<string> {
  const reasons: string[] = [];
  for (const mirror of options.mirrors) {
    const received = await attempt(new URL(file, mirror), file, options);
    options.signal?.throwIfAborted();
    if (received instanceof Uint8Array) {
      await makeFolder(directory);
      const path = join(directory, file);
      await writeAtomic(path, received);
      return path;
    }
    reasons.push(`${mirror}: ${received}`);
  }
  const why = reasons.length > 0 ? reasons.join("; ") : "there is no mirror";
  throw new Error(`Cannot download ${file}: no mirror delivered it (${why})`);
}

/** The bytes of a file, or one line that says why this mirror did not deliver. */
async function attempt(
  url: URL,
  file: string,
  options: DownloadOptions,
): Promise<Uint8Array | string> {
  try {
    const bytes = await receive(url, file, options);
    return options.check(bytes) ?? bytes;
  } catch (error) {
    return reasonOf(error);
  }
}

/** The message of an error; of fetch, which keeps what happened in the cause, without the address. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message } = error instanceof TypeError && error.cause instanceof Error
    ? error.cause
    : error;
  return message.replace(/^error sending request for url \(\S*\): /, "");
}

async function receive(url: URL, file: string, options: DownloadOptions): Promise<Uint8Array> {
  using watch = new Watch(options.patience ?? 30_000);
  const signal = options.signal ? AbortSignal.any([watch.signal, options.signal]) : watch.signal;
  const response = await fetch(url, { signal });
  if (!response.ok || !response.body) {
    await response.body?.cancel();
    throw new Error(`HTTP status ${response.status}`);
  }
  const total = Number(response.headers.get("content-length")) || undefined;
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let received = 0;
  try {
    for await (const chunk of response.body) {
      watch.restart();
      chunks.push(chunk);
      received += chunk.length;
      options.onProgress?.({ file, received, total });
    }
  } catch (error) {
    const of = total === undefined ? "" : ` of ${total}`;
    throw new Error(`${reasonOf(error)} after ${received}${of} bytes`, { cause: error });
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

/** Aborts when it was not restarted in time. */
class Watch {
  readonly #controller: AbortController = new AbortController();
  readonly #patience: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(patience: number) {
    this.#patience = patience;
    this.restart();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  restart(): void {
    clearTimeout(this.#timer);
    const reason = new Error(`no data for ${this.#patience / 1000} s`);
    this.#timer = setTimeout(() => this.#controller.abort(reason), this.#patience);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
