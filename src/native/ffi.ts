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
  // --- text ---
  ts_delimited_scan: {
    // text, text_len, delimiter, columns, threads, counts, detail
    parameters: ["buffer", "usize", "u8", "usize", "usize", "buffer", "buffer"],
    result: "i32",
  },
  ts_delimited_parse: {
    parameters: [
      ...["buffer", "usize", "u8"] as const, // text, text_len, delimiter
      ...["buffer", "usize", "usize", "usize"] as const, // roles, roles_len, threads, rows
      ...["buffer", "usize", "usize"] as const, // features, features_len, feature_count
      ...["buffer", "usize", "usize"] as const, // targets, targets_len, target_count
      ...["buffer", "usize"] as const, // labels, labels_len
      ...["buffer", "usize", "buffer"] as const, // names, names_len, detail
    ],
    result: "i32",
  },
  ts_svmlight_scan: {
    parameters: ["buffer", "usize", "usize", "buffer", "buffer"], // text, text_len, threads, counts, detail
    result: "i32",
  },
  ts_svmlight_parse: {
    parameters: [
      ...["buffer", "usize", "u64", "usize", "usize"] as const, // text, text_len, first_index, threads, rows
      ...["buffer", "usize", "usize"] as const, // features, features_len, feature_count
      ...["buffer", "usize", "usize"] as const, // targets, targets_len, target_count
      ...["buffer", "usize"] as const, // labels, labels_len
      ...["buffer", "usize", "buffer"] as const, // names, names_len, detail
    ],
    result: "i32",
  },
  // --- standardize: features, features_len, samples, mean, mean_len, scale, scale_len, threads
  ts_standardize_u8: {
    parameters: ["buffer", "usize", "usize", "buffer", "usize", "buffer", "usize", "usize"],
    result: "i32",
  },
  ts_standardize_f32: {
    parameters: ["buffer", "usize", "usize", "buffer", "usize", "buffer", "usize", "usize"],
    result: "i32",
  },
  // --- generator
  ts_generate_block: {
    parameters: [
      ...["usize", "usize", "usize", "usize"] as const, // columns, informative, redundant, repeated
      ...["usize", "usize", "f64", "f64"] as const, // classes, clusters_per_class, class_separation, label_noise
      ...["bool", "u64", "u64"] as const, // shuffle, seed, first
      ...["buffer", "usize", "buffer", "usize", "usize"] as const, // features, …_len, labels, …_len, threads
    ],
    result: "i32",
  },
  ts_generated_places: {
    // columns, informative, redundant, repeated, shuffle, seed, places, places_len
    parameters: ["usize", "usize", "usize", "usize", "bool", "u64", "buffer", "usize"],
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
