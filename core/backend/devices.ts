/**
 * Which graphics processors the operating system shows, found out without loading a driver.
 *
 * @module
 */

/** Device files of graphics processors on Linux, /dev/dxg being the one of its Windows host. */
const GRAPHICS = /^(dri|dxg|nvidia\d+|kgsl.*|mali\d+)$/;
/** Those of them that CUDA can run on. */
const CUDA = /^(dxg|nvidia\d+)$/;

/**
 * Whether there may be a graphics processor.
 *
 * @param os Operating system as `Deno.build.os` names it; only Linux tells.
 * @param folder Folder of the device files.
 * @returns False only when there is surely none.
 */
export async function mayHaveGraphics(
  os: string = Deno.build.os,
  folder: string = "/dev",
): Promise<boolean> {
  return os !== "linux" || await anyFile(folder, GRAPHICS);
}

/**
 * Whether there may be a CUDA device.
 *
 * @param os Operating system as `Deno.build.os` names it.
 * @param folder Folder of the device files on Linux.
 * @returns False only when there is surely none.
 */
export async function mayHaveCuda(
  os: string = Deno.build.os,
  folder: string = "/dev",
): Promise<boolean> {
  if (os === "darwin") return false;
  return os !== "linux" || await anyFile(folder, CUDA);
}

/** Whether a folder holds a file of such a name; a folder that cannot be read may. */
async function anyFile(folder: string, pattern: RegExp): Promise<boolean> {
  try {
    for await (const { name } of Deno.readDir(folder)) if (pattern.test(name)) return true;
    return false;
  } catch {
    return true;
  }
}
