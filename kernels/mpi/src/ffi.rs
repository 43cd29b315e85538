//! The C border: every export, and the only place that makes slices from pointers.
//!
//! Counts are in elements, times in milliseconds. Each export but two returns 0 or a
//! [`Status`] code, runs inside a panic guard, and keeps no pointer after it returns.

use std::time::Duration;

use crate::form::Form;
use crate::message::HEAD_WORDS;
use crate::status::{Outcome, Status, ensure, guarded};
use crate::world;

/// Version of this border; the loader refuses a library with another one.
pub const ABI_VERSION: u32 = 2;

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

/// Refuses two arrays that share memory; for those of which the call writes one.
fn apart<A, B>(one: *const A, one_len: usize, other: *const B, other_len: usize) -> Outcome {
    let (one_end, other_end) = (one.wrapping_add(one_len).addr(), other.wrapping_add(other_len).addr());
    let empty = one_len == 0 || other_len == 0;
    ensure(empty || one_end <= other.addr() || other_end <= one.addr(), Status::Overlap)
}

fn milliseconds(limit: u32) -> Duration {
    Duration::from_millis(u64::from(limit))
}

/// The version of this border.
#[unsafe(no_mangle)]
pub extern "C" fn ts_mpi_abi_version() -> u32 {
    ABI_VERSION
}

/// Starts MPI; writes the rank of this process and the number of ranks to `place`.
///
/// # Safety
/// `place` is a live array of `place_len` elements.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_mpi_start(chunk_words: usize, place: *mut u32, place_len: usize) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes a typed array and its length.
        let place = unsafe { view_mut(place, place_len) };
        ensure(place.len() == 2, Status::Length)?;
        world::start(chunk_words)?;
        world::with(|world| {
            place.copy_from_slice(&[world.rank(), world.size()]);
            Ok(())
        })
    })
}

/// Sends `ranges` (offset and length, in words) of `data` to `rank`, behind a head; `bits` is 32, or 16 for floats that
/// travel as bfloat16.
///
/// `begun` is one number: the chunks that are under way, 0 before the first call. After a timeout the same call goes on
/// behind them.
///
/// # Safety
/// Each pointer is a live array of the length that follows it; `begun` does not overlap the others.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_mpi_send(
    rank: u32,
    head: *const u32,
    head_len: usize,
    data: *const u32,
    data_len: usize,
    ranges: *const u64,
    ranges_len: usize,
    bits: u32,
    limit: u32,
    begun: *mut u32,
    begun_len: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths.
        let (head, data, ranges) = unsafe { (view(head, head_len), view(data, data_len), view(ranges, ranges_len)) };
        // SAFETY: as above.
        let begun = unsafe { view_mut(begun, begun_len) }.first_mut().ok_or(Status::Length)?;
        let form = Form::of_bits(bits)?;
        world::with(|world| world.send(rank, head, data, (ranges, form), milliseconds(limit), begun))
    })
}

/// Sends as [`ts_mpi_send`], but all at once and without waiting, however long the message is.
///
/// # Safety
/// Each pointer is a live array of the length that follows it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_mpi_post(
    rank: u32,
    head: *const u32,
    head_len: usize,
    data: *const u32,
    data_len: usize,
    ranges: *const u64,
    ranges_len: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths.
        let (head, data, ranges) = unsafe { (view(head, head_len), view(data, data_len), view(ranges, ranges_len)) };
        world::with(|world| world.post(rank, head, data, ranges))
    })
}

/// Writes to `count`, one number, how many chunks of posted messages nobody has begun to take.
///
/// # Safety
/// `count` is a live array of `count_len` elements.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_mpi_posted(count: *mut u32, count_len: usize) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes a typed array and its length.
        let count = unsafe { view_mut(count, count_len) }.first_mut().ok_or(Status::Length)?;
        world::with(|world| {
            *count = u32::try_from(world.posted()).map_err(|_| Status::Range)?;
            Ok(())
        })
    })
}

