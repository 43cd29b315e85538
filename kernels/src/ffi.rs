//! The C border: every export, and the only place that makes slices from pointers.
//!
//! Counts are in elements. Each export returns 0 or a [`Status`](crate::status::Status) code, runs inside a
//! panic guard with subnormals flushed, and keeps no pointer after it returns.

use crate::batch::gather;
use crate::csr::{self, Connections};
use crate::delimited::{delimited_parse, delimited_scan};
use crate::generator::Design;
use crate::importance;
use crate::init::{self, Initializer};
use crate::layer::{self, LAYOUT_COLUMNS};
use crate::lines::DETAIL;
use crate::loss::Truth;
use crate::optimizer::{self, Momentum};
use crate::outputs::Outputs;
use crate::random::{Purpose, Stream, key, shuffle};
use crate::standardize::standardize;
use crate::status::{Status, ensure, guarded};
use crate::step::{self, Batch, Training};
use crate::svmlight::{svmlight_parse, svmlight_scan};
use crate::topology::{self, Growth};

/// Version of this border; the loader refuses a library with another one.
pub const ABI_VERSION: u32 = 1;

/// Borrows `len` elements for one call. An empty typed array arrives as null, so length 0 never touches the pointer.
///
/// # Safety
/// `pointer` is valid for reads of `len` elements, aligned, and not written for the length of the call.
unsafe fn view<'a, T>(pointer: *const T, len: usize) -> &'a [T] {
    // SAFETY: promised by the caller of the export; TypeScript passes a typed array and its length.
    if len == 0 { &[] } else { unsafe { std::slice::from_raw_parts(pointer, len) } }
}

/// As [`view`], to write.
///
/// # Safety
/// As for [`view`], for writes; no other argument overlaps it.
unsafe fn view_mut<'a, T>(pointer: *mut T, len: usize) -> &'a mut [T] {
    // SAFETY: as in `view`.
    if len == 0 { &mut [] } else { unsafe { std::slice::from_raw_parts_mut(pointer, len) } }
}

/// The version of this border.
#[unsafe(no_mangle)]
pub extern "C" fn ts_abi_version() -> u32 {
    ABI_VERSION
}

/// Writes the order of the samples of one epoch.
///
/// # Safety
/// `order` is a live array of `order_len` elements.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_shuffle(order: *mut u32, order_len: usize, seed: u64, epoch: u64) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes a typed array and its length.
        let order = unsafe { view_mut(order, order_len) };
        shuffle(order, &mut Stream::new(key(seed, Purpose::Shuffle, &[epoch])));
        Ok(())
    })
}

// --- batch ---

/// Builds a batch, see [`crate::batch::gather`]. `data` is u8 where `is_bytes`, else f32; `data_len` counts elements.
///
/// # Safety
/// Every pointer is a live array of the length beside it; `output` overlaps no other.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_gather_batch(
    data: *const u8,
    data_len: usize,
    is_bytes: u32,
    order: *const u32,
    order_len: usize,
    mean: *const f32,
    scale: *const f32,
    features: usize,
    width: usize,
    threads: usize,
    output: *mut f32,
    output_len: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: promised by the caller; a float array is aligned for floats.
        unsafe {
            let (order, output) = (view(order, order_len), view_mut(output, output_len));
            let (mean, scale) = (view(mean, features), view(scale, features));
            if is_bytes != 0 {
                gather(view(data, data_len), order, mean, scale, width, threads, output)
            } else {
                gather(view(data.cast::<f32>(), data_len), order, mean, scale, width, threads, output)
            }
        }
    })
}

// --- step ---

/// Bytes from the cache line before `place` to it: 0 where vectors there cross no line.
#[unsafe(no_mangle)]
pub extern "C" fn ts_misalignment(place: *const u8) -> usize {
    place.addr() % 64
}

