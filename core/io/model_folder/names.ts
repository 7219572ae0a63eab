/** Kind and sizes of the network. */
export const CONFIG = "config.json";
/** All weights. */
export const WEIGHTS = "model.safetensors";
/** Where each weight is, when there are several files. */
export const INDEX = "model.safetensors.index.json";

/** Name of one of several files of weights. */
export function shardName(number: number, count: number): string {
  const digits = (n: number) => String(n).padStart(5, "0");
  return `model-${digits(number)}-of-${digits(count)}.safetensors`;
}
