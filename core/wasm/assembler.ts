/**
 * A small assembler for WebAssembly with 128-bit SIMD: typed expressions that concatenate opcodes.
 *
 * An expression leaves one value of its type on the stack, a statement leaves none. Names follow the
 * WebAssembly text format. Addresses are byte addresses in the one imported memory.
 *
 * @module
 */

/** Types of values. */
export type ValueType = "i32" | "f32" | "f64" | "v128";

/** Code that leaves one value of type T. */
export interface Expr<T extends ValueType> {
  /** Type of the value. */
  readonly type: T;
  /** Opcodes. */
  readonly code: readonly number[];
}

/** Code that leaves nothing. */
export type Statement = readonly number[];

/** A 32-bit integer expression. */
export type I32 = Expr<"i32">;
/** A float32 expression. */
export type F32 = Expr<"f32">;
/** A float64 expression. */
export type F64 = Expr<"f64">;
/** A 128-bit vector expression. */
export type V128 = Expr<"v128">;

/** A parameter or local variable. */
export interface Local<T extends ValueType> extends Expr<T> {
  /** Assigns. */
  set(value: Expr<T>): Statement;
}

const TYPE_CODE: Record<ValueType, number> = { i32: 0x7f, f32: 0x7d, f64: 0x7c, v128: 0x7b };

/** Unsigned LEB128. */
export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value >>> 0;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return bytes;
}

function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value | 0;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    const done = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
    bytes.push(done ? low : low | 0x80);
    if (done) return bytes;
  }
}

function expr<T extends ValueType>(type: T, ...parts: (readonly number[])[]): Expr<T> {
  return { type, code: parts.flat() };
}

const simd = (opcode: number): number[] => [0xfd, ...unsigned(opcode)];

type Binary<A extends ValueType, R extends ValueType = A> = (a: Expr<A>, b: Expr<A>) => Expr<R>;
type Unary<A extends ValueType, R extends ValueType = A> = (a: Expr<A>) => Expr<R>;

const binary = <A extends ValueType, R extends ValueType>(
  type: R,
  opcode: readonly number[],
): Binary<A, R> =>
(a, b) => expr(type, a.code, b.code, opcode);

const unary = <A extends ValueType, R extends ValueType>(
  type: R,
  opcode: readonly number[],
): Unary<A, R> =>
(a) => expr(type, a.code, opcode);

const access =
  <T extends ValueType>(type: T, opcode: readonly number[], align: number) =>
  (address: I32, offset = 0): Expr<T> =>
    expr(type, address.code, opcode, [align], unsigned(offset));

const bytesOf = (view: Float32Array | Float64Array): number[] => [...new Uint8Array(view.buffer)];

/** Integer instructions. */
export const i32 = {
  const: (value: number): I32 => expr("i32", [0x41], signed(value)),
  add: binary<"i32", "i32">("i32", [0x6a]),
  sub: binary<"i32", "i32">("i32", [0x6b]),
  mul: binary<"i32", "i32">("i32", [0x6c]),
  and: binary<"i32", "i32">("i32", [0x71]),
  shl: binary<"i32", "i32">("i32", [0x74]),
  eqz: unary<"i32", "i32">("i32", [0x45]),
  ltU: binary<"i32", "i32">("i32", [0x49]),
  leU: binary<"i32", "i32">("i32", [0x4d]),
  ltS: binary<"i32", "i32">("i32", [0x48]),
  load: access("i32", [0x28], 2),
  /** The whole part of a float64. */
  truncF64: unary<"f64", "i32">("i32", [0xaa]),
} as const;

/** float32 instructions. */
export const f32 = {
  const: (value: number): F32 => expr("f32", [0x43], bytesOf(Float32Array.of(value))),
  add: binary<"f32", "f32">("f32", [0x92]),
  load: access("f32", [0x2a], 2),
  store: (address: I32, value: F32): Statement => [...address.code, ...value.code, 0x38, 2, 0],
  demote: unary<"f64", "f32">("f32", [0xb6]),
} as const;

/** float64 instructions. */
export const f64 = {
  const: (value: number): F64 => expr("f64", [0x44], bytesOf(Float64Array.of(value))),
  add: binary<"f64", "f64">("f64", [0xa0]),
  load: access("f64", [0x2b], 3),
} as const;

