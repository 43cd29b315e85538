/**
 * The exports of the kernel library that read text, with their C signatures; a part of `ffi.ts`.
 *
 * @module
 */

/** A window of delimited text: text, text_len, dialect, last, threads. */
const TEXT_WINDOW = ["buffer", "usize", "buffer", "u32", "usize"] as const;

/** Rows of a text: rows; features, features_len, feature_count; targets likewise; labels, names, each with its length. */
const TEXT_OUTPUTS = [
  ...["usize", "buffer", "usize", "usize", "buffer", "usize", "usize"] as const,
  ...["buffer", "usize", "buffer", "usize"] as const,
] as const;

/** Exports that read text, by name. */
export const TEXT_SYMBOLS = {
  ts_delimited_cells: {
    parameters: ["buffer", "usize", "buffer", "buffer", "usize", "buffer"], // text, text_len, dialect, places, places_len, counts
    result: "i32",
  },
  ts_delimited_rows: {
    parameters: [...TEXT_WINDOW, "usize", "buffer", "buffer"], // most, counts, detail
    result: "i32",
  },
  ts_delimited_profile: {
    parameters: [
      ...TEXT_WINDOW,
      "usize", // lines_before
      ...["buffer", "usize", "buffer", "usize", "buffer", "usize"] as const, // caps, profile, names, each with its length
      ...["buffer", "usize"] as const, // kept
      ...["buffer", "buffer"] as const, // counts, detail
    ],
    result: "i32",
  },
  ts_delimited_encode: {
    parameters: [
      ...TEXT_WINDOW,
      "usize", // lines_before
      ...["buffer", "usize", "buffer", "usize", "buffer", "usize"] as const, // roles, scales, first_words, each with its length
      ...["buffer", "usize", "buffer", "usize", "buffer", "usize"] as const, // word_starts, words, values
      ...["usize", "usize", "usize"] as const, // inputs, targets_of_row, room
      ...["buffer", "usize", "buffer", "usize", "buffer", "usize", "buffer", "usize"] as const, // features, labels, targets, weights
      ...["buffer", "usize", "buffer", "usize", "buffer", "buffer"] as const, // above, tallies; counts, detail
    ],
    result: "i32",
  },
  ts_svmlight_scan: {
    parameters: ["buffer", "usize", "usize", "buffer", "buffer"], // text, text_len, threads, counts, detail
    result: "i32",
  },
  ts_svmlight_parse: {
    parameters: ["buffer", "usize", "u64", "usize", ...TEXT_OUTPUTS, "buffer"], // text, text_len, first_index, threads; detail
    result: "i32",
  },
} as const satisfies Deno.ForeignLibraryInterface;