/// Announces the next message from `rank`, from any rank when it is negative: writes its head to `head`, and to
/// `info` whether there is one, its source, and the words of its payload.
///
/// # Safety
/// Each pointer is a live array of the length that follows it. They are refused where they overlap.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_mpi_next(
    rank: i32,
    limit: u32,
    head: *mut u32,
    head_len: usize,
    info: *mut f64,
    info_len: usize,
) -> i32 {
    guarded(|| {
        apart(head, head_len, info, info_len)?;
        // SAFETY: the caller passes typed arrays and their lengths; they share no memory.
        let (head, info) = unsafe { (view_mut(head, head_len), view_mut(info, info_len)) };
        ensure(head.len() == HEAD_WORDS && info.len() == 3, Status::Length)?;
        world::with(|world| {
            info.fill(0.0);
            let Some(message) = world.next(u32::try_from(rank).ok(), milliseconds(limit))? else { return Ok(()) };
            head.copy_from_slice(message.head);
            info.copy_from_slice(&[1.0, f64::from(message.source), message.payload as f64]);
            Ok(())
        })
    })
}

/// Takes the message announced last into `ranges` (offset and length, in words) of `data`; `bits` as it was sent with.
///
/// # Safety
/// Each pointer is a live array of the length that follows it. They are refused where they overlap.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_mpi_take(
    data: *mut u32,
    data_len: usize,
    ranges: *const u64,
    ranges_len: usize,
    bits: u32,
    limit: u32,
) -> i32 {
    guarded(|| {
        apart(data, data_len, ranges, ranges_len)?;
        // SAFETY: the caller passes typed arrays and their lengths; they share no memory.
        let (data, ranges) = unsafe { (view_mut(data, data_len), view(ranges, ranges_len)) };
        let form = Form::of_bits(bits)?;
        world::with(|world| world.take(data, (ranges, form), milliseconds(limit)))
    })
}

/// Goes on with the message that [`ts_mpi_take`] took in part before its time was up, with the same pieces.
///
/// # Safety
/// Each pointer is a live array of the length that follows it. They are refused where they overlap.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_mpi_take_rest(
    data: *mut u32,
    data_len: usize,
    ranges: *const u64,
    ranges_len: usize,
    bits: u32,
    limit: u32,
) -> i32 {
    guarded(|| {
        apart(data, data_len, ranges, ranges_len)?;
        // SAFETY: the caller passes typed arrays and their lengths; they share no memory.
        let (data, ranges) = unsafe { (view_mut(data, data_len), view(ranges, ranges_len)) };
        let form = Form::of_bits(bits)?;
        world::with(|world| world.take_rest(data, (ranges, form), milliseconds(limit)))
    })
}

/// Ends MPI once all ranks are here.
#[unsafe(no_mangle)]
pub extern "C" fn ts_mpi_finish(limit: u32) -> i32 {
    guarded(|| world::finish(milliseconds(limit)))
}

/// Ends every rank of the job with an exit code; returns only when MPI does not run.
#[unsafe(no_mangle)]
pub extern "C" fn ts_mpi_abort(code: i32) -> i32 {
    guarded(|| world::with(|world| world.abort(code)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn take_and_next_refuse_arrays_that_share_memory() {
        let mut words = [0u64; 16];
        let first = words.as_mut_ptr();
        // MPI does not run here: what is not refused gets as far as that.
        for (place, status) in [(0, Status::Overlap), (7, Status::Overlap), (8, Status::NotRunning)] {
            // SAFETY: all places lie inside `words`, and nobody looks at them meanwhile.
            let taken = unsafe { ts_mpi_take(first.cast(), 16, first.add(place), 2, 32, 0) };
            assert_eq!(taken, status as i32, "take at {place}");
            // SAFETY: likewise.
            let next = unsafe { ts_mpi_next(-1, 0, first.cast(), HEAD_WORDS, first.add(place).cast(), 3) };
            assert_eq!(next, status as i32, "next at {place}");
        }
    }
}
