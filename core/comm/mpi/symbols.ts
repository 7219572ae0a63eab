/**
 * Functions of MPI as both families export them. Handles are passed as numbers: MPICH has integers
 * and Open MPI addresses, and either is what a register holds.
 *
 * @module
 */

const HANDLE = "usize";
const BUFFER = "buffer";
const COUNT = "i32";

const result = "i32" as const;

/** Functions without which nothing works. */
export const SYMBOLS = {
  MPI_Init_thread: { parameters: ["pointer", "pointer", COUNT, BUFFER], result },
  MPI_Finalize: { parameters: [], result },
  MPI_Abort: { parameters: [HANDLE, COUNT], result },
  MPI_Get_library_version: { parameters: [BUFFER, BUFFER], result },
  MPI_Error_string: { parameters: [COUNT, BUFFER, BUFFER], result },
  MPI_Comm_set_errhandler: { parameters: [HANDLE, HANDLE], result },
  MPI_Comm_rank: { parameters: [HANDLE, BUFFER], result },
  MPI_Comm_size: { parameters: [HANDLE, BUFFER], result },
  MPI_Comm_split: { parameters: [HANDLE, COUNT, COUNT, BUFFER], result },
  // The first array is the one that says "in place".
  MPI_Iallreduce: {
    parameters: [HANDLE, BUFFER, COUNT, HANDLE, HANDLE, HANDLE, BUFFER],
    result,
  },
  MPI_Ibcast: { parameters: [BUFFER, COUNT, HANDLE, COUNT, HANDLE, BUFFER], result },
  MPI_Igather: {
    parameters: [BUFFER, COUNT, HANDLE, BUFFER, COUNT, HANDLE, COUNT, HANDLE, BUFFER],
    result,
  },
  MPI_Iscatter: {
    parameters: [BUFFER, COUNT, HANDLE, BUFFER, COUNT, HANDLE, COUNT, HANDLE, BUFFER],
    result,
  },
  MPI_Isend: { parameters: [BUFFER, COUNT, HANDLE, COUNT, COUNT, HANDLE, BUFFER], result },
  MPI_Irecv: { parameters: [BUFFER, COUNT, HANDLE, COUNT, COUNT, HANDLE, BUFFER], result },
  MPI_Ibarrier: { parameters: [HANDLE, BUFFER], result },
  MPI_Test: { parameters: [BUFFER, BUFFER, BUFFER], result },
  MPI_Get_count: { parameters: [BUFFER, HANDLE, BUFFER], result },
} as const;

/** What the functions take: handles and counts, arrays, nothing. */
type MpiArgument = number | ArrayBufferView | null;

/** The functions, which return codes. */
export type MpiFunctions = Readonly<
  Record<keyof typeof SYMBOLS, (...args: readonly MpiArgument[]) => number>
>;

/** What the families give different values. */
export interface MpiHandles {
  /** All processes. */
  readonly world: number;
  /** Errors are returned. */
  readonly errorsReturn: number;
  /** In place of an array: the result stands where the argument stood. */
  readonly inPlace: number;
  /** Type of an array's entries by the name of its class. */
  readonly types: Readonly<Record<string, number>>;
  /** Reductions. */
  readonly reductions: Readonly<Record<"sum" | "max" | "min", number>>;
}

/** Values in the ABI that MPICH, Intel MPI, MVAPICH and Cray MPICH share. */
export const MPICH_HANDLES: MpiHandles = {
  world: 0x44000000,
  errorsReturn: 0x54000001,
  inPlace: -1,
  types: {
    Float32Array: 0x4c00040a,
    Float64Array: 0x4c00080b,
    Int32Array: 0x4c000405,
    Uint8Array: 0x4c000102,
  },
  reductions: { max: 0x58000001, min: 0x58000002, sum: 0x58000003 },
};

/** Objects of Open MPI, whose addresses are its handles. */
const OBJECTS = {
  ompi_mpi_comm_world: { type: "pointer" },
  ompi_mpi_errors_return: { type: "pointer" },
  ompi_mpi_float: { type: "pointer" },
  ompi_mpi_double: { type: "pointer" },
  ompi_mpi_int32_t: { type: "pointer" },
  ompi_mpi_unsigned_char: { type: "pointer" },
  ompi_mpi_op_sum: { type: "pointer" },
  ompi_mpi_op_max: { type: "pointer" },
  ompi_mpi_op_min: { type: "pointer" },
} as const;

/** Values of Open MPI in a library of that name; undefined where it is another one. */
export function openMpiHandles(path: string): MpiHandles | undefined {
  try {
    const { symbols: s } = Deno.dlopen(path, OBJECTS);
    const at = (object: Deno.PointerValue): number => Number(Deno.UnsafePointer.value(object));
    return {
      world: at(s.ompi_mpi_comm_world),
      errorsReturn: at(s.ompi_mpi_errors_return),
      inPlace: 1,
      types: {
        Float32Array: at(s.ompi_mpi_float),
        Float64Array: at(s.ompi_mpi_double),
        Int32Array: at(s.ompi_mpi_int32_t),
        Uint8Array: at(s.ompi_mpi_unsigned_char),
      },
      reductions: {
        sum: at(s.ompi_mpi_op_sum),
        max: at(s.ompi_mpi_op_max),
        min: at(s.ompi_mpi_op_min),
      },
    };
  } catch {
    return undefined;
  }
}
