/**
 * Packages that are fetched by whoever uses them, not by everybody who imports this one.
 *
 * @module
 */

/**
 * Imports a module of a package, fetching the package where it is not cached. As the specifier is a
 * value, Deno does not see it in the module graph, whose packages it fetches before it runs anything.
 *
 * @param specifier Full specifier with its exact version, such as `npm:vega@6.4.0`: no import map
 * applies.
 * @returns What the module exports.
 * @throws {Error} When the package cannot be fetched or loaded.
 */
export async function importPackage<T>(specifier: string): Promise<T> {
  try {
    return await import(specifier) as T;
  } catch (error) {
    const reason = (error instanceof Error ? error.message : String(error)).split("\n")[0];
    throw new Error(
      `Cannot load ${specifier}: expected the package in Deno's cache or from its registry, ` +
        `got "${reason}"`,
      { cause: error },
    );
  }
}
