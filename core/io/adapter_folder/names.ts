/** What the adapter is. */
export const CONFIG = "adapter_config.json";
/** Its tensors. */
export const WEIGHTS = "adapter_model.safetensors";
