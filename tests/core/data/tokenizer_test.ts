import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "node:path";
import { openTokenizer } from "../../../core/mod.ts";
import { encodeText } from "../../../core/data/text/parts.ts";
import { inFolder } from "../../support/command_line.ts";
import { onReferenceData } from "../../support/reference_data.ts";
import { verses } from "../../support/verses.ts";

/** What a `tokenizer.json` must have. */
const FRAME = {
  version: "1.0",
  added_tokens: [],
  normalizer: null,
  pre_tokenizer: null,
  post_processor: null,
  decoder: null,
};

function vocabulary(...tokens: string[]): Record<string, number> {
  return Object.fromEntries(tokens.map((token, id) => [token, id]));
}

function special(id: number, content: string) {
  const plain = { single_word: false, lstrip: false, rstrip: false, normalized: false };
  return { id, content, ...plain, special: true };
}

/** Small tokenizers of the types that models use, each with what can be worked out by hand. */
const SMALL = {
  "byte-level BPE": {
    json: {
      ...FRAME,
      pre_tokenizer: {
        type: "ByteLevel",
        add_prefix_space: false,
        trim_offsets: true,
        use_regex: true,
      },
      decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
      model: {
        type: "BPE",
        vocab: vocabulary("t", "h", "e", "Ġ", "n", "Ã", "©", "Ċ", "th", "the", "Ġthe"),
        merges: ["t h", "th e", "Ġ the"],
      },
    },
    text: "the then thé\nthe",
    ids: [9, 10, 4, 3, 8, 5, 6, 7, 9],
  },
  "BPE with bytes for the unknown": {
    json: {
      ...FRAME,
      added_tokens: [special(0, "<unk>"), special(1, "<s>")],
      normalizer: {
        type: "Sequence",
        normalizers: [
          { type: "Prepend", prepend: "▁" },
          { type: "Replace", pattern: { String: " " }, content: "▁" },
        ],
      },
      post_processor: {
        type: "TemplateProcessing",
        single: [{ SpecialToken: { id: "<s>", type_id: 0 } }, {
          Sequence: { id: "A", type_id: 0 },
        }],
        pair: [],
        special_tokens: { "<s>": { id: "<s>", ids: [1], tokens: ["<s>"] } },
      },
      decoder: {
        type: "Sequence",
        decoders: [
          { type: "Replace", pattern: { String: "▁" }, content: " " },
          { type: "ByteFallback" },
          { type: "Fuse" },
          { type: "Strip", content: " ", start: 1, stop: 0 },
        ],
      },
      model: {
        type: "BPE",
        unk_token: "<unk>",
        byte_fallback: true,
        vocab: vocabulary("<unk>", "<s>", "<0xC3>", "<0xA9>", "▁", "a", "b", "ab", "▁ab"),
        merges: [["a", "b"], ["▁", "ab"]],
      },
    },
    text: "ab aé",
    ids: [8, 4, 5, 2, 3],
    special: [1, 8, 4, 5, 2, 3],
  },
  WordPiece: {
    json: {
      ...FRAME,
      added_tokens: [special(0, "[UNK]"), special(1, "[CLS]")],
      normalizer: {
        type: "BertNormalizer",
        clean_text: true,
        handle_chinese_chars: true,
        strip_accents: null,
        lowercase: true,
      },
      pre_tokenizer: { type: "BertPreTokenizer" },
      decoder: { type: "WordPiece", prefix: "##", cleanup: true },
      model: {
        type: "WordPiece",
        unk_token: "[UNK]",
        continuing_subword_prefix: "##",
        max_input_chars_per_word: 100,
        vocab: vocabulary("[UNK]", "[CLS]", "un", "##able", "##a", ",", "cafe"),
      },
    },
    text: "Unable, CAFÉ x",
    ids: [2, 3, 5, 6, 0],
    decoded: "unable, cafe [UNK]",
  },
  Unigram: {
    json: {
      ...FRAME,
      added_tokens: [special(0, "<unk>")],
      pre_tokenizer: { type: "Metaspace", replacement: "▁", prepend_scheme: "always", split: true },
      decoder: { type: "Metaspace", replacement: "▁", prepend_scheme: "always", split: true },
      model: {
        type: "Unigram",
        unk_id: 0,
        // "▁a" "bc" costs 5, "▁ab" "c" 6.5.
        vocab: [["<unk>", 0], ["▁a", -2], ["bc", -3], ["▁ab", -2.5], ["c", -4], ["▁", -3], [
          "b",
          -5,
        ], ["a", -5]],
      },
    },
    text: "abc abc",
    ids: [1, 2, 1, 2],
  },
};

