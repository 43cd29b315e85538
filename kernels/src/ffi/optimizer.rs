//! The border of [`crate::network::optimizer`].

use super::{view, view_mut};
use crate::base::status::{Status, guarded};
use crate::network::layer::{self, LAYOUT_COLUMNS};
use crate::network::optimizer::{self, Momentum};

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
    fan_in_limit: f32,
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
            let step =
                Momentum { rate, fan_in_limit, momentum, decay, coupled: form & 1 != 0, nesterov: form & 2 != 0 };
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
