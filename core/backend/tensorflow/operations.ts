/**
 * TensorFlow operations by name, on float32 tensors.
 *
 * @module
 */

import type { TfTensor } from "../tfjs/types.ts";
import type { OpAttribute, TensorflowBackend } from "./addon.ts";

/** Runs one operation; its outputs belong to the current scope. */
export type RunOperation = (
  name: string,
  inputs: readonly unknown[],
  attributes?: readonly OpAttribute[],
  outputs?: number,
) => TfTensor[];

/** Attributes with the type codes of a binding. */
export interface Attributes {
  /** Element type of the operands. */
  readonly float: OpAttribute;
  /** Element type of class labels. */
  readonly labels: OpAttribute;
  /** A switch. */
  flag(name: string, value: boolean): OpAttribute;
}

/** The door to a backend's operations; each gets the element type float32 as its attribute T. */
export function operationsOf(backend: TensorflowBackend): RunOperation {
  const { float } = attributesOf(backend);
  return (name, inputs, attributes = [], outputs = 1) =>
    backend.executeMultipleOutputs(name, [...attributes, float], inputs, outputs);
}

/** Attributes in the codes of a backend's binding. */
export function attributesOf({ binding }: TensorflowBackend): Attributes {
  const { TF_ATTR_BOOL, TF_ATTR_TYPE, TF_FLOAT, TF_INT32 } = binding;
  return {
    float: { name: "T", type: TF_ATTR_TYPE, value: TF_FLOAT },
    labels: { name: "Tlabels", type: TF_ATTR_TYPE, value: TF_INT32 },
    flag: (name, value) => ({ name, type: TF_ATTR_BOOL, value }),
  };
}
