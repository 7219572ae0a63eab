/**
 * What Deno lets this process do.
 *
 * @module
 */

/** Permissions by the names of their flags: `--allow-env`. */
export type PermissionName = "env" | "ffi" | "read" | "sys";

/**
 * Which flag is missing, in one line; undefined when all that is named is granted. Asks nobody.
 *
 * @example Nothing is needed for nothing
 * ```ts
 * import { missingPermission } from "@rankflow/rankflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(missingPermission(), undefined);
 * ```
 */
export function missingPermission(...names: readonly PermissionName[]): string | undefined {
  for (const name of names) {
    const { state } = Deno.permissions.querySync({ name });
    if (state !== "granted") return `--allow-${name} is not granted`;
  }
}

/**
 * The same for something that is worth a question: on a terminal Deno asks the person, as it does
 * for programs that just go ahead.
 */
export async function refusedPermission(
  ...names: readonly PermissionName[]
): Promise<string | undefined> {
  for (const name of names) {
    const { state } = await Deno.permissions.request({ name });
    if (state !== "granted") return `--allow-${name} is not granted`;
  }
}
