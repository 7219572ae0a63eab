/** Models, and what PyTorch computed with them, as files of other libraries hold them. */

import { assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import {
  currentPoints,
  disposeStates,
  NamedTensors,
  Pass,
  readModelFolder,
  readSafetensors,
  representationOf,
  type Tensor,
  type TrainingMethod,
  type WeightStates,
} from "../../../core/mod.ts";
import {
  type Encoder,
  generateTokens,
  type LanguageModel,
  type Pretrained,
  pretrainedOf,
  pretrainedStates,
  pretrainedTensors,
} from "../../../layers/mod.ts";
import { adamw, sgd } from "../../../optimizers/mod.ts";
import { cpuBackends, onBackend } from "../../support/algebras.ts";
import {
  difference,
  far,
  fiveSteps,
  inputsOf,
  largest,
  lossOf,
  type Numbers,
  type Tensors,
} from "../../support/reference_models.ts";
import { onReferenceData } from "../../support/reference_data.ts";
import { methodOf } from "../../support/training.ts";

/** A model that was read, with what was computed with it. */
interface Reference {
  readonly method: TrainingMethod;
  readonly model: Pretrained;
  readonly states: WeightStates;
  readonly io: Tensors;
  readonly gradients: Tensors;
}

async function read(folder: string, backend: string): Promise<Reference> {
  const method = await methodOf({ backend });
  const { config, tensors } = await readModelFolder(folder);
  const model = pretrainedOf(config);
  const states = await pretrainedStates(method, model, new NamedTensors(tensors, folder));
  const of = async (name: string) => (await readSafetensors(`${folder}/${name}`)).tensors;
  return {
    ...{ method, model, states },
    io: await of("io.safetensors"),
    gradients: await of("gradients.safetensors"),
  };
}

/** What networks leave in places of padding, which nothing sees, differs. */
const UNSEEN = ["deberta-v2"];

/** Numbers of the tokens that may be seen. */
function seenOf(numbers: Numbers, { attention_mask: mask }: Tensors): number[] {
  const width = numbers.length / mask!.data.length;
  return Array.from(numbers, Number).filter((_, i) => mask!.data[Math.floor(i / width)]);
}

/** What enters the first block, and what leaves each. */
function* trace(pass: Pass, network: Encoder | LanguageModel, inputs: Tensor[]) {
  const { parts } = network;
  const [first, ...others] = inputs as [Tensor, ...Tensor[]];
  const [batch, tokens] = first.shape as [number, number];
  const found = "context" in parts
    ? { x: parts.embed(pass, first, { batch, tokens }), sequences: { batch, tokens } }
    : parts.embed(pass, first, ...others);
  yield ["hidden.embedding", found.x] as const;
  let x = found.x;
  for (const [i, block] of parts.blocks.entries()) {
    x = block.forward(pass, x, found.sequences);
    yield [`hidden.block${i}`, x] as const;
  }
}

for (const backend of cpuBackends) {
  for (const name of ["gpt2", "llama", "vit", "bert", "deberta-v2"]) {
    const reference = (what: string, use: (r: Reference) => Promise<void>) => {
      const title = `${name} of another library on ${backend}: ${what}`;
      const { fn, ...test } = onReferenceData(`peft/models/${name}`, title, async (folder) => {
        const r = await read(folder, backend);
        await r.method.engine.scope(() => use(r));
      });
      return { ...test, fn };
    };

    Deno.test({
      ...await onBackend(backend, name),
      ...reference("outputs of every block, greedy text, loss and gradients", async (r) => {
        const { method: { engine }, model: { network }, states, io } = r;
        const points = currentPoints(network, states);
        const inputs = inputsOf(engine, io);
        const pass = new Pass(engine, network, points, { training: false });
        for (const [part, x] of trace(pass, network as Encoder, inputs)) {
          const expected = io[part]!.data;
          const found = await engine.read(x);
          const distance = UNSEEN.includes(name)
            ? difference(seenOf(found, io), seenOf(expected, io))
            : difference(found, expected);
          assertLess(distance / largest(expected), 1e-4, part);
        }
        const logits = network.forward(pass, ...inputs as [Tensor]);
        assertLess(await far(engine, logits, io.logits!), 1e-4);

        if (io.generated) {
          const text = Array.from(io.generated.data as ArrayLike<bigint>, Number);
          const prompt = text.slice(0, 5);
          for (const cached of [true, false]) {
            const found = [...prompt];
            const options = { tokens: text.length - 5, temperature: 0, cached };
            const model = network as LanguageModel;
            for await (const id of generateTokens(engine, model, points, prompt, options)) {
              found.push(id);
            }
            assertEquals(found, text);
          }
        }

        const anchors = network.weights.map((spec) =>
          points.get(spec.name)![representationOf(spec).anchor!]!
        );
        const training = new Pass(engine, network, points, { training: true });
        const loss = () => lossOf(engine, network.forward(training, ...inputs as [Tensor]), io);
        const { value, gradients } = engine.gradients(loss, anchors);
        assertAlmostEquals((await engine.read(value))[0]!, Number(io.loss!.data[0]), 1e-5);
        const asStates = Object.fromEntries(
          network.weights.map((spec, i) => [spec.name, { format: "dense", value: gradients[i]! }]),
        );
        const found = await pretrainedTensors(r.method, r.model, asStates);
        assertEquals(Object.keys(found).sort(), Object.keys(r.gradients).sort());
        const most = Math.max(...Object.values(r.gradients).map(({ data }) => largest(data)));
        for (const [part, { data, shape }] of Object.entries(found)) {
          assertEquals(shape, r.gradients[part]!.shape, part);
          assertLess(difference(data, r.gradients[part]!.data) / most, 1e-4, part);
        }
      }),
    });
  }
}

/** Rules of the runs that other libraries made, and their rates. */
const RUNS = {
  "gpt2-full-sgd": { rule: sgd.create(), rate: 0.05 },
  "gpt2-full-adamw": { rule: adamw.create({ weightDecay: 0.01 }), rate: 1e-3 },
} as const;

/** Softmax does not see biases of keys: their gradient is round-off, which Adam makes full steps of. */
function determined(name: string, numbers: Numbers): Numbers {
  if (!name.endsWith("attn.c_attn.bias")) return numbers;
  const width = numbers.length / 3;
  return Array.from(numbers).filter((_, i) => i < width || i >= 2 * width);
}

for (const backend of cpuBackends) {
  for (const [run, { rule, rate }] of Object.entries(RUNS)) {
    const title = `${run} of another library on ${backend}: five steps`;
    Deno.test({
      ...await onBackend(backend, title),
      ...onReferenceData("peft", title, async (root) => {
        const { method: plain, model, states, io } = await read(`${root}/models/gpt2`, backend);
        // That library let biases and norms decay, too.
        const groups = [{ match: "*", weightDecay: rule.weightDecay }];
        const method = { ...plain, rule, groups };
        const { engine } = method;
        const { tensors } = await readSafetensors(`${root}/training/${run}/run.safetensors`);
        const { network } = model;
        await engine.scope(async () => {
          const { losses, states: now } = await fiveSteps(method, network, states, io, rate);
          assertLess(difference(losses, tensors["losses.f64"]!.data), 1e-5);
          const final = await pretrainedTensors(method, model, now);
          for (const [name, { data }] of Object.entries(final)) {
            const expected = tensors[`final.${name}`];
            if (!expected) continue;
            const [own, theirs] = [data, expected.data].map((numbers) => determined(name, numbers));
            assertLess(difference(own!, theirs!), 1e-5, name);
          }
        });
        disposeStates(states, {});
      }),
    });
  }
}
