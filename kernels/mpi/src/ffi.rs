//! The C border: every export, and the only place that makes slices from pointers.
//!
//! Counts are in elements, times in milliseconds. Each export but two returns 0 or a
//! [`Status`] code, runs inside a panic guard, and keeps no pointer after it returns.

use std::time::Duration;

use crate::message::HEAD_WORDS;
use crate::status::{Status, ensure, guarded};
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

/// Sends `ranges` (offset and length, in words) of `data` to `rank`, behind a head.
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
    limit: u32,
    begun: *mut u32,
    begun_len: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths.
        let (head, data, ranges) = unsafe { (view(head, head_len), view(data, data_len), view(ranges, ranges_len)) };
        // SAFETY: as above.
        let begun = unsafe { view_mut(begun, begun_len) }.first_mut().ok_or(Status::Length)?;
        world::with(|world| world.send(rank, head, data, ranges, milliseconds(limit), begun))
    })
}

/// Announces the next message from `rank`, from any rank when it is negative: writes its head to `head`, and to
/// `info` whether there is one, its source, and the words of its payload.
///
/// # Safety
/// Each pointer is a live array of the length that follows it; they do not overlap.
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
        // SAFETY: the caller passes typed arrays and their lengths.
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

/// Takes the message announced last into `ranges` (offset and length, in words) of `data`.
///
/// # Safety
/// Each pointer is a live array of the length that follows it; they do not overlap.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_mpi_take(
    data: *mut u32,
    data_len: usize,
    ranges: *const u64,
    ranges_len: usize,
    limit: u32,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths.
        let (data, ranges) = unsafe { (view_mut(data, data_len), view(ranges, ranges_len)) };
        world::with(|world| world.take(data, ranges, milliseconds(limit)))
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
