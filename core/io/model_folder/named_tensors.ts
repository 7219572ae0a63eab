import { suggest } from "../../registry.ts";
import { brief } from "../json.ts";
import type { TensorData } from "../safetensors.ts";

/** Names that a message lists before it only counts them. */
const LISTED = 5;

/**
 * Tensors out of a file, to be taken by name with the shape that a network gives them.
 *
 * @example What is not taken is refused in the end
 * ```ts
 * import { NamedTensors } from "@rankflow/rankflow/core";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const tensors = new NamedTensors({
 *   weight: { shape: [1, 2], data: Float32Array.of(3, 4) },
 *   bias: { shape: [1], data: Float32Array.of(5) },
 * }, "a model");
 * assertEquals([...tensors.take("weight", [1, 2])], [3, 4]);
 * assertThrows(() => tensors.requireEmpty(), Error, 'got also "bias"');
 * ```
 */
export class NamedTensors {
  readonly #tensors: Readonly<Record<string, TensorData>>;
  readonly #source: string;
  readonly #left: Set<string>;

  /**
   * Looks at tensors.
   *
   * @param source Where they come from, for messages.
   */
  constructor(tensors: Readonly<Record<string, TensorData>>, source: string) {
    this.#tensors = tensors;
    this.#source = source;
    this.#left = new Set(Object.keys(tensors));
  }

  /** Whether there is a tensor of that name. */
  has(name: string): boolean {
    return Object.hasOwn(this.#tensors, name);
  }

  /** Names that nobody has taken, in the order of the file. */
  left(): string[] {
    return [...this.#left];
  }

  /**
   * The numbers of a tensor, row-major; they may be a view of the file's.
   *
   * @param shape Extents that it must have.
   * @throws {Error} When it is missing, or has another shape, whole numbers, or some that are not
   * finite.
   */
  take(name: string, shape: readonly number[]): Float32Array {
    const tensor = this.has(name) ? this.#tensors[name]! : undefined;
    const refuse = (expected: string, got: string) =>
      new Error(`Cannot read ${this.#source}: expected ${expected}, got ${got}`);
    const what = `tensor ${brief(name)}`;
    if (!tensor) {
      const near = suggest(name, [...this.#left]);
      throw refuse(what, `none of that name${near.startsWith("did") ? `; ${near}` : ""}`);
    }
    const of = `of shape [${shape}]`;
    if (tensor.shape.join() !== shape.join()) {
      throw refuse(`${what} ${of}`, `one of shape [${tensor.shape}]`);
    }
    const { data } = tensor;
    if (!(data instanceof Float32Array || data instanceof Float64Array)) {
      throw refuse(`${what} of F32, F16, BF16 or F64`, data.constructor.name);
    }
    const odd = data.findIndex((x) => !Number.isFinite(x));
    if (odd >= 0) throw refuse(`${what} of finite numbers`, `${data[odd]} at position ${odd}`);
    this.#left.delete(name);
    return data instanceof Float32Array ? data : new Float32Array(data);
  }

  /**
   * Refuses tensors that were not taken: the network has no place for them.
   *
   * @param ignored Names of those that may be there all the same.
   * @throws {Error} When there are others.
   */
  requireEmpty(ignored?: RegExp): void {
    const names = this.left().filter((name) => !ignored?.test(name));
    if (names.length === 0) return;
    const listed = names.slice(0, LISTED).map(brief).join(", ");
    const more = names.length > LISTED ? ` and ${names.length - LISTED} more` : "";
    throw new Error(
      `Cannot read ${this.#source}: expected the tensors of the network only, ` +
        `got also ${listed}${more}`,
    );
  }
}
