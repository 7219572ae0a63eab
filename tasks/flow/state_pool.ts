/**
 * Places for states in a kernel's memory, where they can be kept without being copied.
 *
 * @module
 */

/** Counts who needs the state at each place; a place that nobody needs is handed out again. */
export class StatePool {
  readonly #users: Map<number, number>;
  /** Free places; the one used last is handed out first, as it may still be in a cache. */
  readonly #free: number[];

  /** Makes a pool of places, all of them free. */
  constructor(places: readonly number[]) {
    this.#users = new Map(places.map((place) => [place, 0]));
    this.#free = [...places].reverse();
  }

  /**
   * Takes a free place for one user.
   *
   * @throws {RangeError} When there is none.
   */
  take(): number {
    const place = this.#free.pop();
    if (place === undefined) {
      throw new RangeError(
        `Cannot take a place for a state: all ${this.#users.size} are in use; keep fewer states`,
      );
    }
    this.#users.set(place, 1);
    return place;
  }

  /** Adds a user of a place that is in use. */
  share(place: number): number {
    this.#users.set(place, this.#users.get(place)! + 1);
    return place;
  }

  /** One user less. */
  release(place: number): void {
    const left = this.#users.get(place)! - 1;
    this.#users.set(place, left);
    if (left === 0) this.#free.push(place);
  }
}