/** Vector instructions; arithmetic is on four float32 lanes unless the name says otherwise. */
export const v128 = {
  load: access("v128", simd(0x00), 2),
  load32Splat: access("v128", simd(0x09), 2),
  load32Zero: access("v128", simd(0x5c), 2),
  load64Splat: access("v128", simd(0x0a), 2),
  store: (address: I32, value: V128, offset = 0): Statement => [
    ...address.code,
    ...value.code,
    ...simd(0x0b),
    2,
    ...unsigned(offset),
  ],
  storeLane0: (address: I32, value: V128): Statement => [
    ...address.code,
    ...value.code,
    ...simd(0x5a),
    2,
    0,
    0,
  ],
  /** Stores the first float64 lane. */
  storeLane0F64: (address: I32, value: V128): Statement => [
    ...address.code,
    ...value.code,
    ...simd(0x5b),
    3,
    0,
    0,
  ],
  const: (value: number): V128 => {
    const lane = bytesOf(Float32Array.of(value));
    return expr("v128", simd(0x0c), lane, lane, lane, lane);
  },
  constI32: (value: number): V128 => {
    const lane = [...new Uint8Array(Int32Array.of(value).buffer)];
    return expr("v128", simd(0x0c), lane, lane, lane, lane);
  },
  splat: unary<"f32", "v128">("v128", simd(0x13)),
  splatI32: unary<"i32", "v128">("v128", simd(0x11)),
  lane: (a: V128, index: number): F32 => expr("f32", a.code, simd(0x1f), [index]),
  laneF64: (a: V128, index: number): F64 => expr("f64", a.code, simd(0x21), [index]),
  /** Bytes `lanes` of the 32 bytes of a and b. */
  shuffle: (a: V128, b: V128, lanes: readonly number[]): V128 =>
    expr("v128", a.code, b.code, simd(0x0d), lanes),
  and: binary<"v128", "v128">("v128", simd(0x4e)),
  andnot: binary<"v128", "v128">("v128", simd(0x4f)),
  /** Bits of a where the mask is set, else those of b. */
  bitselect: (a: V128, b: V128, mask: V128): V128 =>
    expr("v128", a.code, b.code, mask.code, simd(0x52)),
  eq: binary<"v128", "v128">("v128", simd(0x41)),
  gt: binary<"v128", "v128">("v128", simd(0x44)),
  lt: binary<"v128", "v128">("v128", simd(0x43)),
  abs: unary<"v128", "v128">("v128", simd(0xe0)),
  neg: unary<"v128", "v128">("v128", simd(0xe1)),
  sqrt: unary<"v128", "v128">("v128", simd(0xe3)),
  add: binary<"v128", "v128">("v128", simd(0xe4)),
  sub: binary<"v128", "v128">("v128", simd(0xe5)),
  mul: binary<"v128", "v128">("v128", simd(0xe6)),
  div: binary<"v128", "v128">("v128", simd(0xe7)),
  min: binary<"v128", "v128">("v128", simd(0xe8)),
  max: binary<"v128", "v128">("v128", simd(0xe9)),
  /** b < a ? b : a, one instruction on x86. */
  pmin: binary<"v128", "v128">("v128", simd(0xea)),
  /** a < b ? b : a, one instruction on x86. */
  pmax: binary<"v128", "v128">("v128", simd(0xeb)),
  fromI32: unary<"v128", "v128">("v128", simd(0xfa)),
  shlI32: (a: V128, bits: number): V128 => expr("v128", a.code, i32.const(bits).code, simd(0xab)),
  addI32: binary<"v128", "v128">("v128", simd(0xae)),
  /** Shifts two 64-bit lanes to the left. */
  shlI64: (a: V128, bits: number): V128 => expr("v128", a.code, i32.const(bits).code, simd(0xcb)),
  addI64: binary<"v128", "v128">("v128", simd(0xce)),
  addF64: binary<"v128", "v128">("v128", simd(0xf0)),
  subF64: binary<"v128", "v128">("v128", simd(0xf1)),
  mulF64: binary<"v128", "v128">("v128", simd(0xf2)),
  divF64: binary<"v128", "v128">("v128", simd(0xf3)),
  absF64: unary<"v128", "v128">("v128", simd(0xec)),
  /** b < a ? b : a. */
  pminF64: binary<"v128", "v128">("v128", simd(0xf6)),
  /** a < b ? b : a. */
  pmaxF64: binary<"v128", "v128">("v128", simd(0xf7)),
  /** Two float64 lanes of one value. */
  constF64: (value: number): V128 => {
    const lane = bytesOf(Float64Array.of(value));
    return expr("v128", simd(0x0c), lane, lane);
  },
  promoteLow: unary<"v128", "v128">("v128", simd(0x5f)),
  /** a·b + c, rounded once or twice as the machine likes. */
  relaxedMadd: (a: V128, b: V128, c: V128): V128 =>
    expr("v128", a.code, b.code, c.code, simd(0x105)),
  /** c − a·b, rounded once or twice as the machine likes. */
  relaxedNmadd: (a: V128, b: V128, c: V128): V128 =>
    expr("v128", a.code, b.code, c.code, simd(0x106)),
  /** a·b + c on two float64 lanes, rounded once or twice as the machine likes. */
  relaxedMaddF64: (a: V128, b: V128, c: V128): V128 =>
    expr("v128", a.code, b.code, c.code, simd(0x107)),
  /** c − a·b on two float64 lanes, rounded once or twice as the machine likes. */
  relaxedNmaddF64: (a: V128, b: V128, c: V128): V128 =>
    expr("v128", a.code, b.code, c.code, simd(0x108)),
} as const;

/** Sets `bytes` bytes to zero. */
export function memoryZero(to: I32, bytes: I32): Statement {
  return [...to.code, ...i32.const(0).code, ...bytes.code, 0xfc, 0x0b, 0];
}

