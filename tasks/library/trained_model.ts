/**
 * A network with its weights.
 *
 * @module
 */

import {
  currentPoints,
  type Engine,
  examplesOf,
  fullSize,
  type Layer,
  measure,
  type Measurement,
  ranksOf,
  representationOf,
  type RunEndReason,
  type Task,
  tensorsIn,
  type TrainingMethod,
  type WeightStates,
} from "../../core/mod.ts";
import {
  type Generated,
  type GenerateOptions,
  generateTokens,
  isLanguageModel,
} from "../../layers/mod.ts";
import { formatCount, formatMeasure, formatNumber } from "../terminal/mod.ts";
import type { History } from "./history.ts";
import { examplesLike, isTask, meaningOf, requireArrays } from "./learnt.ts";
import { type Displayed, showsItself } from "./notebook.ts";
import { type Arrays, columnOf, examples, type Numbers } from "./numbers.ts";
import { inTurn, outputsFor, outputShape } from "./passes.ts";
import { Prediction } from "./prediction.ts";
import { type InputKind, writeWeights } from "./weights_file.ts";

/** What a model is made of. */
export interface ModelParts {
  /** The network. */
  readonly network: Layer;
  /** Engine, and what movers of its weights are. */
  readonly method: TrainingMethod;
  /** The weights; the model takes them over. */
  readonly states: WeightStates;
  /** Inputs that it was trained on, where they are known. */
  readonly input?: InputKind | undefined;
  /** What it has learnt, where that is known. */
  readonly task?: Task | undefined;
  /** Course of its training. */
  readonly history: History;
  /** How its training ended. */
  readonly reason?: RunEndReason | undefined;
  /** How good it was at the end. */
  readonly test?: Measurement | undefined;
}

/**
 * A text that a model has written.
 *
 * @example Speed of a text
 * ```ts
 * import type { Written } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const text: Written = { ids: Int32Array.of(3, 1), bytesPerToken: 0, tokensPerSecond: 50 };
 * assertEquals([...text.ids], [3, 1]);
 * ```
 */
export interface Written extends Generated {
  /** Its ids, without those of the prompt. */
  readonly ids: Int32Array;
  /** How fast they were written. */
  readonly tokensPerSecond: number;
}

/**
 * A network with its weights: what {@linkcode fit} and {@linkcode load} return. It holds memory of
 * the engine until it is disposed, which `using` does at the end of a block.
 *
 * @example Memory ends with the block
 * ```ts
 * import { fit, perceptron } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const network = perceptron({ sizes: [2, 4, 1], format: "low-rank", rank: 1 });
 * const data = { x: [[0, 1], [1, 0], [1, 1]], y: [1, 1, 0] };
 * using model = await fit(network, data, { epochs: 1, maxRank: 1, backend: "cpu" });
 * assertEquals(model.parameters, { stored: 15, full: 17 });
 * assertEquals(model.ranks, { "dense1.weight": 1 });
 * ```
 */
export class TrainedModel {
  /** Course of the training; empty for a model that was loaded. */
  readonly history: History;
  /** How the training ended; undefined for a model that was loaded. */
  readonly reason: RunEndReason | undefined;
  /** How good it is on the examples that were kept back; undefined where it was not measured. */
  readonly test: Measurement | undefined;
  /** The network. */
  readonly network: Layer;
  /** Its weights, for the functions of `@rankflow/rankflow/core`. */
  readonly states: WeightStates;
  readonly #method: TrainingMethod;
  readonly #input: InputKind | undefined;
  readonly #task: Task | undefined;
  #disposed = false;

  /** Takes over weights. */
  constructor(parts: ModelParts) {
    this.network = parts.network;
    this.states = parts.states;
    this.history = parts.history;
    this.reason = parts.reason;
    this.test = parts.test;
    this.#method = parts.method;
    this.#input = parts.input;
    this.#task = parts.task;
  }

  /** The engine that it runs on, such as for the `backend` of another {@linkcode fit}. */
  get engine(): Engine {
    return this.#method.engine;
  }

  /** Rank of each factorised weight, by name. */
  get ranks(): Readonly<Record<string, number>> {
    return ranksOf(this.network, this.states);
  }

  /** Numbers that it stores, and those that it would store with full weights. */
  get parameters(): { readonly stored: number; readonly full: number } {
    const { weights } = this.network;
    const sizes = weights.map((w) => representationOf(w).size(this.states[w.name]!));
    const trained = weights.filter((w) => representationOf(w).anchor !== undefined);
    const sum = (numbers: number[]): number => numbers.reduce((a, b) => a + b, 0);
    return { stored: sum(sizes), full: sum(trained.map(fullSize)) };
  }

