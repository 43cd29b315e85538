//! The border of [`crate::base::random`].

use super::view_mut;
use crate::base::random::{Purpose, Stream, key, shuffle};
use crate::base::status::guarded;

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