/// Writes the words of work memory a step needs into `words[0]`, see [`step::workspace_words`].
///
/// # Safety
/// Every pointer is a live array of the length beside it; `layers` rows of layout and slopes; one element of `words`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_workspace_words(
    layout: *const u32,
    slopes: *const f32,
    layers: usize,
    width: usize,
    training: u32,
    dropout: u32,
    words: *mut f64,
) -> i32 {
    guarded(|| {
        // SAFETY: promised by the caller.
        let (layout, slopes, words) =
            unsafe { (view(layout, layers * LAYOUT_COLUMNS), view(slopes, layers), view_mut(words, 1)) };
        words[0] = step::workspace_words(layout, slopes, width, training != 0, dropout != 0)? as f64;
        Ok(())
    })
}

/// One training step, see [`step::train`]: writes loss and hits into `totals`.
///
/// `labels` (with `labels_len` > 0) or else `targets` are the truth; an empty `gradients` means the fused update;
/// `form` holds bit 0 for coupled weight decay and bit 1 for Nesterov.
///
/// # Safety
/// Every pointer is a live array of the length beside it; `layers` rows of layout and slopes; two elements of `totals`.
/// Arena, gradients and work overlap nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_train_batch(
    layout: *const u32,
    slopes: *const f32,
    layers: usize,
    arena: *mut u32,
    arena_len: usize,
    gradients: *mut u32,
    gradients_len: usize,
    input: *const f32,
    input_len: usize,
    labels: *const u32,
    labels_len: usize,
    targets: *const f32,
    targets_len: usize,
    samples: usize,
    width: usize,
    rate: f32,
    momentum: f32,
    decay: f32,
    form: u32,
    dropout: f32,
    seed: u64,
    step: u64,
    threads: usize,
    work: *mut u32,
    work_len: usize,
    totals: *mut f64,
) -> i32 {
    guarded(|| {
        // SAFETY: promised by the caller.
        unsafe {
            let (layout, slopes) = (view(layout, layers * LAYOUT_COLUMNS), view(slopes, layers));
            let network = layer::layers(layout, slopes, view_mut(arena, arena_len))?;
            let gradients = layer::gradients(layout, slopes, view_mut(gradients, gradients_len))?;
            let truth = truth(view(labels, labels_len), view(targets, targets_len));
            let batch = Batch { input: view(input, input_len), truth, samples, width };
            let momentum = Momentum { rate, momentum, decay, coupled: form & 1 != 0, nesterov: form & 2 != 0 };
            let training = Training { momentum, dropout, seed, step };
            let total =
                step::train(&network, gradients.as_deref(), batch, training, threads, view_mut(work, work_len))?;
            view_mut(totals, 2).copy_from_slice(&[total.loss, total.correct]);
        }
        Ok(())
    })
}

fn truth<'a>(labels: &'a [u32], targets: &'a [f32]) -> Truth<'a> {
    if labels.is_empty() { Truth::Values(targets) } else { Truth::Classes(labels) }
}

/// One evaluation, see [`step::evaluate`]: writes loss and hits into `totals`, and `outputs` where not empty.
///
/// # Safety
/// As for [`ts_train_batch`]; the arena is only read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_evaluate_batch(
    layout: *const u32,
    slopes: *const f32,
    layers: usize,
    arena: *mut u32,
    arena_len: usize,
    input: *const f32,
    input_len: usize,
    labels: *const u32,
    labels_len: usize,
    targets: *const f32,
    targets_len: usize,
    samples: usize,
    width: usize,
    threads: usize,
    work: *mut u32,
    work_len: usize,
    outputs: *mut f32,
    outputs_len: usize,
    totals: *mut f64,
) -> i32 {
    guarded(|| {
        // SAFETY: promised by the caller.
        unsafe {
            let (layout, slopes) = (view(layout, layers * LAYOUT_COLUMNS), view(slopes, layers));
            let network = layer::layers(layout, slopes, view_mut(arena, arena_len))?;
            let truth = truth(view(labels, labels_len), view(targets, targets_len));
            let batch = Batch { input: view(input, input_len), truth, samples, width };
            let (work, outputs) = (view_mut(work, work_len), view_mut(outputs, outputs_len));
            let total = step::evaluate(&network, batch, threads, work, outputs)?;
            view_mut(totals, 2).copy_from_slice(&[total.loss, total.correct]);
        }
        Ok(())
    })
}

