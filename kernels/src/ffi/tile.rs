//! The border of [`crate::network::gradient_sum`].

use crate::network::gradient_sum::widest_tile;

/// Samples of the widest tile that suits this processor.
#[unsafe(no_mangle)]
pub extern "C" fn ts_widest_tile() -> u32 {
    widest_tile() as u32
}
