import type { Variant } from "../harness.ts";

/** What a worker may answer; see bench/worker.ts for the protocol. */
export interface Answer {
  /** First line of a worker: what it is, in words. */
  readonly ready?: string;
  /** Seconds that a request took. */
  readonly seconds?: number;
  /** Why a request failed. */
  readonly error?: string;
  /** Further results, such as `peakBytes`. */
  readonly [key: string]: unknown;
}

/** A long-lived process that does work on demand, one request at a time. */
export class Worker implements AsyncDisposable {
  /** What the worker says it is. */
  readonly description: string;
  readonly #child: Deno.ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;

  private constructor(
    description: string,
    child: Deno.ChildProcess,
    lines: AsyncIterator<string>,
  ) {
    this.description = description;
    this.#child = child;
    this.#lines = lines;
    this.#input = child.stdin.getWriter();
  }

  /**
   * Starts a worker and waits until it is ready.
   *
   * @param command The program and its arguments.
   * @throws {Error} When the program cannot start or ends before it is ready.
   */
  static async start(command: readonly string[]): Promise<Worker> {
    const child = new Deno.Command(command[0]!, {
      args: command.slice(1),
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const lines = linesOf(child.stdout);
    const first = await lines.next();
    const hello = first.done ? undefined : JSON.parse(first.value) as Answer;
    const worker = new Worker(hello?.ready ?? "", child, lines);
    if (hello?.ready !== undefined) return worker;
    await worker[Symbol.asyncDispose]();
    throw new Error(`Cannot start ${command.join(" ")}: ${hello?.error ?? "it ended at once"}`);
  }

  /**
   * Sends one request and waits for its answer.
   *
   * @throws {Error} When the worker refuses the request or ends.
   */
  async ask(request: Readonly<Record<string, unknown>>): Promise<Answer> {
    await this.#input.write(new TextEncoder().encode(`${JSON.stringify(request)}\n`));
    const line = await this.#lines.next();
    const answer: Answer = line.done ? { error: "it ended" } : JSON.parse(line.value);
    if (answer.error === undefined) return answer;
    throw new Error(`Cannot measure ${JSON.stringify(request)}: ${answer.error}`);
  }

  /** One of the worker's workloads as a variant. */
  variant(name: string, workload: string): Variant {
    return {
      name,
      run: async (steps) => (await this.ask({ workload, steps })).seconds!,
    };
  }

  /** Ends the worker in the middle of what it does. */
  kill(): void {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }

  /** Ends the worker and waits until it is gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close().catch(() => {});
    while (!(await this.#lines.next()).done);
    await this.#child.status;
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream() as never)) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}
