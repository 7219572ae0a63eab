/** What no file of the repository may hold, by the reason that a message gives. */
const BANNED: Readonly<Record<string, RegExp>> = {
  "an open task": /\b(?:TO-?DO|FIX-?ME|XXX|HACK)\b/,
  "a path of one machine":
    /(?:^|[\s"'`(=:])(?:\/work|\/root|\/home\/\w+|\/Users\/\w+|\/opt\/torch)\b|[A-Z]:\\Users\\/,
  "the host of a package registry":
    /registry\.(?:npmjs|yarnpkg)\.\w+|npm\.jsr\.io|pythonhosted\.org|pypi\.org\/simple|artifactory/,
  "a merge conflict": /^(?:<{7}|>{7}) /,
};

/** Files that are not prose or code of this repository. */
const EXEMPT = [/^LICENSE$/, /^tests\/repo\/hygiene(?:_test)?\.ts$/];

/**
 * Finds what a file must not hold.
 *
 * @param path Path relative to the root; some files are exempt.
 * @param text Content of the file.
 * @returns `path:line holds <what>` for each finding.
 */
export function findings(path: string, text: string): string[] {
  if (EXEMPT.some((e) => e.test(path))) return [];
  return text.split("\n").flatMap((line, i) =>
    Object.entries(BANNED)
      .filter(([, pattern]) => pattern.test(line))
      .map(([what]) => `${path}:${i + 1} holds ${what}`)
  );
}

/** Whether a file is binary, judged by a zero byte in its head. */
export function isBinary(head: Uint8Array): boolean {
  return head.subarray(0, 8000).includes(0);
}
