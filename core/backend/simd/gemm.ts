/**
 * Matrix product kernels: packing into panels and the product of packed panels.
 *
 * The usual blocked scheme: A is packed into panels of {@linkcode TILE_ROWS} rows and B into panels
 * of {@linkcode TILE_COLUMNS} columns, both with the inner index running slowest, and a tile of C
 * stays in registers while the inner index runs through a block.
 *
 * @module
 */

import {
  f32,
  FunctionBuilder,
  type I32,
  i32,
  type Local,
  type V128,
  v128,
} from "../../wasm/mod.ts";

/** Rows of the tile of C that stays in registers. */
export const TILE_ROWS = 6;
/** Columns of that tile: two vectors. */
export const TILE_COLUMNS = 8;

/** Bytes of a tile row. */
const ROW_BYTES = 4 * TILE_COLUMNS;

type Locals = Local<"i32">[];

const parameters = (f: FunctionBuilder, count: number): Locals =>
  Array.from({ length: count }, () => f.parameter("i32"));

const step = (f: FunctionBuilder, variable: Local<"i32">, by: I32): void =>
  f.emit(variable.set(i32.add(variable, by)));

/**
 * Packs one panel whose width is strided in memory: to[k·width + w] = from[w·strideW + k·strideK],
 * zero for w ≥ count. Parameters to, from, count, depth, strideW, strideK (in bytes).
 */
function packStrided(width: number): FunctionBuilder {
  const f = new FunctionBuilder();
  const [to, from, count, depth, strideW, strideK] = parameters(f, 6) as Required<Locals>;
  const pitch = i32.const(4 * width);
  const w = f.local("i32", i32.const(0));
  f.while(i32.ltU(w, i32.const(width)), () => {
    const source = f.local("i32", i32.add(from!, i32.mul(w, strideW!)));
    const target = f.local("i32", i32.add(to!, i32.shl(w, i32.const(2))));
    const end = f.local("i32", i32.add(target, i32.mul(depth!, pitch)));
    f.if(i32.ltU(w, count!), () => {
      f.while(i32.ltU(target, end), () => {
        f.emit(f32.store(target, f32.load(source)));
        step(f, target, pitch);
        step(f, source, strideK!);
      });
    }, () => {
      f.while(i32.ltU(target, end), () => {
        f.emit(f32.store(target, f32.const(0)));
        step(f, target, pitch);
      });
    });
    step(f, w, i32.const(1));
  });
  return f;
}

/**
 * Packs one full panel whose width is contiguous in memory: parameters to, from, depth, strideK (in
 * bytes). Reads whole vectors, a width of 6 as 4 + 2.
 */
function packContiguous(width: number): FunctionBuilder {
  const f = new FunctionBuilder();
  const [to, from, depth, strideK] = parameters(f, 4);
  const end = f.local("i32", i32.add(to!, i32.mul(depth!, i32.const(4 * width))));
  f.while(i32.ltU(to!, end), () => {
    for (let w = 0; w + 4 <= width; w += 4) {
      f.emit(v128.store(to!, v128.load(from!, 4 * w), 4 * w));
    }
    for (let w = width - width % 4; w < width; w++) {
      const at = i32.add(to!, i32.const(4 * w));
      f.emit(f32.store(at, f32.load(from!, 4 * w)));
    }
    step(f, to!, i32.const(4 * width));
    step(f, from!, strideK!);
  });
  return f;
}

/** acc += a·b, fused where the engine can. */
type Accumulate = (a: V128, b: V128, acc: V128) => V128;

/** Sums the outer products of two panels over `depth` into fresh accumulators. */
function panelProduct(
  f: FunctionBuilder,
  accumulate: Accumulate,
  panelA: I32,
  panelB: I32,
  depth: I32,
): Local<"v128">[] {
  const acc = Array.from({ length: 2 * TILE_ROWS }, () => f.local("v128", v128.const(0)));
  const a = f.local("i32", panelA);
  const b = f.local("i32", panelB);
  const end = f.local("i32", i32.add(b, i32.mul(depth, i32.const(ROW_BYTES))));
  f.while(i32.ltU(b, end), () => {
    const left = f.local("v128", v128.load(b));
    const right = f.local("v128", v128.load(b, 16));
    for (let r = 0; r < TILE_ROWS; r++) {
      const x = f.local("v128", v128.load32Splat(a, 4 * r));
      f.emit(acc[2 * r]!.set(accumulate(x, left, acc[2 * r]!)));
      f.emit(acc[2 * r + 1]!.set(accumulate(x, right, acc[2 * r + 1]!)));
    }
    step(f, a, i32.const(4 * TILE_ROWS));
    step(f, b, i32.const(ROW_BYTES));
  });
  return acc;
}

