//! The border of [`crate::network::update`].

use super::{view, view_mut};
use crate::base::status::{Status, guarded};
use crate::network::layer::{self, LAYOUT_COLUMNS};
use crate::network::settings::Settings;
use crate::network::update;

/// Applies written gradients, see [`update::apply_gradients`]; `settings` is a block of [`Settings`].
///
/// # Safety
/// As for [`ts_train_batch`](super::step::ts_train_batch).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_apply_gradients(
    layout: *const u32,
    slopes: *const f32,
    layers: usize,
    arena: *mut u32,
    arena_len: usize,
    state: *mut u32,
    state_len: usize,
    gradients: *mut u32,
    gradients_len: usize,
    connections: *const u32,
    connections_len: usize,
    settings: *const f64,
    settings_len: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: promised by the caller.
        unsafe {
            let Settings { training, planes, threads } = Settings::read(view(settings, settings_len))?;
            let (layout, slopes) = (view(layout, layers * LAYOUT_COLUMNS), view(slopes, layers));
            let (arena, state) = (view_mut(arena, arena_len), view_mut(state, state_len));
            let network = layer::layers(layout, slopes, arena, state, planes)?;
            let gradients = layer::gradients(layout, slopes, view_mut(gradients, gradients_len))?;
            let connections = view(connections, connections_len);
            let gradients = gradients.ok_or(Status::Length)?;
            update::apply_gradients(&network, &gradients, connections, training.optimizer, threads)
        }
    })
}

/// Writes the squared norm of gradients into `norm[0]`, see [`update::squared_norm`].
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
            view_mut(norm, 1)[0] = update::squared_norm(&gradients.ok_or(Status::Length)?);
        }
        Ok(())
    })
}
