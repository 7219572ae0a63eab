/**
 * What the files of one type of adapters hold for a module.
 *
 * @module
 */

import type { Matrix } from "../../../algebra/mod.ts";
import type { TensorData } from "../../safetensors.ts";
import type { BaseModule, Extents } from "../base.ts";
import type { AdapterConfig } from "../config.ts";

/** A module and what the adapter has for it. */
export interface AdaptedModule {
  /** The module of the base. */
  readonly module: BaseModule;
  /** Its name in the adapter's file. */
  readonly name: string;
  /** Rank there. */
  readonly rank: number;
  /** Factor of the increment. */
  readonly scale: number;
  /** Tensors by what stands behind the module's name. */
  readonly parts: Readonly<Record<string, TensorData>>;
  /** Tensors that all modules use. */
  readonly shared: Readonly<Record<string, TensorData>>;
}

/** What decides about the shapes of the tensors of a module. */
export interface Sizes extends Extents {
  /** The module. */
  readonly module: BaseModule;
  /** Rank there. */
  readonly rank: number;
  /** The config. */
  readonly config: AdapterConfig;
}

/** A product that is an increment, outputs×inputs, without its scale. */
export interface Product {
  /** outputs×k. */
  readonly left: Matrix;
  /** k×(inputs·window). */
  readonly right: Matrix;
}

/** What a type of adapters stores, and what that adds to a weight. */
export interface AdapterForm {
  /** All that may stand behind the name of a module. */
  readonly names: readonly string[];
  /** Names of tensors that all modules use. */
  readonly shared: readonly string[];
  /** Rank and scale of a module, by its name in the adapter's file. */
  rank(config: AdapterConfig, module: string): number;
  /** Factor of the increment of a module of that rank. */
  scale(config: AdapterConfig, module: string, rank: number): number;
  /** Shapes of the tensors that a module must have, by what stands behind its name. */
  shapes(sizes: Sizes): Readonly<Record<string, readonly number[]>>;
  /** Least shapes of what all modules use, by its name. */
  least?(sizes: Sizes): Readonly<Record<string, readonly number[]>>;
  /** What a module would have to be; undefined where it is right. */
  refuses?(module: BaseModule): string | undefined;
  /** The increment as a product, where it is one. */
  product?(adapted: AdaptedModule): Product;
  /** The increment without its scale, where it is no product. */
  increment?(adapted: AdaptedModule): Matrix;
}
