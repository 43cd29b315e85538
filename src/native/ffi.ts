/**
 * The native surface: every export of the kernel library with its C signature.
 *
 * Here, in `text_ffi.ts` and in `mpi_ffi.ts` alone stand Deno's FFI types. Buffers are borrowed for one call; counts are in elements.
 *
 * @module
 */
import type { CalledWithNumbers } from "./symbols.ts";
import { TEXT_SYMBOLS } from "./text_ffi.ts";

/** Version of the border this package speaks; a library with another one is refused. */
export const ABI_VERSION = 5;

/** The connections of a layer: indptr, indptr_len, indices, values, capacity, planes, planes_len, plane_count. */
const CONNECTIONS = ["buffer", "usize", "buffer", "buffer", "usize", "buffer", "usize", "usize"] as const;
/** What a new connection begins with: kind, scale, mean_planes. */
const SEEDLING = ["u32", "f64", "u32"] as const;
/** Where it grows: seed, epoch, layer, threads. */
const GROWTH = ["u64", "u64", "u64", "usize"] as const;
/** The law of an Erdős–Rényi structure: neurons, probability, seed, layer, threads. */
const STRUCTURE_LAW = ["usize", "f64", "u64", "u64", "usize"] as const;
/** A layout table: layout, slopes, layers. */
const LAYOUT = ["buffer", "buffer", "usize"] as const;
/** A network: its layout table, arena, arena_len. */
const NETWORK = [...LAYOUT, "buffer", "usize"] as const;
/** Raw samples: data, data_len, is_bytes, raw_features, selection, selection_len. */
const SOURCE = ["buffer", "usize", "u32", "usize", "buffer", "usize"] as const;
/** A batch: loss; input, labels, targets, weights, each with its length; samples, width. */
const BATCH = [
  "u32" as const,
  ...["buffer", "usize", "buffer", "usize", "buffer", "usize", "buffer", "usize"] as const,
  ...["usize", "usize"] as const,
] as const;
/** Exports of the library, by name. */
export const SYMBOLS = {
  ts_abi_version: { parameters: [], result: "u32" },
  ts_widest_tile: { parameters: [], result: "u32" },
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
  ts_erdos_renyi_count: { parameters: ["buffer", "usize", ...STRUCTURE_LAW], result: "i32" }, // indptr, indptr_len, …
  ts_erdos_renyi_fill: {
    parameters: ["buffer", "usize", "buffer", "usize", ...STRUCTURE_LAW], // indptr, indices, each with its length; …
    result: "i32",
  },
  ts_init_values: {
    // values, values_len, kind, scale, seed, layer, threads
    parameters: ["buffer", "usize", "u32", "f64", "u64", "u64", "usize"],
    result: "i32",
  },

  // --- where the first connections stand ---
  ts_add_products: {
    // tiles, tiles_len, width, features, first, sums, sums_len, threads
    parameters: ["buffer", "usize", "usize", "usize", "usize", "buffer", "usize", "usize"],
    result: "i32",
  },
  ts_keep_correlated: {
    parameters: [
      ...["buffer", "usize", "usize", "usize", "f64", "usize"] as const, // sums, sums_len, features, first, samples, neurons
      ...["buffer", "buffer", "buffer", "usize", "buffer"] as const, // scores, rows, columns, room, drawn
    ],
    result: "i32",
  },
  ts_ring_places: {
    // inputs, neurons, exponent, seed, layer, rows, columns, places, threads
    parameters: ["usize", "usize", "f64", "u64", "u64", "buffer", "buffer", "usize", "usize"],
    result: "i32",
  },

  // --- drop ---
  ts_drop_smallest: { parameters: [...CONNECTIONS, "f64", "usize"], result: "i32" }, // …, zeta, threads
  ts_drop_to: { parameters: [...CONNECTIONS, "usize", "usize"], result: "i32" }, // …, target, threads
  ts_drop_lowest: {
    // …, scores, scores_len, count, threads
    parameters: [...CONNECTIONS, "buffer", "usize", "usize", "usize"],
    result: "i32",
  },

  // --- soft ---
  ts_soft_scores: {
    parameters: [
      ...["buffer", "usize", "buffer", "buffer", "buffer", "usize"] as const, // indptr, …len, indices, values, scores, nnz
      ...["usize", "u32", "f64"] as const, // neurons, measure, temperature
      ...GROWTH, // seed, epoch, layer, threads
    ],
    result: "i32",
  },

  // --- chains ---
  ts_keep_between: {
    // …, inputs, inputs_len, neurons, neurons_len, threads
    parameters: [...CONNECTIONS, "buffer", "usize", "buffer", "usize", "usize"],
    result: "i32",
  },

  // --- cannistraci_hebb ---
  ts_likely_places: {
    parameters: [
      ...["buffer", "usize", "buffer", "buffer", "usize", "buffer"] as const, // indptr, indices; incoming_ptr, source
      ...["usize", "buffer", "buffer", "usize"] as const, // nnz, rows, columns, places
      ...GROWTH, // seed, epoch, layer, threads
      "buffer", // drawn
    ],
    result: "i32",
  },

  // --- grow ---
  ts_grow_random: {
    // …, neurons, count; kind, scale, mean_planes; seed, epoch, layer, threads
    parameters: [...CONNECTIONS, "usize", "usize", ...SEEDLING, ...GROWTH],
    result: "i32",
  },
  ts_insert: {
    // …, neurons, rows, columns, places; kind, scale, mean_planes; seed, epoch, layer, threads
    parameters: [...CONNECTIONS, "usize", "buffer", "buffer", "usize", ...SEEDLING, ...GROWTH],
    result: "i32",
  },
  ts_absent_places: {
    parameters: [
      ...["buffer", "usize", "buffer", "usize", "usize"] as const, // indptr, indptr_len, indices, indices_len, neurons
      ...["buffer", "buffer", "usize"] as const, // rows, columns, places
      ...GROWTH, // seed, epoch, layer, threads
      "buffer", // drawn
    ],
    result: "i32",
  },

  // --- strongest ---
  ts_absent_pairs: {
    // indptr, indptr_len, indices, indices_len, inputs, inputs_len, neurons, neurons_len; rows, columns, draws
    parameters: [
      ...["buffer", "usize", "buffer", "usize", "buffer", "usize", "buffer", "usize"] as const,
      ...["buffer", "buffer", "usize"] as const,
      ...GROWTH,
      "buffer", // drawn
    ],
    result: "i32",
  },
  ts_keep_strongest: {
    // scores, scores_len, count, rows, rows_len, columns, columns_len
    parameters: ["buffer", "usize", "usize", "buffer", "usize", "buffer", "usize"],
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
    parameters: [...CONNECTIONS, "buffer", "usize", "f64", "usize"], // …, scores, scores_len, threshold, threads
    result: "i32",
  },

  // --- batch ---
  ts_gather_batch: {
    parameters: [
      ...SOURCE,
      ...["buffer", "usize", "buffer", "buffer", "usize"] as const, // order, order_len, mean, scale, features
      ...["usize", "usize", "buffer", "usize"] as const, // width, threads, output, output_len
    ],
    result: "i32",
  },

  // --- inference ---
  ts_predict: {
    parameters: [
      ...NETWORK,
      ...SOURCE,
      ...["buffer", "buffer", "usize"] as const, // mean, scale, inputs
      ...["u32", "usize", "usize"] as const, // wanted, width, threads
      ...["buffer", "usize", "buffer", "usize"] as const, // work, work_len, outputs, outputs_len
    ],
    result: "i32",
  },
  ts_propagate: {
    parameters: [
      ...NETWORK,
      ...SOURCE,
      ...["buffer", "usize"] as const, // order, order_len
      ...["buffer", "buffer", "usize"] as const, // mean, scale, inputs
      ...["u32", "usize", "usize"] as const, // drop, width, threads
      ...["buffer", "usize", "buffer", "usize", "buffer", "usize"] as const, // work, outputs, magnitudes, each with its length
    ],
    result: "i32",
  },

  // --- step ---
  ts_misalignment: {
    parameters: ["buffer"], // place
    result: "usize",
  },
  ts_workspace_words: {
    parameters: [...LAYOUT, "usize", "u32", "u32", "u32", "u32", "buffer"], // width, training, dropout, bf16, recompute, words
    result: "i32",
  },
  ts_train_batch: {
    parameters: [
      ...NETWORK,
      ...["buffer", "usize", "buffer", "usize"] as const, // state, gradients, each with its length
      ...BATCH,
      ...["buffer", "usize", "buffer", "usize", "buffer"] as const, // settings, settings_len, work, work_len, totals
    ],
    result: "i32",
  },
  ts_evaluate_batch: {
    parameters: [
      ...NETWORK,
      ...BATCH,
      ...["u32", "usize"] as const, // bf16, threads
      ...["buffer", "usize", "buffer", "usize", "buffer"] as const, // work, work_len, outputs, outputs_len, totals
    ],
    result: "i32",
  },

  // --- activations ---
  ts_activations: {
    parameters: [
      ...NETWORK,
      ...["buffer", "usize", "usize", "usize"] as const, // input, input_len, samples, width
      ...["usize", "usize"] as const, // layer, threads
      ...["buffer", "usize", "buffer", "usize"] as const, // work, work_len, outputs, outputs_len
    ],
    result: "i32",
  },

  // --- differentiation ---
  ts_differentiate: {
    parameters: [
      ...NETWORK,
      ...BATCH,
      ...["buffer", "usize", "usize"] as const, // output_gradient, output_gradient_len, threads
      ...["buffer", "usize", "buffer", "usize"] as const, // gradients, inputs, each with its length
      ...["buffer", "usize", "buffer"] as const, // work, work_len, totals
    ],
    result: "i32",
  },

  // --- probe ---
  ts_probe_words: {
    parameters: [...LAYOUT, "usize", "u32", "u32", "u32", "buffer"], // width, dropout, bf16, recompute, words
    result: "i32",
  },
  ts_probe: {
    parameters: [
      ...NETWORK,
      ...BATCH,
      ...["f32", "u32", "u32", "u64", "u64", "usize"] as const, // dropout, bf16, recompute, seed, step, threads
      ...["buffer", "usize", "buffer", "usize", "buffer", "usize"] as const, // ends, rows, columns, each with its length
      ...["buffer", "usize", "buffer", "usize"] as const, // work, work_len, gradients, gradients_len
    ],
    result: "i32",
  },
  ts_probe_sums: {
    parameters: [
      ...NETWORK,
      ...BATCH,
      ...["u32", "u32", "usize", "u32", "u64", "u64"] as const, // bf16, recompute, threads; signed, seed, draw
      ...["buffer", "usize", "buffer", "usize", "buffer", "usize"] as const, // work, inputs, neurons, each with its length
    ],
    result: "i32",
  },

  // --- pages ---
  ts_advise_huge: {
    parameters: ["buffer", "usize"], // bytes, bytes_len
    result: "u32",
  },

  // --- update ---
  ts_apply_gradients: {
    // …; state, gradients, connections, settings, each with its length
    parameters: [...NETWORK, "buffer", "usize", "buffer", "usize", "buffer", "usize", "buffer", "usize"],
    result: "i32",
  },
  ts_squared_norm: {
    parameters: [...LAYOUT, "buffer", "usize", "buffer"], // gradients, gradients_len, norm
    result: "i32",
  },

  // --- merge ---
  ts_retain_valid: {
    // old_indptr, indptr, indptr_len, old_indices, old_gradient, old_len, indices, gradient, len, dropped
    parameters: [
      ...["buffer", "buffer", "usize", "buffer", "buffer", "usize"] as const,
      ...["buffer", "buffer", "usize", "buffer"] as const,
    ],
    result: "i32",
  },
  ts_scale: {
    parameters: ["buffer", "usize", "f32"], // values, len, weight
    result: "i32",
  },
  ts_accumulate: {
    parameters: ["buffer", "buffer", "usize", "f32"], // values, sum, len, weight
    result: "i32",
  },
  ts_compensate_delay: {
    parameters: ["buffer", "buffer", "buffer", "usize", "f32"], // gradient, now, then, len, strength
    result: "i32",
  },
  ts_average_held: {
    // indptr, other_indptr, indptr_len; indices, values, len; other_indices, other_values, other_len
    parameters: [
      ...["buffer", "buffer", "usize", "buffer", "buffer", "usize"] as const,
      ...["buffer", "buffer", "usize"] as const,
    ],
    result: "i32",
  },
  ts_unite: {
    parameters: [
      ...["buffer", "buffer", "buffer", "usize"] as const, // indptr, other_indptr, union_indptr, indptr_len
      ...["buffer", "buffer", "usize", "buffer", "usize"] as const, // indices, values, len; planes, planes_len
      ...["buffer", "buffer", "usize"] as const, // other_indices, other_values, other_len
      ...["buffer", "buffer", "usize", "buffer", "usize", "usize"] as const, // the union's; plane_count
    ],
    result: "i32",
  },
  ts_union_average: {
    parameters: [
      ...["usize", "buffer", "usize"] as const, // models, indptr, indptr_len
      ...["buffer", "buffer", "usize", "buffer"] as const, // indices, values, stacked, planes
      ...["buffer", "usize", "buffer", "buffer", "usize"] as const, // the union's, with its length and room
      ...["buffer", "usize", "usize", "buffer"] as const, // its planes, their length and number; spread
    ],
    result: "i32",
  },

  ...TEXT_SYMBOLS,

  // --- standardize
  ts_standardize_part: {
    // features, features_len, is_bytes, first, samples, squares, state, state_len; mean, mean_len, scale, scale_len, threads
    parameters: [
      ...["buffer", "usize", "bool", "usize", "usize", "bool", "buffer", "usize"] as const,
      ...["buffer", "usize", "buffer", "usize", "usize"] as const,
    ],
    result: "i32",
  },

  // --- generator
  ts_generate_block: {
    parameters: [
      ...["usize", "usize", "usize", "usize"] as const, // columns, informative, redundant, repeated
      ...["usize", "usize", "f64", "f64"] as const, // classes, clusters_per_class, class_separation, label_noise
      ...["bool", "u64", "u64", "buffer", "usize"] as const, // shuffle, seed, first, order, order_len
      ...["buffer", "usize", "buffer", "usize", "usize"] as const, // features, …_len, labels, …_len, threads
    ],
    result: "i32",
  },
  ts_generated_places: {
    // columns, informative, redundant, repeated, shuffle, seed, places, places_len
    parameters: ["usize", "usize", "usize", "usize", "bool", "u64", "buffer", "usize"],
    result: "i32",
  },

  // --- augment ---
  ts_augment: {
    parameters: [
      ...["buffer", "usize", "buffer", "usize"] as const, // images, images_len, order, order_len
      ...["usize", "usize", "usize"] as const, // channels, height, width
      ...["f64", "f64", "bool"] as const, // rotation_degrees, shift_fraction, flip
      ...["u64", "u64", "usize"] as const, // seed, epoch, threads
      ...["buffer", "usize"] as const, // output, output_len
    ],
    result: "i32",
  },
} as const satisfies Deno.ForeignLibraryInterface;

/** The opened library's functions. */
export type Symbols = CalledWithNumbers<Deno.DynamicLibrary<typeof SYMBOLS>["symbols"]>;
