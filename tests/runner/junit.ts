/** One test as a JUnit report tells it. */
export interface TestCase {
  /** File, or file and line of a documentation example. */
  readonly suite: string;
  /** The sentence of the test. */
  readonly name: string;
  /** How it ended. */
  readonly status: "passed" | "failed" | "skipped";
  /** Text of the failure; empty otherwise. */
  readonly message: string;
}

/**
 * Reads the test cases of a JUnit report as `deno test --junit-path` writes it.
 *
 * @param xml The report.
 * @returns The cases in the order of the report.
 * @throws {SyntaxError} When a report counts more cases than it lists, which is a cut-off file.
 */
export function parseJunit(xml: string): TestCase[] {
  const cases: TestCase[] = [];
  for (const suite of xml.matchAll(/<testsuite (.*?)>(.*?)<\/testsuite>/gs)) {
    const file = attribute(suite[1]!, "name");
    for (const found of suite[2]!.matchAll(/<testcase (.*?)(?:\/>|>(.*?)<\/testcase>)/gs)) {
      cases.push(readCase(file, found[1]!, found[2] ?? ""));
    }
  }
  const counted = Number(/<testsuites [^>]*tests="(\d+)"/.exec(xml)?.[1] ?? "NaN");
  if (counted !== cases.length) {
    throw new SyntaxError(
      `Cannot read the test report: it must list the tests it counts, ` +
        `counted ${counted}, listed ${cases.length}`,
    );
  }
  return cases;
}

function readCase(suite: string, attributes: string, body: string): TestCase {
  const name = attribute(attributes, "name");
  const failure = /<(failure|error)\b(.*?)(?:\/>|>(.*?)<\/\1>)/s.exec(body);
  if (failure) {
    const text = unescapeXml(failure[3] ?? "") || attribute(failure[2]!, "message");
    return { suite, name, status: "failed", message: text };
  }
  return { suite, name, status: /<skipped\b/.test(body) ? "skipped" : "passed", message: "" };
}

function attribute(attributes: string, key: string): string {
  return unescapeXml(new RegExp(`(?:^|\\s)${key}="([^"]*)"`).exec(attributes)?.[1] ?? "");
}

const ENTITIES: Record<string, string> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };

function unescapeXml(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) => {
    if (hex) return String.fromCodePoint(parseInt(hex, 16));
    if (decimal) return String.fromCodePoint(Number(decimal));
    return ENTITIES[name as string] ?? whole;
  });
}
