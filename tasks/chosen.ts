/** The plugin of a name, or all of them in place of the name "all". */
export function chosen<T>(table: { list(): T[]; get(name: string): T }, name: string): T[] {
  return name === "all" ? table.list() : [table.get(name)];
}
