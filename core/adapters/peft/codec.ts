/**
 * How the matrices of an adapter lie in files of PEFT.
 *
 * @module
 */

import type { Matrix } from "../../algebra/mod.ts";
import type {
  AdaptedModule,
  AdapterConfig,
  BaseModule,
  PeftType,
  TensorData,
} from "../../io/mod.ts";
import type { Settings } from "../../settings.ts";
import type { Attached } from "../adapter.ts";

/** Matrices of a file, inputs×outputs as everywhere here; what is absent stays as attached. */
export interface AdapterParts {
  /** Values for {@linkcode Attached.trained}, by its names. */
  readonly trained: Readonly<Record<string, Matrix>>;
  /** Values for {@linkcode Attached.frozen}. */
  readonly frozen?: Readonly<Record<string, Matrix>>;
}

/** What a weight is in a file. */
export interface StoredParts {
  /** Tensors by what stands behind the name of the module. */
  readonly parts: Readonly<Record<string, TensorData>>;
  /** Tensors that all modules share, by their names; absent where there are none. */
  readonly shared?: Readonly<Record<string, TensorData>>;
  /** Rank there. */
  readonly rank: number;
  /** Numerator of the scale there. */
  readonly alpha: number;
  /** Which columns of the start are left, where some are gone. */
  readonly mask?: readonly boolean[];
  /** Further values of the config, the same for all modules. */
  readonly values?: Readonly<Record<string, unknown>>;
}

/** How the matrices of an adapter lie in files of PEFT. */
export interface PeftCodec {
  /** Registry name of the adapter. */
  readonly adapter: string;
  /** Type of its files. */
  readonly type: PeftType;
  /** Values of the config by which a file of that type is one of this adapter. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Settings of the adapter of a module. */
  settings(adapted: AdaptedModule, config: AdapterConfig): Settings;
  /** Whether files can have it on a module that their type allows; default true. */
  stores?(module: BaseModule): boolean;
  /** The matrices of a module. */
  read(adapted: AdaptedModule): AdapterParts;
  /**
   * The tensors of a weight; absent where its files could not be read again by themselves.
   *
   * @param settings All settings of the adapter.
   */
  write?(at: Attached<Matrix>, module: BaseModule, settings: Settings): StoredParts;
}
