/** Makes files in the format of MNIST for tests. */

/** Bytes of an IDX file of that element type. */
export function encodeIdx(
  shape: readonly number[],
  data: ArrayLike<number>,
  type = 0x08,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4 + 4 * shape.length + data.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0, 0, type, shape.length]);
  shape.forEach((extent, i) => view.setUint32(4 + 4 * i, extent));
  bytes.set(Array.from(data), 4 + 4 * shape.length);
  return bytes;
}

/** Packs bytes with gzip. */
export async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Runs `f` with a folder that is gone afterwards. */
export async function withFolder(f: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "rankflow-test-" });
  try {
    await f(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Runs `f` with the address of a server on this machine that answers by `handler`. */
export async function withServer(
  handler: (request: Request) => Response | Promise<Response>,
  f: (address: string) => Promise<void>,
): Promise<void> {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, handler);
  try {
    await f(`http://127.0.0.1:${server.addr.port}/`);
  } finally {
    await server.shutdown();
  }
}

/**
 * Runs `f` with the address of a server that announces more than it sends.
 *
 * @param sent Bytes of the body that it does send, of twice as many announced.
 * @param pause Milliseconds before it closes the connection; ends early when `f` is done.
 */
export async function withAbruptServer(
  sent: number,
  pause: number,
  f: (address: string) => Promise<void>,
): Promise<void> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const done = Promise.withResolvers<void>();
  const answers: Promise<void>[] = [];
  const accepting = (async () => {
    for await (const connection of listener) {
      answers.push(answerAbruptly(connection, sent, pause, done.promise));
    }
  })();
  try {
    await f(`http://127.0.0.1:${listener.addr.port}/`);
  } finally {
    done.resolve();
    listener.close();
    await accepting;
    await Promise.all(answers);
  }
}

async function answerAbruptly(
  connection: Deno.Conn,
  sent: number,
  pause: number,
  done: Promise<void>,
): Promise<void> {
  await connection.read(new Uint8Array(4096));
  const head = `HTTP/1.1 200 OK\r\ncontent-length: ${2 * sent}\r\n\r\n`;
  await connection.write(new TextEncoder().encode(head + "x".repeat(sent)));
  let timer: ReturnType<typeof setTimeout> | undefined;
  const paused = new Promise<void>((resolve) => timer = setTimeout(resolve, pause));
  await Promise.race([paused, done]);
  clearTimeout(timer);
  connection.close();
}
