//! What a call reports: success, or the reason it refused.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Why a call refused its arguments or stopped. Codes up to 5 mean what they mean in the kernel library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Status {
    /// A buffer is shorter or longer than the other arguments require.
    Length = 1,
    /// A number lies outside its range.
    Range = 2,
    /// There is not enough memory for a message.
    Memory = 4,
    /// The call panicked: a defect.
    Panic = 5,
    /// The other side did not do its part within the time limit.
    Timeout = 7,
    /// The process was not started by an MPI launcher.
    NotLaunched = 8,
    /// MPI is not running in this thread: not started, or finished.
    NotRunning = 9,
    /// MPI was started before; it starts once a process.
    Started = 10,
    /// The MPI library does not allow calls from a program with several threads.
    Threads = 11,
    /// What arrived is no message of this library, or there is none to take.
    Message = 12,
    /// Two arrays share memory, and the call writes one of them.
    Overlap = 13,
}

/// The result of a call.
pub type Outcome<T = ()> = Result<T, Status>;

/// Returns `Ok` when `condition` holds and `status` otherwise.
pub fn ensure(condition: bool, status: Status) -> Outcome {
    if condition { Ok(()) } else { Err(status) }
}

/// Runs `call` and turns its outcome, or its panic, into a status code; 0 is success.
pub fn guarded(call: impl FnOnce() -> Outcome) -> i32 {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(())) => 0,
        Ok(Err(status)) => status as i32,
        Err(_) => Status::Panic as i32,
    }
}

/// Makes `words` exactly `len` long, or says that there is no memory for it.
pub fn resize(words: &mut Vec<u32>, len: usize) -> Outcome {
    words.try_reserve(len.saturating_sub(words.len())).map_err(|_| Status::Memory)?;
    words.resize(len, 0);
    Ok(())
}
