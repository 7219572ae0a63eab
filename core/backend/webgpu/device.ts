/**
 * Makes the device that TensorFlow.js computes on.
 *
 * @module
 */

/** A device and the first thing that went wrong on it. */
export interface WatchedDevice {
  /** The device. */
  readonly device: GPUDevice;
  /** What the driver reported, or undefined while all is well. */
  failure(): string | undefined;
}

/** Limits that are asked for as high as the adapter goes; the defaults are made for pages. */
const LIMITS = [
  "maxComputeWorkgroupStorageSize",
  "maxComputeWorkgroupsPerDimension",
  "maxStorageBufferBindingSize",
  "maxBufferSize",
  "maxComputeWorkgroupSizeX",
  "maxComputeInvocationsPerWorkgroup",
] as const;

/**
 * Asks the adapter for a device with its own limits. WebGPU tells of bad commands and exhausted
 * memory by events only and goes on with zeros; the events are kept for the next read-back.
 */
export async function makeDevice(adapter: GPUAdapter): Promise<WatchedDevice> {
  const requiredLimits = Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]]));
  const device = await adapter.requestDevice({ requiredLimits });
  let failure: string | undefined;
  device.addEventListener("uncapturederror", (event) => {
    event.preventDefault();
    failure ??= (event as GPUUncapturedErrorEvent).error.message.trim().split("\n")[0]!;
  });
  void device.lost.then(({ message }) => failure ??= message || "the device was lost");
  return { device, failure: () => failure };
}
