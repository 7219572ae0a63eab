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

/** Most arguments of a function. */
const ARGUMENTS = 4;

/** Describes a piece of work in numbers: which function, and its arguments. */
export function describeRows(
  numbers: Float64Array,
  start: number,
  task: RowTask,
  args: readonly number[],
): void {
  numbers[start] = TASKS.indexOf(task);
  for (let i = 0; i < ARGUMENTS; i++) numbers[start + 1 + i] = args[i] ?? 0;
}

/** Does a piece of work that was described; a function leaves arguments that it has no use for. */
export function doRows(functions: RowFunctions, numbers: Float64Array, start: number): void {
  const args = start + 1;
  functions[TASKS[numbers[start]!]!](
    numbers[args]!,
    numbers[args + 1]!,
    numbers[args + 2]!,
    numbers[args + 3]!,
  );
}
