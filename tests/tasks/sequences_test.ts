import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { openSequences, sequenceDefaults, sequenceSchema } from "../../tasks/mod.ts";
import { parseOptions } from "../../tasks/options.ts";
import { UsageError } from "../../tasks/usage_error.ts";
import { inFolder } from "../support/command_line.ts";
import { recorder } from "../support/recipes.ts";
import { verses } from "../support/verses.ts";

const { signal } = new AbortController();

function open(...args: readonly string[]) {
  const o = parseOptions(args, { ...sequenceDefaults, seed: 1 }, sequenceSchema());
  return openSequences(o, { sink: recorder().sink, signal });
}

Deno.test("openSequences() reads a text and names it in the record of the run", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "verses.txt");
    await Deno.writeTextFile(path, verses(1, 400));
    const { data, task, dataset } = await open(`--data=${path}`, "--context=16", "--test-count=4");
    assertEquals([data.length, data.test.count, data.tokenizer!.name], [16, 4, "bytes"]);
    assertEquals(task.measures.map((m) => m.name), ["bits per byte", "perplexity"]);
    assertEquals(dataset, { name: "verses.txt", sha256: data.sha256 });
    await assertRejects(
      () => open(`--data=${path}`, "--tokenizer=no.json"),
      Error,
      "Cannot read no.json",
    );
  });
});

Deno.test("openSequences() makes a puzzle of its settings and takes no text for it", async () => {
  const { data, task } = await open("--dataset=sorting:length=4", "--train-count=9");
  assertEquals([data.length, data.train.count, task.measures[0].name], [8, 9, "accuracy"]);
  for (const option of ["--data=x.txt", "--tokenizer=x.json"]) {
    await assertRejects(
      () => open("--dataset=copy", option),
      UsageError,
      "Cannot take --data or --tokenizer for copy: expected neither, as it makes its own examples",
    );
  }
});

Deno.test("openSequences() says what to do where no text is named", async () => {
  await assertRejects(
    () => open("--dataset=text:stride=2"),
    UsageError,
    "Cannot learn from a text: expected --data FILE or FOLDER, got none; puzzles need none, such as " +
      "--dataset copy",
  );
});

Deno.test("openSequences() stops reading when the run is to stop", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "t.txt");
    await Deno.writeTextFile(path, verses(1, 40));
    const o = { ...sequenceDefaults, seed: 1, data: path };
    const stop = AbortSignal.abort(new Error("stopped"));
    await assertRejects(
      () => openSequences(o, { sink: recorder().sink, signal: stop }),
      Error,
      "stopped",
    );
  });
});
