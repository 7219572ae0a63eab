/**
 * MPI as what carries the messages of a communicator.
 *
 * @module
 */

import type { Carrier } from "../member.ts";
import { type CommData, CommError, type Reduction } from "../types.ts";
import type { MpiLibrary } from "./library.ts";
import type { MpiFunctions, MpiHandles } from "./symbols.ts";
import type { Waiter } from "./waiting.ts";

/** "No colour", in both families. */
const UNDEFINED = -32766;
/** More bytes than either family's status takes. */
const STATUS_BYTES = 64;

/** What is done at once. */
const DONE = Promise.resolve();

/** Arrays that members exchange. */
const CLASSES = [Float32Array, Float64Array, Int32Array, Uint8Array];

/** Starts an operation: takes the handle of the request. */
type Start = (request: BigUint64Array) => number;

/** Some processes of a job. */
export class MpiCarrier implements Carrier {
  readonly rank: number;
  readonly size: number;
  readonly neighbours: number;
  readonly description: string;
  readonly #library: MpiLibrary;
  readonly #waiter: Waiter;
  readonly #comm: number;
  /** Types by class: names of classes are slow to ask for. */
  readonly #types: ReadonlyMap<unknown, number>;
  /** Handles that nothing uses. */
  readonly #free: BigUint64Array[] = [];
  readonly #status: Uint8Array = new Uint8Array(STATUS_BYTES);
  readonly #check: (code: number) => void = (code) => {
    if (code !== 0) throw new CommError(`Cannot go on: ${errorText(this.#functions, code)}`);
  };

  /**
   * Speaks for one communicator.
   *
   * @param comm Its handle.
   * @param neighbours Processes on this machine.
   */
  constructor(library: MpiLibrary, comm: number, waiter: Waiter, neighbours: number) {
    this.#library = library;
    this.#comm = comm;
    this.#waiter = waiter;
    this.neighbours = neighbours;
    const { types } = library.handles;
    this.#types = new Map(CLASSES.map((each) => [each, types[each.name]!]));
    this.#check(this.#functions.MPI_Comm_set_errhandler(comm, library.handles.errorsReturn));
    this.rank = this.#number("MPI_Comm_rank");
    this.size = this.#number("MPI_Comm_size");
    this.description = `${library.title}, ${this.size} process${this.size === 1 ? "" : "es"}`;
  }

  allReduce(data: CommData, how: Reduction): Promise<void> {
    const { inPlace, reductions } = this.#handles;
    return this.#run("all-reduce", [data], (request) =>
      this.#functions.MPI_Iallreduce(
        inPlace,
        data,
        data.length,
        this.#type(data),
        reductions[how],
        this.#comm,
        request,
      ));
  }

  async broadcast(data: CommData, root: number): Promise<void> {
    const { MPI_Ibcast } = this.#functions;
    await this.#run(
      "broadcast",
      [data],
      (request) => MPI_Ibcast(data, data.length, this.#type(data), root, this.#comm, request),
    );
  }

  async gather(part: CommData, all: CommData | undefined, root: number): Promise<void> {
    const [n, type] = [part.length, this.#type(part)];
    const whole = all ?? null;
    await this.#run(
      "gather",
      [part, all],
      (request) =>
        this.#functions.MPI_Igather(
          part,
          n,
          type,
          whole,
          n,
          type,
          root,
          this.#comm,
          request,
        ),
    );
  }

  async scatter(all: CommData | undefined, part: CommData, root: number): Promise<void> {
    const [n, type] = [part.length, this.#type(part)];
    const whole = this.rank === root ? all! : null;
    await this.#run(
      "scatter",
      [part, all],
      (request) =>
        this.#functions.MPI_Iscatter(
          whole,
          n,
          type,
          part,
          n,
          type,
          root,
          this.#comm,
          request,
        ),
    );
  }

  async send(data: CommData, to: number, tag: number): Promise<void> {
    const { MPI_Isend } = this.#functions;
    await this.#run(
      "send",
      [data],
      (request) => MPI_Isend(data, data.length, this.#type(data), to, tag, this.#comm, request),
    );
  }

  async receive(into: CommData, from: number, tag: number): Promise<void> {
    const { MPI_Irecv, MPI_Get_count } = this.#functions;
    const type = this.#type(into);
    const status = new Uint8Array(STATUS_BYTES);
    const start: Start = (request) =>
      MPI_Irecv(into, into.length, type, from, tag, this.#comm, request);
    await this.#run("receive", [into], start, status);
    const count = new Int32Array(1);
    this.#check(MPI_Get_count(status, type, count));
    if (count[0] === into.length) return;
    throw new CommError(
      `Cannot receive: expected ${into.length} entries from member ${from}, got ${count[0]}`,
    );
  }

  async barrier(): Promise<void> {
    await this.#run(
      "wait at a barrier",
      [],
      (request) => this.#functions.MPI_Ibarrier(this.#comm, request),
    );
  }

  async split(color: number | undefined): Promise<Carrier | undefined> {
    // MPI splits by a call that blocks: when all are here, nobody waits in it.
    await this.barrier();
    const made = new BigUint64Array(1);
    const { MPI_Comm_split } = this.#functions;
    this.#check(MPI_Comm_split(this.#comm, color ?? UNDEFINED, this.rank, made));
    if (color === undefined) return undefined;
    return new MpiCarrier(this.#library, Number(made[0]), this.#waiter, this.neighbours);
  }

  abort(): void {
    this.#functions.MPI_Abort(this.#handles.world, 1);
  }

  get #functions(): MpiFunctions {
    return this.#library.functions;
  }

  get #handles(): MpiHandles {
    return this.#library.handles;
  }

  #type(data: CommData): number {
    return this.#types.get(data.constructor)!;
  }

  #number(name: "MPI_Comm_rank" | "MPI_Comm_size"): number {
    const out = new Int32Array(1);
    this.#check(this.#functions[name](this.#comm, out));
    return out[0]!;
  }

  #run(
    kind: string,
    arrays: readonly unknown[],
    start: Start,
    status: Uint8Array = this.#status,
  ): Promise<void> {
    const handle = this.#free.pop() ?? new BigUint64Array(1);
    this.#check(start(handle));
    if (this.#waiter.asked(handle, this.#check, status)) {
      this.#free.push(handle);
      return DONE;
    }
    return this.#waiter.done({ handle, arrays }, kind, this.#check, status);
  }
}

/** Most bytes of an error's text. */
const LONGEST_ERROR = 512;

/** What MPI says about a return code, in one line. */
function errorText({ MPI_Error_string }: MpiFunctions, code: number): string {
  const [text, length] = [new Uint8Array(LONGEST_ERROR), new Int32Array(1)];
  MPI_Error_string(code, text, length);
  return new TextDecoder().decode(text.subarray(0, length[0])).split("\n")[0]!;
}
