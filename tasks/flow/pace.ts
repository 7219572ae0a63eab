/**
 * Whether threads help: they do not where other programs keep the cores busy, since a thread that
 * the system has put aside in the middle of its rows keeps all others waiting.
 *
 * @module
 */

/** Milliseconds of a trial: several turns that the system gives to other programs. */
const TRIAL = 60;
/** Milliseconds after a change of way in which threads wake up, not counted. */
const WAKING = 2;
/** Milliseconds from a trial to the next: twice as long whenever the same way won again. */
const SHORTEST = 250;
const LONGEST = 4000;
/** Threads help where they take less than this part of the time that one alone takes. */
const WORTH = 0.9;

type Way = "alone" | "together";

/** Works together or alone, whichever took less time in the last trials. */
export class Pace {
  readonly #clock: () => number;
  /** Milliseconds of a run. */
  readonly #cost: Record<Way, number> = { alone: 0, together: 0 };
  #chosen: Way = "together";
  #way: Way = "together";
  #stretch = SHORTEST;
  #length = TRIAL;
  #waited = 0;
  #runs = 0;
  #sum = 0;
  #recentRuns = 0;
  #recent = 0;

  /** Makes one that begins together, by a clock in milliseconds. */
  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock;
  }

  /** Runs something, told whether together. */
  run(work: (together: boolean) => void): void {
    const begin = this.#clock();
    work(this.#way === "together");
    this.#note(this.#clock() - begin);
  }

  #note(time: number): void {
    if (this.#waited < WAKING) {
      this.#waited += time;
      return;
    }
    this.#runs++;
    this.#sum += time;
    if (this.#sum >= this.#length || this.#disappoints(time)) this.#turn();
  }

  /** Whether threads that were chosen have taken longer than one alone for the time of a trial. */
  #disappoints(time: number): boolean {
    if (this.#way === "alone" || this.#chosen === "alone") return false;
    this.#recentRuns++;
    this.#recent += time;
    if (this.#recent < TRIAL) return false;
    const slower = this.#recent > this.#cost.alone * this.#recentRuns;
    // They are judged by what they do now.
    if (slower) [this.#sum, this.#runs] = [this.#recent, this.#recentRuns];
    this.#recentRuns = this.#recent = 0;
    return slower;
  }

  /** The way not chosen is tried after the chosen one, and the faster one chosen after that. */
  #turn(): void {
    this.#cost[this.#way] = this.#sum / this.#runs;
    if (this.#way === this.#chosen) {
      return this.#begin(this.#way === "alone" ? "together" : "alone", TRIAL);
    }
    const { alone, together } = this.#cost;
    const faster = together < WORTH * alone ? "together" : "alone";
    this.#stretch = faster === this.#chosen ? Math.min(2 * this.#stretch, LONGEST) : SHORTEST;
    this.#chosen = faster;
    this.#begin(faster, this.#stretch);
  }

  #begin(way: Way, length: number): void {
    this.#way = way;
    this.#length = length;
    this.#waited = 0;
    this.#runs = 0;
    this.#sum = 0;
    this.#recentRuns = 0;
    this.#recent = 0;
  }
}