  /**
   * The outputs for inputs.
   *
   * @param x Inputs, the examples first, as in training.
   * @throws {RangeError} When they have another shape than in training, or are not finite.
   */
  async predict(x: Numbers): Promise<Prediction> {
    this.#requireAlive("predict");
    const like = examplesOf({ x: this.#inputLike(x) }, 1);
    const inputs = examplesLike("predict", { x }, like);
    return await inTurn(async () => {
      const { data, shape } = await outputsFor(this.engine, this.network, this.states, inputs);
      return new Prediction(data, shape);
    });
  }

  /** A column of the inputs that are known, or of those that are there. */
  #inputLike(x: Numbers) {
    if (this.#task) return this.#task.train.columns.x!;
    const column = columnOf("x", x);
    if (!this.#input) return column;
    const { shape, whole } = this.#input;
    const length = shape.reduce((n, d) => n * d, 1);
    return { shape, data: whole ? new Int32Array(length) : new Float32Array(length) };
  }

  /**
   * How good it is.
   *
   * @param on Arrays as in {@linkcode fit}, or a task, whose test examples are taken; default: what
   * was kept back from the training.
   * @throws {RangeError} When they do not fit, or there is nothing to measure on.
   */
  async measure(on?: Arrays | Task): Promise<Measurement> {
    const action = "measure the model";
    this.#requireAlive(action);
    return await inTurn(async () => {
      const task = await this.#taskOf(action, on);
      return await measure(this.#method, this.network, this.states, task);
    });
  }

  /**
   * Goes on with a text, where the network is a language model.
   *
   * @param prompt Ids of the text so far.
   * @throws {RangeError} When the network is none, or a setting makes no sense.
   */
  async generate(prompt: ArrayLike<number>, options: GenerateOptions = {}): Promise<Written> {
    this.#requireAlive("write a text");
    const { network, engine } = this;
    if (!isLanguageModel(network)) {
      throw new RangeError("Cannot write a text: expected a language model, got another network");
    }
    return await inTurn(async () => {
      const begun = performance.now();
      const points = currentPoints(network, this.states);
      const text = generateTokens(engine, network, points, prompt, options);
      const ids: number[] = [];
      let next = await text.next();
      while (!next.done) {
        ids.push(next.value);
        next = await text.next();
      }
      const tokensPerSecond = 1000 * ids.length / (performance.now() - begun);
      return { ids: Int32Array.from(ids), tokensPerSecond, ...next.value };
    });
  }

  async #taskOf(action: string, on: Arrays | Task | undefined): Promise<Task> {
    if (on && isTask(on)) return on;
    if (on && this.#task) {
      return { ...this.#task, test: examplesLike(action, on, this.#task.test) };
    }
    if (on) {
      requireArrays(action, on);
      const x = examples({ x: on.x! });
      const outputs = await outputShape(action, this.#method, this.network, x);
      const { examples: all, task } = meaningOf(action, on, outputs);
      return task(all, all);
    }
    if (this.#task) return this.#task;
    throw new RangeError(`Cannot ${action}: expected examples, as it was loaded, got none`);
  }

  /**
   * Writes the weights as a safetensors file, in one step; {@linkcode load} reads it. Tensors are
   * named after the weights: "dense1.bias", and "dense1.weight.u", ".s" and ".v" of factors.
   *
   * @param path The file; its folder must exist.
   */
  async save(path: string): Promise<void> {
    this.#requireAlive("save the model");
    const x = this.#task?.train.columns.x;
    const input = x
      ? { shape: x.shape, whole: x.data instanceof Int32Array }
      : this.#input ?? { shape: [], whole: false };
    await inTurn(() => writeWeights(path, this.engine, this.network, this.states, input));
  }

  /** Frees the memory of the weights; the model cannot be used any more. */
  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const tensor of tensorsIn(this.states)) tensor.dispose();
  }

  /** What it is, in a few lines. */
  toString(): string {
    const { stored, full } = this.parameters;
    const saved = stored < full ? `, ${(100 * (1 - stored / full)).toFixed(1)} % saved` : "";
    const ranks = Object.entries(this.ranks).map(([name, rank]) => `${name} ${rank}`).join(", ");
    return [
      `Model of ${formatCount(stored)} numbers${saved}, on ${this.engine.backend}`,
      ...(ranks === "" ? [] : [`ranks: ${ranks}`]),
      ...(this.test ? [this.#testLine(this.test)] : []),
    ].join("\n");
  }

  #testLine({ loss, values }: Measurement): string {
    const measures = (this.#task?.measures ?? []).map((m) =>
      `${m.name} ${formatMeasure({ ...m, value: values[m.name]! })}`
    );
    return ["test: loss " + formatNumber(loss), ...measures].join(", ");
  }

  #requireAlive(action: string): void {
    if (!this.#disposed) return;
    throw new Error(`Cannot ${action}: expected a model in use, it is disposed`);
  }

  static {
    showsItself(this, async (model): Promise<Displayed> => {
      const text = model.toString();
      if (model.history.lines.length < 2) return { "text/plain": text };
      const escaped = text.replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`);
      const svg = await model.history.plot().svg();
      const html = `<pre>${escaped}</pre><div style="max-width: 30rem">${svg}</div>`;
      return { "text/plain": text, "text/html": html };
    });
  }
}
