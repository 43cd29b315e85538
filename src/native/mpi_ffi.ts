/**
 * The native surface of the MPI library: every export with its C signature. As `ffi.ts`, for a second library.
 *
 * Buffers are borrowed for one call; counts are in elements, times in milliseconds.
 *
 * @module
 */
import type { CalledWithNumbers } from "./symbols.ts";

/** Version of the border this package speaks; a library with another one is refused. */
export const MPI_ABI_VERSION = 2;

/** Exports of the MPI library, by name. */
export const MPI_SYMBOLS = {
  ts_mpi_abi_version: { parameters: [], result: "u32" },
  ts_mpi_start: { parameters: ["usize", "buffer", "usize"], result: "i32" }, // chunk_words, place, place_len
  ts_mpi_send: {
    // rank, head, head_len, data, data_len, ranges, ranges_len, bits, limit, begun, begun_len
    parameters: [
      "u32",
      "buffer",
      "usize",
      "buffer",
      "usize",
      "buffer",
      "usize",
      "u32",
      "u32",
      "buffer",
      "usize",
    ],
    result: "i32",
  },
  ts_mpi_post: {
    // rank, head, head_len, data, data_len, ranges, ranges_len
    parameters: ["u32", "buffer", "usize", "buffer", "usize", "buffer", "usize"],
    result: "i32",
  },
  ts_mpi_posted: { parameters: ["buffer", "usize"], result: "i32" }, // count, count_len
  ts_mpi_next: {
    parameters: ["i32", "u32", "buffer", "usize", "buffer", "usize"], // rank, limit, head, head_len, info, info_len
    result: "i32",
  },
  ts_mpi_take: {
    parameters: ["buffer", "usize", "buffer", "usize", "u32", "u32"], // data, data_len, ranges, ranges_len, bits, limit
    result: "i32",
  },
  ts_mpi_take_rest: {
    parameters: ["buffer", "usize", "buffer", "usize", "u32", "u32"], // data, data_len, ranges, ranges_len, bits, limit
    result: "i32",
  },
  ts_mpi_finish: { parameters: ["u32"], result: "i32" }, // limit
  ts_mpi_abort: { parameters: ["i32"], result: "i32" }, // code
} as const satisfies Deno.ForeignLibraryInterface;

/** The opened library's functions. */
export type MpiSymbols = CalledWithNumbers<Deno.DynamicLibrary<typeof MPI_SYMBOLS>["symbols"]>;
