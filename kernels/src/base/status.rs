//! What a kernel reports: success, or the reason it refused.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use crate::base::loans::Call;
use crate::base::simd::flush::FlushSubnormals;

/// Why a kernel refused its arguments or stopped. The codes are part of the ABI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Status {
    /// A buffer is shorter or longer than the other arguments require.
    Length = 1,
    /// A number lies outside its range.
    Range = 2,
    /// A structure is not a valid sparse matrix: unsorted, duplicate or out-of-range indices.
    Structure = 3,
    /// Scratch memory could not be allocated.
    Memory = 4,
    /// The kernel panicked: a defect of the kernel, or indices changed while it ran.
    Panic = 5,
    /// Text or bytes could not be parsed; the kernel's detail output says where.
    Syntax = 6,
    /// Two arrays share memory, and one of them is written.
    Overlap = 7,
    /// A feature is not finite once it is standardised.
    NotFinite = 8,
}

/// The result of a kernel.
pub type Outcome = Result<(), Status>;

/// Returns `Ok` when `condition` holds and `status` otherwise.
pub fn ensure(condition: bool, status: Status) -> Outcome {
    if condition { Ok(()) } else { Err(status) }
}

/// Runs `kernel` with subnormals flushed to zero and turns its outcome, or its panic, into a status code.
///
/// What it borrows is noted in [`loans`](crate::base::loans). The caller's floating-point setting is restored. Returns 0
/// for success.
pub fn guarded(kernel: impl FnOnce() -> Outcome) -> i32 {
    let _flush = FlushSubnormals::enter();
    let _call = Call::begin();
    match catch_unwind(AssertUnwindSafe(kernel)) {
        Ok(Ok(())) => 0,
        Ok(Err(status)) => status as i32,
        Err(cause) => cause.downcast_ref::<Status>().copied().unwrap_or(Status::Panic) as i32,
    }
}

/// Ends the kernel that runs in [`guarded`] with a status, where no result can be returned.
pub fn refuse(status: Status) -> ! {
    resume_unwind(Box::new(status))
}

/// A zero-filled scratch vector, or [`Status::Memory`] where the allocator has none.
pub fn scratch<T: Clone + Default>(len: usize) -> Result<Vec<T>, Status> {
    let mut buffer = Vec::new();
    buffer.try_reserve_exact(len).map_err(|_| Status::Memory)?;
    buffer.resize(len, T::default());
    Ok(buffer)
}
