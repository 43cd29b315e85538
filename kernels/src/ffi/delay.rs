//! The border of [`crate::network::delay`].

use super::{view, view_mut};
use crate::base::status::guarded;
use crate::network::delay;

/// Compensates gradients for the way their parameters have moved since, see [`delay::compensate`].
///
/// # Safety
/// Each pointer is a live array of `len` elements; nothing overlaps.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_compensate_delay(
    gradient: *mut f32,
    now: *const f32,
    then: *const f32,
    len: usize,
    strength: f32,
) -> i32 {
    // SAFETY: promised by the caller.
    guarded(|| unsafe { delay::compensate(view_mut(gradient, len), view(now, len), view(then, len), strength) })
}
