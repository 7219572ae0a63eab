/**
 * How windows move over images, as layers are told.
 *
 * @module
 */

import {
  checkInteger,
  type ConvGeometry,
  type Padding,
  type Tensor,
  type WindowGeometry,
} from "../core/mod.ts";

/** One number for both directions, or one for height and one for width. */
export type Pair = number | readonly [number, number];

/**
 * Zeros around an image: "valid" for none; "same" for as many as make the output's extents those
 * of the input divided by the stride and rounded up, the odd one below and to the right; a number
 * for each side; or every side by itself.
 */
export type PaddingChoice = "same" | "valid" | number | Padding;

/**
 * How a layer's window moves; what is absent has its default.
 *
 * @example Windows of 3×3, two pixels apart
 * ```ts
 * import {
 *   conv2d, type ConvWindowOptions, maxPool, type PaddingChoice, type Pair, type WindowOptions,
 * } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const [size, padding]: [Pair, PaddingChoice] = [[3, 3], "valid"];
 * const windows: WindowOptions = { strides: 2, padding };
 * const spread: ConvWindowOptions = { ...windows, dilations: 2 };
 * assertEquals(maxPool({ size, ...windows }).weights, []);
 * assertEquals(conv2d({ name: "wide", inputs: 1, outputs: 1, size, ...spread }).weights.length, 2);
 * ```
 */
export interface WindowOptions {
  /** Steps between windows; default of each layer. */
  readonly strides?: Pair;
  /** Zeros around the image; default of each layer. */
  readonly padding?: PaddingChoice;
}

/** How a layer's kernel moves. */
export interface ConvWindowOptions extends WindowOptions {
  /** Distance of the kernel's entries; default 1. */
  readonly dilations?: Pair;
  /** Groups of channels that are convolved apart; default 1. */
  readonly groups?: number;
}

/** Height and width of what may be one number for both. */
export function pairOf(pair: Pair): readonly [number, number] {
  return typeof pair === "number" ? [pair, pair] : pair;
}

/**
 * Refuses what is no positive integer.
 *
 * @throws {RangeError} Naming the layer and the setting.
 */
export function checkPositive(layer: string, settings: Readonly<Record<string, number>>): void {
  for (const [what, value] of Object.entries(settings)) {
    checkInteger(`make layer "${layer}"`, what, value);
  }
}

/**
 * Refuses a window that is none, before an image comes.
 *
 * @throws {RangeError} Naming the layer and the setting.
 */
export function checkWindow(
  layer: string,
  size: readonly [number, number],
  { strides = 1, padding = 0, dilations = 1, groups = 1 }: ConvWindowOptions,
): void {
  checkPositive(layer, { height: size[0], width: size[1], groups });
  for (const [name, pair] of Object.entries({ strides, dilations })) {
    for (const value of pairOf(pair)) checkPositive(layer, { [name]: value });
  }
  if (typeof padding === "string") return;
  const sides = typeof padding === "number" ? { padding } : padding;
  for (const [side, value] of Object.entries(sides)) {
    checkInteger(`make layer "${layer}"`, side, value, { least: 0 });
  }
}

/**
 * Height and width of a batch of images.
 *
 * @throws {RangeError} When the tensor is no batch×height×width×channels.
 */
export function extentsOf(layer: string, x: Tensor): readonly [number, number] {
  if (x.shape.length !== 4) {
    throw new RangeError(
      `Cannot apply layer "${layer}": expected images, batch×height×width×channels, ` +
        `got shape [${x.shape}]; put toImages() before it`,
    );
  }
  return [x.shape[1]!, x.shape[2]!];
}

/** The geometry of a window of that size over images of those extents. */
export function windowGeometry(
  size: readonly [number, number],
  extents: readonly [number, number],
  options: WindowOptions,
  dilations: readonly [number, number] = [1, 1],
): WindowGeometry {
  const strides = pairOf(options.strides ?? 1);
  const reach = size.map((k, i) => (k - 1) * dilations[i]! + 1);
  return { strides, padding: paddingOf(options.padding ?? "valid", extents, reach, strides) };
}

/** The geometry of a convolution over images of those extents. */
export function convGeometry(
  size: readonly [number, number],
  extents: readonly [number, number],
  options: ConvWindowOptions,
): ConvGeometry {
  const dilations = pairOf(options.dilations ?? 1);
  const window = windowGeometry(size, extents, options, dilations);
  return { ...window, dilations, groups: options.groups ?? 1 };
}

/** Height and width of what a window leaves of images of those extents. */
export function outputExtents(
  size: readonly [number, number],
  extents: readonly [number, number],
  options: ConvWindowOptions,
): readonly [number, number] {
  const { strides, padding, dilations } = convGeometry(size, extents, options);
  const room = [
    extents[0] + padding.top + padding.bottom,
    extents[1] + padding.left +
    padding.right,
  ];
  const along = (i: 0 | 1): number =>
    Math.floor((room[i]! - (size[i] - 1) * dilations[i] - 1) / strides[i]) + 1;
  return [along(0), along(1)];
}

function paddingOf(
  choice: PaddingChoice,
  extents: readonly number[],
  reach: readonly number[],
  strides: readonly number[],
): Padding {
  if (choice === "valid") return paddingOf(0, extents, reach, strides);
  if (typeof choice === "number") {
    return { top: choice, bottom: choice, left: choice, right: choice };
  }
  if (choice !== "same") return choice;
  const [down, across] = extents.map((n, i) => {
    const wanted = (Math.ceil(n / strides[i]!) - 1) * strides[i]! + reach[i]!;
    return Math.max(0, wanted - n);
  }) as [number, number];
  const [top, left] = [Math.floor(down / 2), Math.floor(across / 2)];
  return { top, bottom: down - top, left, right: across - left };
}