// --- optimizer ---

/// Applies written gradients, see [`optimizer::apply_gradients`]; `form` as for [`ts_train_batch`].
///
/// # Safety
/// As for [`ts_train_batch`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_apply_gradients(
    layout: *const u32,
    slopes: *const f32,
    layers: usize,
    arena: *mut u32,
    arena_len: usize,
    gradients: *mut u32,
    gradients_len: usize,
    rate: f32,
    momentum: f32,
    decay: f32,
    form: u32,
    threads: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: promised by the caller.
        unsafe {
            let (layout, slopes) = (view(layout, layers * LAYOUT_COLUMNS), view(slopes, layers));
            let network = layer::layers(layout, slopes, view_mut(arena, arena_len))?;
            let gradients = layer::gradients(layout, slopes, view_mut(gradients, gradients_len))?;
            let step = Momentum { rate, momentum, decay, coupled: form & 1 != 0, nesterov: form & 2 != 0 };
            optimizer::apply_gradients(&network, &gradients.ok_or(Status::Length)?, step, threads)
        }
    })
}

/// Writes the squared norm of gradients into `norm[0]`, see [`optimizer::squared_norm`].
///
/// # Safety
/// As for [`ts_train_batch`]; one element of `norm`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_squared_norm(
    layout: *const u32,
    slopes: *const f32,
    layers: usize,
    gradients: *mut u32,
    gradients_len: usize,
    norm: *mut f64,
) -> i32 {
    guarded(|| {
        // SAFETY: promised by the caller.
        unsafe {
            let (layout, slopes) = (view(layout, layers * LAYOUT_COLUMNS), view(slopes, layers));
            let gradients = layer::gradients(layout, slopes, view_mut(gradients, gradients_len))?;
            view_mut(norm, 1)[0] = optimizer::squared_norm(&gradients.ok_or(Status::Length)?);
        }
        Ok(())
    })
}

// --- structure ---

/// Reports whether `indptr` and `indices` form a CSR matrix `[inputs, neurons]`.
///
/// # Safety
/// Each pointer is a live array of the length that follows it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_validate(
    indptr: *const u32,
    indptr_len: usize,
    indices: *const u32,
    indices_len: usize,
    inputs: usize,
    neurons: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths.
        let (indptr, indices) = unsafe { (view(indptr, indptr_len), view(indices, indices_len)) };
        csr::validate(indptr, indices, inputs, neurons)
    })
}

/// Writes the view of the connections by target neuron.
///
/// # Safety
/// Each pointer is a live array of the length that follows it; no two overlap. `source` and `position` have the
/// length of `indices`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_incoming_view(
    indptr: *const u32,
    indptr_len: usize,
    indices: *const u32,
    indices_len: usize,
    incoming_ptr: *mut u32,
    incoming_ptr_len: usize,
    source: *mut u32,
    source_len: usize,
    position: *mut u32,
    position_len: usize,
    inputs: usize,
    neurons: usize,
    threads: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths.
        let (indptr, indices) = unsafe { (view(indptr, indptr_len), view(indices, indices_len)) };
        // SAFETY: as above; they are different arrays.
        let (incoming_ptr, source, position) = unsafe {
            (view_mut(incoming_ptr, incoming_ptr_len), view_mut(source, source_len), view_mut(position, position_len))
        };
        csr::incoming_view(indptr, indices, inputs, neurons, threads, incoming_ptr, source, position)
    })
}

// --- initialisation ---

/// Draws the number of connections of each row; nnz is the last element of `indptr`.
///
/// # Safety
/// `indptr` is a live array of `indptr_len` elements.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_erdos_renyi_count(
    indptr: *mut u32,
    indptr_len: usize,
    neurons: usize,
    probability: f64,
    seed: u64,
    layer: u64,
    threads: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes a typed array and its length.
        let indptr = unsafe { view_mut(indptr, indptr_len) };
        init::erdos_renyi_count(neurons, probability, seed, layer, threads, indptr).map(|_| ())
    })
}

