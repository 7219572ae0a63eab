/**
 * Models of other libraries, and heads for other classes than theirs.
 *
 * @module
 */

import {
  type AdapterFolder,
  disposeStates,
  initialStates,
  isRecord,
  type ModelFolder,
  NamedTensors,
  type TrainingMethod,
} from "../../core/mod.ts";
import {
  type Encoder,
  isEncoder,
  type Pretrained,
  pretrainedBase,
  pretrainedOf,
  pretrainedStates,
  pretrainedTensors,
} from "../../layers/mod.ts";
import type { TextSink } from "../terminal/mod.ts";
import { UsageError } from "../usage_error.ts";
import type { Classifier, Trained } from "./subject.ts";

/** Weights between the last block and the logits, all of which a model without a head lacks. */
const HEAD = /^(?:pooler|classifier)\./;
/** The last of them. */
const CLASSIFIER = "classifier.";

/** A model as its folder says, adapters on the maps of its blocks. */
export function libraryModel(method: TrainingMethod, folder: string, model: ModelFolder): Trained {
  const pretrained = pretrainedOf(model.config, undefined, true);
  return {
    network: pretrained.network,
    states: () => pretrainedStates(method, pretrained, new NamedTensors(model.tensors, folder)),
    ...{ targets: "block*.weight", full: [] },
    file: { pretrained, base: pretrainedBase(model) },
  };
}

/**
 * An encoder that classifies. Of a model that was trained for something else, the trunk is taken and
 * the head is new.
 *
 * @throws {UsageError} When it is no encoder.
 */
export function libraryClassifier(
  method: TrainingMethod,
  folder: string,
  model: ModelFolder,
  { seed, sink }: { readonly seed: number; readonly sink: TextSink },
): Classifier & { readonly input: Encoder["parts"]["input"] } {
  const { network } = pretrainedOf(model.config);
  if (!isEncoder(network)) {
    throw new UsageError(
      `Cannot fine-tune ${folder} to tell classes: expected an encoder with a classifier, got a ` +
        `model of type "${model.config.model_type}"; name a text with --data for a language model`,
    );
  }
  return {
    input: network.parts.input,
    classNames: labelsOf(model.config, network),
    async withHead(classNames) {
      const { whole, fresh } = await withHead(method, trunkOf(model), classNames, seed);
      if (fresh.some((name) => name.startsWith(CLASSIFIER))) {
        sink.write(
          `New head for ${classNames.length} classes; other libraries load the model with as many\n`,
        );
      }
      const own = libraryModel(method, folder, whole);
      return {
        ...own,
        full: [`${CLASSIFIER}*`, ...fresh.filter((n) => !n.startsWith(CLASSIFIER))],
      };
    },
  };
}

function labelsOf({ id2label }: ModelFolder["config"], network: Encoder): string[] {
  const count = network.weights.find(({ name }) => name === `${CLASSIFIER}weight`)!.shape[1]!;
  const names = isRecord(id2label) ? id2label : {};
  return Array.from({ length: count }, (_, i) => String(names[i] ?? `LABEL_${i}`));
}

/** The tensors of a model under the names that classifiers of its kind have, other heads left out. */
function trunkOf({ config, tensors }: ModelFolder): ModelFolder {
  const { places } = pretrainedOf(config);
  const prefix = places[0]!.theirs.split(".", 1)[0]!;
  const bare = !Object.keys(tensors).some((name) => name.startsWith(`${prefix}.`));
  const known = new Set(places.map(({ theirs }) => theirs));
  const named = Object.entries(tensors).map(([name, tensor]) => {
    // As the first versions of other libraries called what norms scale and shift by.
    const modern = name.replace(/\.gamma$/, ".weight").replace(/\.beta$/, ".bias");
    return [bare && !known.has(modern) ? `${prefix}.${modern}` : modern, tensor] as const;
  });
  const isOther = (name: string) =>
    !known.has(name) && (!name.startsWith(`${prefix}.`) || name.startsWith(`${prefix}.pooler.`));
  return { config, tensors: Object.fromEntries(named.filter(([name]) => !isOther(name))) };
}

/** Whose head an adapter brings: names in files of adapters begin so. */
const WHOLE = "base_model.model.";

/** The model that an adapter with a head for other classes is for: its trunk, and that head. */
export function withHeadOf(model: ModelFolder, { tensors: theirs }: AdapterFolder): ModelFolder {
  const classifier = `${CLASSIFIER}weight`;
  const head = theirs[WHOLE + classifier];
  if (!head || head.shape[0] === model.tensors[classifier]?.shape[0]) return model;
  const { config, tensors } = trunkOf(model);
  const brought = pretrainedOf(config).places
    .filter(({ theirs: name, ours: [own] }) => HEAD.test(own!) && WHOLE + name in theirs)
    .map(({ theirs: name }) => [name, theirs[WHOLE + name]!] as const);
  const names = Array.from({ length: head.shape[0]! }, (_, i) => `LABEL_${i}`);
  return {
    config: { ...config, ...labels(names) },
    tensors: { ...tensors, ...Object.fromEntries(brought) },
  };
}

function labels(names: readonly string[]) {
  return {
    id2label: Object.fromEntries(names.map((name, i) => [i, name])),
    label2id: Object.fromEntries(names.map((name, i) => [name, i])),
  };
}

/** The model with a head for those classes, and the names of weights that are new. */
async function withHead(
  method: TrainingMethod,
  { config: before, tensors }: ModelFolder,
  classNames: readonly string[],
  seed: number,
): Promise<{ readonly whole: ModelFolder; readonly fresh: readonly string[] }> {
  const config = { ...before, ...labels(classNames) };
  const pretrained = pretrainedOf(config);
  const sizes = new Map(pretrained.network.weights.map(({ name, shape }) => [name, shape.at(-1)]));
  const places = pretrained.places.filter(({ theirs, ours: [own] }) =>
    HEAD.test(own!) &&
    (!(theirs in tensors) ||
      own!.startsWith(CLASSIFIER) && tensors[theirs]!.shape[0] !== sizes.get(own!))
  );
  if (places.length === 0) return { whole: { config: before, tensors }, fresh: [] };
  const drawn = await drawnTensors(method, { ...pretrained, places }, seed);
  return {
    whole: { config, tensors: { ...tensors, ...drawn } },
    fresh: places.flatMap(({ ours }) => [...ours]),
  };
}

async function drawnTensors(method: TrainingMethod, pretrained: Pretrained, seed: number) {
  const names = pretrained.places.flatMap(({ ours }) => [...ours]);
  const weights = pretrained.network.weights.filter(({ name }) => names.includes(name));
  const network = { ...pretrained.network, weights };
  const states = await initialStates(method, network, seed);
  const tensors = await pretrainedTensors(method, { ...pretrained, network }, states);
  disposeStates(states, {});
  return tensors;
}
