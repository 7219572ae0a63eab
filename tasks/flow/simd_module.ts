/**
 * The module of the kernels in WebAssembly, as every thread binds it to the memory they share.
 *
 * @module
 */

/** Runs on rows: addresses of states, moved to the first row, then the number of rows. */
export type RowFunction = (...args: number[]) => void;

/** Names of the functions; pieces of work refer to them by place. */
const TASKS = ["step", "adjoint"] as const;

/** Name of a function on rows. */
export type RowTask = (typeof TASKS)[number];

/** The functions. */
export type RowFunctions = Readonly<Record<RowTask, RowFunction>>;

/** What a thread needs to take part. */
export interface RowModule {
  /** States and factors. */
  readonly memory: WebAssembly.Memory;
  /** The functions. */
  readonly binary: Uint8Array<ArrayBuffer>;
}

/** Binds the functions to the memory. */
export function bindRows({ memory, binary }: RowModule): RowFunctions {
  const module = new WebAssembly.Module(binary);
  return new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as RowFunctions;
}

/** Describes a piece of work in numbers: which function, count of arguments, arguments. */
export function describeRows(
  numbers: Float64Array,
  start: number,
  task: RowTask,
  args: readonly number[],
): void {
  numbers.set([TASKS.indexOf(task), args.length, ...args], start);
}

/** Does a piece of work that was described. */
export function doRows(
  functions: RowFunctions,
  numbers: Float64Array,
  start: number,
): void {
  const first = start + 2;
  functions[TASKS[numbers[start]!]!](...numbers.subarray(first, first + numbers[start + 1]!));
}