/** A function under construction. */
export class FunctionBuilder {
  readonly #parameters: ValueType[] = [];
  readonly #locals: ValueType[] = [];
  /** Constants by their value, and the statements that set them. */
  readonly #constants: Map<number, Local<"v128">> = new Map();
  readonly #start: Statement[] = [];
  /** Statements of the open blocks, innermost last. */
  readonly #blocks: Statement[][] = [[]];
  #result: Expr<ValueType> | undefined;

  /** Declares the next parameter; all of them come before the first local. */
  parameter<T extends ValueType>(type: T): Local<T> {
    if (this.#locals.length > 0) throw new Error("Cannot add a parameter: locals are declared");
    this.#parameters.push(type);
    return makeLocal(type, this.#parameters.length - 1);
  }

  /** Declares a local variable, zero at first, or assigned where this is called. */
  local<T extends ValueType>(type: T, initial?: Expr<T>): Local<T> {
    this.#locals.push(type);
    const local = makeLocal(type, this.#parameters.length + this.#locals.length - 1);
    if (initial) this.emit(local.set(initial));
    return local;
  }

  /**
   * A float32 in all lanes that is set once, where the function begins: in a loop each use of
   * `v128.const` takes some instructions to make it, which halves the speed of a polynomial.
   */
  constant(value: number): V128 {
    const known = this.#constants.get(value);
    if (known) return known;
    const local = this.local("v128");
    this.#start.push(local.set(v128.const(value)));
    this.#constants.set(value, local);
    return local;
  }

  /** Appends statements to the innermost open block. */
  emit(...statements: readonly Statement[]): void {
    this.#blocks.at(-1)!.push(...statements);
  }

  /** What `body` emits, as long as `condition` holds; tested first. */
  while(condition: I32, body: () => void): void {
    const inner = this.#block(body);
    const test = [...condition.code, 0x45, 0x0d, 1];
    this.emit([0x02, 0x40, 0x03, 0x40, ...test, ...inner, 0x0c, 0, 0x0b, 0x0b]);
  }

  /** What `yes` emits where the condition holds, else what `no` emits. */
  if(condition: I32, yes: () => void, no: () => void = () => {}): void {
    const then = this.#block(yes);
    const otherwise = this.#block(no);
    this.emit([...condition.code, 0x04, 0x40, ...then, 0x05, ...otherwise, 0x0b]);
  }

  #block(body: () => void): Statement {
    this.#blocks.push([]);
    body();
    return this.#blocks.pop()!.flat();
  }

  /** Sets the value that the function returns. */
  returns(value: Expr<ValueType>): void {
    this.#result = value;
  }

  /** Entry of the type section. */
  signature(): number[] {
    const result = this.#result ? [1, TYPE_CODE[this.#result.type]] : [0];
    return [0x60, ...vector(this.#parameters.map((t) => [TYPE_CODE[t]])), ...result];
  }

  /** Entry of the code section. */
  code(): number[] {
    const locals = vector(this.#locals.map((t) => [1, TYPE_CODE[t]]));
    const statements = [...this.#start, ...this.#blocks[0]!].flat();
    const body = [...locals, ...statements, ...(this.#result?.code ?? []), 0x0b];
    return [...unsigned(body.length), ...body];
  }
}

function makeLocal<T extends ValueType>(type: T, index: number): Local<T> {
  return {
    ...expr(type, [0x20], unsigned(index)),
    set: (value) => [...value.code, 0x21, ...unsigned(index)],
  };
}

function vector(items: readonly (readonly number[])[]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...unsigned(content.length), ...content];
}

function text(value: string): number[] {
  return vector([...new TextEncoder().encode(value)].map((byte) => [byte]));
}

/** Bytes of a page of memory. */
export const PAGE = 65536;
/** Pages that a memory may have. */
export const MOST_PAGES = 65536;

/** An imported memory: without a largest size, or shared between threads with the largest limit. */
function memoryImport(shared: boolean, pages: number): number[] {
  const least = unsigned(pages);
  const limits = shared ? [0x03, ...least, ...unsigned(MOST_PAGES)] : [0x00, ...least];
  return [...text("env"), ...text("memory"), 0x02, ...limits];
}

/**
 * Assembles a module that imports `env.memory` and exports the functions by name.
 *
 * @param functions Function bodies by exported name.
 * @param shared Whether the memory is shared between threads.
 * @param pages Least size of the memory, default 0: offsets of accesses below it are not checked
 *   again at run time.
 * @returns The binary module.
 */
export function assemble(
  functions: Readonly<Record<string, FunctionBuilder>>,
  shared: boolean = false,
  pages: number = 0,
): Uint8Array<ArrayBuffer> {
  const entries = Object.entries(functions);
  const types = vector(entries.map(([, f]) => f.signature()));
  const imports = vector([memoryImport(shared, pages)]);
  const indices = vector(entries.map((_, i) => unsigned(i)));
  const exports = vector(entries.map(([name], i) => [...text(name), 0x00, ...unsigned(i)]));
  const codes = vector(entries.map(([, f]) => f.code()));
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, types),
    ...section(2, imports),
    ...section(3, indices),
    ...section(7, exports),
    ...section(10, codes),
  ]);
}
