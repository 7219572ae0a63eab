/** A headless Chromium, driven by its DevTools protocol. */

/** The browser, where there is one. */
export const chromium: string | undefined = ["chromium", "chromium-browser", "google-chrome"]
  .find((name) => {
    try {
      return new Deno.Command(name, { args: ["--version"], stdout: "null", stderr: "null" })
        .outputSync().success;
    } catch {
      return false;
    }
  });

/** What somebody who opens a page would stumble over. */
export interface Visit {
  /** Errors on the console, and those that nobody caught. */
  readonly errors: readonly string[];
  /** Addresses that the page asked a network for. */
  readonly requests: readonly string[];
  /** Width of what the page holds, and of the window. */
  readonly widths: readonly [content: number, window: number];
  /** Texts that reach beyond the picture or the box that they stand in. */
  readonly cut: readonly string[];
}

/** An event of the protocol, or the answer to a command. */
interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
}

/** Texts beyond the svg or the scrolling box around them, by more than a rounding of glyphs. */
const CUT_TEXTS = `[...document.querySelectorAll("svg text, h1, h2, p, td, th")].flatMap((t) => {
  const own = t.getBoundingClientRect();
  if (own.width === 0 || !t.textContent.trim()) return [];
  const box = t.closest("svg") ?? t.closest("section, main, body");
  const outer = box.getBoundingClientRect();
  let scrolls = false;
  for (let e = t.parentElement; e; e = e.parentElement) {
    scrolls ||= /auto|scroll/.test(getComputedStyle(e).overflowX);
  }
  const inPicture = box.tagName === "svg";
  const out = Math.max(outer.left - own.left, own.right - outer.right);
  return out > 2 && (inPicture || !scrolls) ? [t.textContent.trim().slice(0, 60) + " by " + out] : [];
})`;

/** A running browser. */
export class Browser implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #port: string;
  readonly #profile: string;

  private constructor(child: Deno.ChildProcess, port: string, profile: string) {
    this.#child = child;
    this.#port = port;
    this.#profile = profile;
  }

  /** Starts one with a profile of its own. */
  static async start(): Promise<Browser> {
    const profile = await Deno.makeTempDir();
    const child = new Deno.Command(chromium!, {
      args: [
        ...["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        ...["--remote-debugging-port=0", `--user-data-dir=${profile}`, "about:blank"],
      ],
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const decoder = new TextDecoder();
    let told = "";
    for await (const bytes of child.stderr.values({ preventCancel: true })) {
      told += decoder.decode(bytes);
      const port = /DevTools listening on ws:\/\/127\.0\.0\.1:(\d+)/.exec(told)?.[1];
      if (port !== undefined) return new Browser(child, port, profile);
    }
    throw new Error(`Cannot start ${chromium}: it said\n${told}`);
  }

  /** Opens a page in a window of some pixels. */
  async visit(path: string, width: number, height: number = 900): Promise<Visit> {
    const blank = `http://127.0.0.1:${this.#port}/json/new?about:blank`;
    const target = await (await fetch(blank, { method: "PUT" })).json();
    const socket = new WebSocket(target.webSocketDebuggerUrl);
    await new Promise((resolve) => socket.onopen = resolve);
    const [errors, requests]: [string[], string[]] = [[], []];
    const waiting = new Map<number, (result: Record<string, unknown>) => void>();
    const loaded = Promise.withResolvers<void>();
    socket.onmessage = ({ data }: MessageEvent<string>) => {
      const { id, method, params = {}, result = {} } = JSON.parse(data) as Message;
      if (id !== undefined) waiting.get(id)?.(result);
      const text = JSON.stringify(params);
      if (method === "Page.loadEventFired") loaded.resolve();
      if (method === "Runtime.exceptionThrown") errors.push(text);
      if (method === "Runtime.consoleAPICalled" && params.type === "error") errors.push(text);
      if (method === "Log.entryAdded" && /"level":"error"/.test(text)) errors.push(text);
      const { url = "" } = (params.request ?? {}) as { url?: string };
      if (method === "Network.requestWillBeSent" && !/^(file|data|blob|about):/.test(url)) {
        requests.push(url);
      }
    };
    let next = 0;
    const ask = (method: string, params = {}): Promise<Record<string, unknown>> => {
      const id = ++next;
      socket.send(JSON.stringify({ id, method, params }));
      return new Promise((resolve) => waiting.set(id, resolve));
    };
    for (const domain of ["Page", "Runtime", "Log", "Network"]) await ask(`${domain}.enable`);
    const metrics = { width, height, deviceScaleFactor: 1, mobile: false };
    await ask("Emulation.setDeviceMetricsOverride", metrics);
    await ask("Page.navigate", { url: `file://${path}` });
    await loaded.promise;
    const value = async (expression: string): Promise<unknown> => {
      const { result } = await ask("Runtime.evaluate", { expression, returnByValue: true });
      return (result as { value?: unknown }).value;
    };
    const content = await value("document.documentElement.scrollWidth") as number;
    const inner = await value("window.innerWidth") as number;
    const cut = await value(CUT_TEXTS) as string[];
    await ask("Page.close");
    socket.close();
    await new Promise((resolve) => socket.onclose = resolve);
    return { errors, requests, widths: [content, inner], cut };
  }

  /** Ends it and removes its profile. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.stderr.cancel();
    await this.#child.status;
    await Deno.remove(this.#profile, { recursive: true }).catch(() => {});
  }
}