async function written(folder: string, json: unknown): Promise<string> {
  const path = join(folder, "tokenizer.json");
  await Deno.writeTextFile(path, typeof json === "string" ? json : JSON.stringify(json));
  return path;
}

for (const [name, { json, text, ids, ...more }] of Object.entries(SMALL)) {
  Deno.test(`openTokenizer() runs ${name}, from a file or its folder, there and back`, async () => {
    await inFolder(async (folder) => {
      const path = await written(folder, json);
      for (const place of [path, folder]) {
        const tokenizer = await openTokenizer(place);
        assertEquals([...tokenizer.encode(text)], ids);
        if ("special" in more) {
          assertEquals([...tokenizer.encode(text, { special: true })], more.special);
        }
        assertEquals(tokenizer.decode(ids), "decoded" in more ? more.decoded : text);
        assertEquals([tokenizer.name, tokenizer.decode([])], [path, ""]);
        const { length } = Object.keys(json.model.vocab);
        assertEquals(tokenizer.vocabulary, length);
        assertThrows(
          () => tokenizer.decode([length]),
          RangeError,
          `Cannot decode token ${length}: ${path} has none of that number`,
        );
      }
    });
  });
}

Deno.test("a tokenizer that lacks its own token for the unknown refuses a text, and no other id slips in", async () => {
  await inFolder(async (folder) => {
    const { json } = SMALL.WordPiece;
    const model = { ...json.model, unk_token: "[NONE]" };
    const path = await written(folder, { ...json, model });
    const tokenizer = await openTokenizer(path);
    assertEquals([...tokenizer.encode("cafe")], [6]);
    assertThrows(
      () => tokenizer.encode("cafe x"),
      RangeError,
      `Cannot encode with ${path}: expected a token for all of the text, got none for "[NONE]"`,
    );
  });
});

Deno.test("openTokenizer() names the file that is missing, damaged or of a type that nobody knows", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "tokenizer.json");
    const refused = (message: string) =>
      assertRejects(() => openTokenizer(folder), Error, `Cannot read ${path}: ${message}`);
    await refused("there is no such file or folder");
    await written(folder, '{"model": ');
    await refused("expected JSON text, got other text");
    for (
      const [json, got] of [
        ["{}", "none"],
        ["null", "none"],
        [{ ...FRAME, model: { type: "WordLevel", vocab: { a: 0 } } }, '"WordLevel"'],
      ]
    ) {
      await written(folder, json);
      await refused(`expected a model of type BPE, WordPiece, Unigram, got ${got}`);
    }
    const { json } = SMALL.WordPiece;
    await written(folder, { ...json, pre_tokenizer: { type: "Morse" } });
    await refused(
      "expected a tokenizer of a type that @huggingface/tokenizers knows, got one that it refuses " +
        "(Unknown PreTokenizer type: Morse)",
    );
    const { decoder: _, ...rest } = json;
    await written(folder, rest);
    await refused("expected a tokenizer of a type that @huggingface/tokenizers knows, got one");
  });
});

interface Case {
  readonly text: string;
  readonly ids: readonly number[];
  readonly decoded: string;
  readonly ids_without_special?: readonly number[];
}

for (
  const kind of ["byte-level-bpe", "split-regex-bpe", "byte-fallback-bpe", "wordpiece", "unigram"]
) {
  Deno.test(onReferenceData(
    `peft/tokenizers/${kind}`,
    `openTokenizer() agrees with the library of ${kind} in every case, to and from ids`,
    async (folder) => {
      const tokenizer = await openTokenizer(folder);
      const cases = JSON.parse(await Deno.readTextFile(join(folder, "cases.json"))) as Case[];
      assertEquals(cases.length, 9);
      for (const { text, ids, decoded, ids_without_special: plain = ids } of cases) {
        assertEquals([...tokenizer.encode(text, { special: true })], ids, text);
        assertEquals([...tokenizer.encode(text)], plain, text);
        assertEquals(tokenizer.decode(ids), decoded, text);
      }
    },
  ));
}

Deno.test(onReferenceData(
  "peft/tokenizers/byte-level-bpe",
  "encodeText() finds the tokens of the whole text, section by section",
  async (folder) => {
    const tokenizer = await openTokenizer(folder);
    const text = verses(4, 2000);
    assert(text.length > 100_000);
    assertEquals(await encodeText(tokenizer, text), tokenizer.encode(text));
  },
));