/// Writes the target neurons that `ts_erdos_renyi_count` has counted.
///
/// # Safety
/// Each pointer is a live array of the length that follows it; they do not overlap.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_erdos_renyi_fill(
    indptr: *const u32,
    indptr_len: usize,
    indices: *mut u32,
    indices_len: usize,
    neurons: usize,
    probability: f64,
    seed: u64,
    layer: u64,
    threads: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths.
        let (indptr, indices) = unsafe { (view(indptr, indptr_len), view_mut(indices, indices_len)) };
        init::erdos_renyi_fill(indptr, neurons, probability, seed, layer, threads, indices)
    })
}

/// Writes initial weights; `kind` 0 is uniform ±scale, 1 normal with standard deviation `scale`.
///
/// # Safety
/// `values` is a live array of `values_len` elements.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_init_values(
    values: *mut f32,
    values_len: usize,
    kind: u32,
    scale: f64,
    seed: u64,
    layer: u64,
    threads: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes a typed array and its length.
        let values = unsafe { view_mut(values, values_len) };
        init::init_values(values, Initializer::from_code(kind, scale)?, seed, layer, threads)
    })
}

// --- topology ---

/// Borrows the arrays of one layer, `capacity` elements in each but `indptr`.
///
/// # Safety
/// Each pointer is a live array, `indptr` of `indptr_len` elements, the others of `capacity`; no two overlap.
unsafe fn connections<'a>(
    indptr: *mut u32,
    indptr_len: usize,
    indices: *mut u32,
    values: *mut f32,
    velocity: *mut f32,
    capacity: usize,
) -> Connections<'a> {
    // SAFETY: promised by the caller.
    unsafe {
        Connections {
            indptr: view_mut(indptr, indptr_len),
            indices: view_mut(indices, capacity),
            values: view_mut(values, capacity),
            velocity: view_mut(velocity, capacity),
        }
    }
}

/// Removes the `zeta` fraction of the positive and of the negative weights closest to zero; nnz is the last element
/// of `indptr`.
///
/// # Safety
/// As for [`connections`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_drop_smallest(
    indptr: *mut u32,
    indptr_len: usize,
    indices: *mut u32,
    values: *mut f32,
    velocity: *mut f32,
    capacity: usize,
    zeta: f64,
    threads: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths.
        let mut layer = unsafe { connections(indptr, indptr_len, indices, values, velocity, capacity) };
        topology::drop_smallest(&mut layer, zeta, threads).map(|_| ())
    })
}

/// Adds `count` connections at random absent places, or as many as are absent; nnz is the last element of `indptr`.
///
/// # Safety
/// As for [`connections`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_grow_random(
    indptr: *mut u32,
    indptr_len: usize,
    indices: *mut u32,
    values: *mut f32,
    velocity: *mut f32,
    capacity: usize,
    neurons: usize,
    count: usize,
    kind: u32,
    scale: f64,
    seed: u64,
    epoch: u64,
    layer: u64,
    threads: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths.
        let mut layer_connections = unsafe { connections(indptr, indptr_len, indices, values, velocity, capacity) };
        let initializer = Initializer::from_code(kind, scale)?;
        let growth = Growth { seed, epoch, layer };
        topology::grow_random(&mut layer_connections, neurons, count, initializer, growth, threads).map(|_| ())
    })
}

// --- importance ---

/// Writes the importance of each neuron.
///
/// # Safety
/// Each pointer is a live array of the length that follows it; `out` overlaps no other.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_importance(
    incoming_ptr: *const u32,
    incoming_ptr_len: usize,
    position: *const u32,
    position_len: usize,
    values: *const f32,
    values_len: usize,
    out: *mut f32,
    out_len: usize,
    threads: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths.
        let (incoming_ptr, position, values) =
            unsafe { (view(incoming_ptr, incoming_ptr_len), view(position, position_len), view(values, values_len)) };
        // SAFETY: as above; it is a different array.
        let out = unsafe { view_mut(out, out_len) };
        importance::importance(incoming_ptr, position, values, out, threads)
    })
}

