/**
 * The native surface: every export of the kernel library with its C signature.
 *
 * The only page that knows Deno's FFI types. Buffers are borrowed for one call; counts are in elements.
 *
 * @module
 */

/** Version of the border this package speaks; a library with another one is refused. */
export const ABI_VERSION = 1;

/** Exports of the library, by name. */
export const SYMBOLS = {
  ts_abi_version: { parameters: [], result: "u32" },
  ts_shuffle: {
    parameters: ["buffer", "usize", "u64", "u64"], // order, order_len, seed, epoch
    result: "i32",
  },
  // --- structure ---
  ts_validate: {
    // indptr, indptr_len, indices, indices_len, inputs, neurons
    parameters: ["buffer", "usize", "buffer", "usize", "usize", "usize"],
    result: "i32",
  },
  ts_incoming_view: {
    // indptr, indptr_len, indices, indices_len, incoming_ptr, incoming_ptr_len, source, source_len,
    // position, position_len, inputs, neurons, threads
    parameters: [
      ...["buffer", "usize", "buffer", "usize", "buffer", "usize", "buffer", "usize"] as const,
      ...["buffer", "usize", "usize", "usize", "usize"] as const,
    ],
    result: "i32",
  },
  // --- initialisation ---
  ts_erdos_renyi_count: {
    // indptr, indptr_len, neurons, probability, seed, layer, threads
    parameters: ["buffer", "usize", "usize", "f64", "u64", "u64", "usize"],
    result: "i32",
  },
  ts_erdos_renyi_fill: {
    // indptr, indptr_len, indices, indices_len, neurons, probability, seed, layer, threads
    parameters: ["buffer", "usize", "buffer", "usize", "usize", "f64", "u64", "u64", "usize"],
    result: "i32",
  },
  ts_init_values: {
    // values, values_len, kind, scale, seed, layer, threads
    parameters: ["buffer", "usize", "u32", "f64", "u64", "u64", "usize"],
    result: "i32",
  },
  // --- topology ---
  ts_drop_smallest: {
    // indptr, indptr_len, indices, values, velocity, capacity, zeta, threads
    parameters: ["buffer", "usize", "buffer", "buffer", "buffer", "usize", "f64", "usize"],
    result: "i32",
  },
  ts_grow_random: {
    // indptr, indptr_len, indices, values, velocity, capacity, neurons, count, kind, scale,
    // seed, epoch, layer, threads
    parameters: [
      ...["buffer", "usize", "buffer", "buffer", "buffer", "usize", "usize", "usize", "u32", "f64"] as const,
      ...["u64", "u64", "u64", "usize"] as const,
    ],
    result: "i32",
  },
  // --- importance ---
  ts_importance: {
    // incoming_ptr, incoming_ptr_len, position, position_len, values, values_len, out, out_len, threads
    parameters: ["buffer", "usize", "buffer", "usize", "buffer", "usize", "buffer", "usize", "usize"],
    result: "i32",
  },
  ts_percentile: {
    parameters: ["buffer", "usize", "f64", "buffer", "usize"], // values, values_len, percentile, out, out_len
    result: "i32",
  },
  ts_remove_incoming: {
    // indptr, indptr_len, indices, values, velocity, capacity, scores, scores_len, threshold, threads
    parameters: [
      ...["buffer", "usize", "buffer", "buffer", "buffer", "usize"] as const,
      ...["buffer", "usize", "f64", "usize"] as const,
    ],
    result: "i32",
  },
} as const satisfies Deno.ForeignLibraryInterface;

type Declared = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

/** Deno's types ask for bigint where C has 64 bits; its runtime takes safe integers too, without allocating. */
type WithNumbers<Arguments extends readonly unknown[]> = {
  [Index in keyof Arguments]: Arguments[Index] extends bigint ? bigint | number : Arguments[Index];
};

/** The opened library's functions. */
export type Symbols = {
  readonly [Name in keyof Declared]: (
    ...args: WithNumbers<Parameters<Declared[Name]>>
  ) => ReturnType<Declared[Name]>;
};