/** Writes a full tile: over what is there, or added to it. */
function storeTile(
  f: FunctionBuilder,
  acc: readonly V128[],
  c: I32,
  pitch: I32,
  add: I32,
): void {
  const row = f.local("i32", c);
  const each = (value: (lanes: V128, offset: number) => V128): void => {
    f.emit(row.set(c));
    for (let r = 0; r < TILE_ROWS; r++) {
      f.emit(v128.store(row, value(acc[2 * r]!, 0)));
      f.emit(v128.store(row, value(acc[2 * r + 1]!, 16), 16));
      step(f, row, pitch);
    }
  };
  f.if(add, () => each((lanes, at) => v128.add(v128.load(row, at), lanes)), () => each((l) => l));
}

/** Writes the valid part of a tile that reaches over the edge, by way of a scratch tile. */
function storeEdge(
  f: FunctionBuilder,
  acc: readonly V128[],
  scratch: I32,
  c: I32,
  pitch: I32,
  [rows, columns]: [I32, I32],
  add: I32,
): void {
  acc.forEach((lanes, i) => f.emit(v128.store(scratch, lanes, 16 * i)));
  const r = f.local("i32", i32.const(0));
  f.while(i32.ltU(r, rows), () => {
    const from = f.local("i32", i32.add(scratch, i32.mul(r, i32.const(ROW_BYTES))));
    const to = f.local("i32", i32.add(c, i32.mul(r, pitch)));
    const end = f.local("i32", i32.add(to, i32.shl(columns, i32.const(2))));
    f.while(i32.ltU(to, end), () => {
      f.if(
        add,
        () => f.emit(f32.store(to, f32.add(f32.load(to), f32.load(from)))),
        () => f.emit(f32.store(to, f32.load(from))),
      );
      step(f, from, i32.const(4));
      step(f, to, i32.const(4));
    });
    step(f, r, i32.const(1));
  });
}

const atMost = (f: FunctionBuilder, value: I32, limit: number): Local<"i32"> => {
  const v = f.local("i32", value);
  f.if(i32.ltU(i32.const(limit), v), () => f.emit(v.set(i32.const(limit))));
  return v;
};

/**
 * C (+)= A B for packed blocks: parameters packedA, packedB, c, rows, columns, depth, pitch of C in
 * bytes, add (0 or 1), scratch (one tile).
 */
function blockProduct(accumulate: Accumulate): FunctionBuilder {
  const f = new FunctionBuilder();
  const [packedA, packedB, c, rows, columns, depth, pitch, add, scratch] = parameters(f, 9);
  const j = f.local("i32", i32.const(0));
  const b = f.local("i32", packedB);
  f.while(i32.ltU(j, columns!), () => {
    const width = atMost(f, i32.sub(columns!, j), TILE_COLUMNS);
    const a = f.local("i32", packedA);
    const i = f.local("i32", i32.const(0));
    f.while(i32.ltU(i, rows!), () => {
      const height = atMost(f, i32.sub(rows!, i), TILE_ROWS);
      const acc = panelProduct(f, accumulate, a, b, depth!);
      const corner = i32.add(i32.add(c!, i32.mul(i, pitch!)), i32.shl(j, i32.const(2)));
      const tile = f.local("i32", corner);
      const whole = i32.ltU(
        i32.const(TILE_ROWS * TILE_COLUMNS - 1),
        i32.mul(width, height),
      );
      f.if(
        whole,
        () => storeTile(f, acc, tile, pitch!, add!),
        () => storeEdge(f, acc, scratch!, tile, pitch!, [height, width], add!),
      );
      step(f, a, i32.mul(depth!, i32.const(4 * TILE_ROWS)));
      step(f, i, i32.const(TILE_ROWS));
    });
    step(f, b, i32.mul(depth!, i32.const(ROW_BYTES)));
    step(f, j, i32.const(TILE_COLUMNS));
  });
  return f;
}

/**
 * Every kernel of this file by its exported name.
 *
 * @param fused Whether to use the fused multiply-add of relaxed SIMD.
 */
export function gemmKernels(fused: boolean): Record<string, FunctionBuilder> {
  const plain: Accumulate = (a, b, acc) => v128.add(acc, v128.mul(a, b));
  return {
    pack_rows_strided: packStrided(TILE_ROWS),
    pack_rows_contiguous: packContiguous(TILE_ROWS),
    pack_columns_strided: packStrided(TILE_COLUMNS),
    pack_columns_contiguous: packContiguous(TILE_COLUMNS),
    block_product: blockProduct(fused ? v128.relaxedMadd : plain),
  };
}