/// Writes the percentile of `values` to `out[0]`.
///
/// # Safety
/// Each pointer is a live array of the length that follows it; they do not overlap.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_percentile(
    values: *const f32,
    values_len: usize,
    percentile: f64,
    out: *mut f64,
    out_len: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths.
        let (values, out) = unsafe { (view(values, values_len), view_mut(out, out_len)) };
        ensure(out.len() == 1, Status::Length)?;
        out[0] = importance::percentile(values, percentile)?;
        Ok(())
    })
}

/// Removes the incoming connections of neurons at or below the threshold; nnz is the last element of `indptr`.
///
/// # Safety
/// As for [`connections`]; `scores` is a live array of `scores_len` elements.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_remove_incoming(
    indptr: *mut u32,
    indptr_len: usize,
    indices: *mut u32,
    values: *mut f32,
    velocity: *mut f32,
    capacity: usize,
    scores: *const f32,
    scores_len: usize,
    threshold: f64,
    threads: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths.
        let mut layer = unsafe { connections(indptr, indptr_len, indices, values, velocity, capacity) };
        // SAFETY: as above; it is a different array.
        let scores = unsafe { view(scores, scores_len) };
        importance::remove_incoming(&mut layer, scores, threshold, threads).map(|_| ())
    })
}

// --- text ---

/// Counts rows and lines of delimited text; see [`delimited_scan`](crate::delimited::delimited_scan).
///
/// # Safety
/// Each pointer is a live array of the length beside it; `counts` has 2 elements, `detail` 8.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_delimited_scan(
    text: *const u8,
    text_len: usize,
    delimiter: u8,
    columns: usize,
    threads: usize,
    counts: *mut u64,
    detail: *mut u64,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths.
        let (text, counts, detail) = unsafe { (view(text, text_len), view_mut(counts, 2), view_mut(detail, DETAIL)) };
        delimited_scan(text, delimiter, columns, threads, counts, detail)
    })
}

/// Parses delimited text; see [`delimited_parse`](crate::delimited::delimited_parse).
///
/// # Safety
/// Each pointer is a live array of the length beside it; `detail` has 8 elements.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_delimited_parse(
    text: *const u8,
    text_len: usize,
    delimiter: u8,
    roles: *const u32,
    roles_len: usize,
    threads: usize,
    rows: usize,
    features: *mut f32,
    features_len: usize,
    feature_count: usize,
    targets: *mut f32,
    targets_len: usize,
    target_count: usize,
    labels: *mut u32,
    labels_len: usize,
    names: *mut u64,
    names_len: usize,
    detail: *mut u64,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths.
        let (text, roles, detail, outputs) = unsafe {
            let outputs = Outputs {
                rows,
                features: view_mut(features, features_len),
                feature_count,
                targets: view_mut(targets, targets_len),
                target_count,
                labels: view_mut(labels, labels_len),
                names: view_mut(names, names_len),
            };
            (view(text, text_len), view(roles, roles_len), view_mut(detail, DETAIL), outputs)
        };
        delimited_parse(text, delimiter, roles, threads, outputs, detail)
    })
}

/// Checks and counts svmlight text; see [`svmlight_scan`](crate::svmlight::svmlight_scan).
///
/// # Safety
/// Each pointer is a live array of the length beside it; `counts` has 4 elements, `detail` 8.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_svmlight_scan(
    text: *const u8,
    text_len: usize,
    threads: usize,
    counts: *mut u64,
    detail: *mut u64,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths.
        let (text, counts, detail) = unsafe { (view(text, text_len), view_mut(counts, 4), view_mut(detail, DETAIL)) };
        svmlight_scan(text, threads, counts, detail)
    })
}

