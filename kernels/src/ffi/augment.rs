//! The border of [`crate::data::augment`].

use super::{view, view_mut};
use crate::base::status::guarded;
use crate::data::augment::{Augmentation, ImageShape, augment};

/// Writes changed copies of the images `order` names, see [`augment()`].
///
/// # Safety
/// Every pointer is a live array of the length beside it; `output` overlaps no other.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_augment(
    images: *const u8,
    images_len: usize,
    order: *const u32,
    order_len: usize,
    channels: usize,
    height: usize,
    width: usize,
    rotation_degrees: f64,
    shift_fraction: f64,
    flip: bool,
    seed: u64,
    epoch: u64,
    threads: usize,
    output: *mut u8,
    output_len: usize,
) -> i32 {
    guarded(|| {
        let shape = ImageShape { channels, height, width };
        let change = Augmentation { rotation_degrees, shift_fraction, flip };
        // SAFETY: the caller passes typed arrays and their lengths.
        let (images, order, output) =
            unsafe { (view(images, images_len), view(order, order_len), view_mut(output, output_len)) };
        augment(images, shape, order, change, seed, epoch, output, threads)
    })
}
