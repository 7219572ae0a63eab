export function assert(c: unknown, m?: string): asserts c { if (!c) throw new Error(m ?? "assert"); }