/// Parses svmlight text; see [`svmlight_parse`](crate::svmlight::svmlight_parse).
///
/// # Safety
/// Each pointer is a live array of the length beside it; `detail` has 8 elements.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_svmlight_parse(
    text: *const u8,
    text_len: usize,
    first_index: u64,
    threads: usize,
    rows: usize,
    features: *mut f32,
    features_len: usize,
    feature_count: usize,
    targets: *mut f32,
    targets_len: usize,
    target_count: usize,
    labels: *mut u32,
    labels_len: usize,
    names: *mut u64,
    names_len: usize,
    detail: *mut u64,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths.
        let (text, detail, outputs) = unsafe {
            let outputs = Outputs {
                rows,
                features: view_mut(features, features_len),
                feature_count,
                targets: view_mut(targets, targets_len),
                target_count,
                labels: view_mut(labels, labels_len),
                names: view_mut(names, names_len),
            };
            (view(text, text_len), view_mut(detail, DETAIL), outputs)
        };
        svmlight_parse(text, first_index, threads, outputs, detail)
    })
}

// --- standardize ---

/// Writes mean and scale of each feature of bytes; see [`standardize`].
///
/// # Safety
/// The arrays are live and have the lengths given.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_standardize_u8(
    features: *const u8,
    features_len: usize,
    samples: usize,
    mean: *mut f32,
    mean_len: usize,
    scale: *mut f32,
    scale_len: usize,
    threads: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths; outputs are arrays of their own.
        let (features, mean, scale) =
            unsafe { (view(features, features_len), view_mut(mean, mean_len), view_mut(scale, scale_len)) };
        standardize(features, samples, mean, scale, threads)
    })
}

/// Writes mean and scale of each feature of floats; see [`standardize`].
///
/// # Safety
/// The arrays are live and have the lengths given.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_standardize_f32(
    features: *const f32,
    features_len: usize,
    samples: usize,
    mean: *mut f32,
    mean_len: usize,
    scale: *mut f32,
    scale_len: usize,
    threads: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths; outputs are arrays of their own.
        let (features, mean, scale) =
            unsafe { (view(features, features_len), view_mut(mean, mean_len), view_mut(scale, scale_len)) };
        standardize(features, samples, mean, scale, threads)
    })
}

// --- generator ---

/// Writes samples `first .. first + labels_len` of made-up data; see [`Design::generate`].
///
/// # Safety
/// The arrays are live and have the lengths given.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_generate_block(
    columns: usize,
    informative: usize,
    redundant: usize,
    repeated: usize,
    classes: usize,
    clusters_per_class: usize,
    class_separation: f64,
    label_noise: f64,
    shuffle: bool,
    seed: u64,
    first: u64,
    features: *mut f32,
    features_len: usize,
    labels: *mut u32,
    labels_len: usize,
    threads: usize,
) -> i32 {
    guarded(|| {
        let design = Design {
            features: columns,
            informative,
            redundant,
            repeated,
            classes,
            clusters_per_class,
            class_separation,
            label_noise,
            shuffle,
            seed,
        };
        // SAFETY: the caller passes typed arrays and their lengths, each an array of its own.
        let (features, labels) = unsafe { (view_mut(features, features_len), view_mut(labels, labels_len)) };
        design.generate(first, features, labels, threads)
    })
}

/// Writes the columns of the informative, redundant and repeated features; see [`Design::places`].
///
/// # Safety
/// `places` is a live array of `places_len` elements.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_generated_places(
    columns: usize,
    informative: usize,
    redundant: usize,
    repeated: usize,
    shuffle: bool,
    seed: u64,
    places: *mut u32,
    places_len: usize,
) -> i32 {
    guarded(|| {
        let design = Design {
            features: columns,
            informative,
            redundant,
            repeated,
            classes: 1,
            clusters_per_class: 1,
            class_separation: 0.0,
            label_noise: 0.0,
            shuffle,
            seed,
        };
        // SAFETY: the caller passes a typed array and its length.
        design.places(unsafe { view_mut(places, places_len) })
    })
}
