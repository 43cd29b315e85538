//! Buffers on loan to MPI: from the start of a transfer to its end, however long that takes.

use std::mem::ManuallyDrop;

use mpi::point_to_point::Message;
use mpi::request::{Request, StaticScope};
use mpi::topology::Process;
use mpi::traits::Destination;

/// The tag of the first chunk of every message of this library.
pub const TAG: i32 = 7_355;
/// The tag of the chunks behind it, so that other messages are heard while these are on their way.
pub const REST_TAG: i32 = TAG + 1;

/// The tag of a chunk by its place in the message.
pub fn tag_of(index: usize) -> i32 {
    if index == 0 { TAG } else { REST_TAG }
}

/// A buffer MPI reads or writes until its request is complete. Dropping a loan before that leaks the buffer.
pub struct Loan {
    words: ManuallyDrop<Vec<u32>>,
    request: ManuallyDrop<Request<'static, [u32], StaticScope>>,
}

impl Loan {
    /// Starts to send a chunk. A `matched` one is complete no sooner than its receiver has begun to take it.
    pub fn send(destination: &Process<'_>, words: Vec<u32>, tag: i32, matched: bool) -> Self {
        let words = ManuallyDrop::new(words);
        // SAFETY: the buffer stays where it is, unmoved and untouched, until `settle` sees that MPI is done with
        // it, or for ever.
        let lent: &'static [u32] = unsafe { std::slice::from_raw_parts(words.as_ptr(), words.len()) };
        let request = if matched {
            destination.immediate_synchronous_send_with_tag(StaticScope, lent, tag)
        } else {
            destination.immediate_send_with_tag(StaticScope, lent, tag)
        };
        Self { words, request: ManuallyDrop::new(request) }
    }

    /// Starts to receive a message into a buffer of its length.
    pub fn receive(message: Message, words: Vec<u32>) -> Self {
        let mut words = ManuallyDrop::new(words);
        // SAFETY: as in `send`; nobody reads the buffer before `settle` gives it back.
        let lent: &'static mut [u32] = unsafe { std::slice::from_raw_parts_mut(words.as_mut_ptr(), words.len()) };
        let request = message.immediate_matched_receive_into(StaticScope, lent);
        Self { words, request: ManuallyDrop::new(request) }
    }

    /// The buffer, once the transfer is complete; otherwise the loan goes on.
    pub fn settle(self) -> Result<Vec<u32>, Self> {
        match ManuallyDrop::into_inner(self.request).test() {
            Ok(_) => Ok(ManuallyDrop::into_inner(self.words)),
            Err(request) => Err(Self { words: self.words, request: ManuallyDrop::new(request) }),
        }
    }
}

/// Takes back what is complete, and leaves the rest.
pub fn settle_all(loans: &mut Vec<Loan>, shelf: &mut Shelf) {
    for loan in std::mem::take(loans) {
        match loan.settle() {
            Ok(words) => shelf.put(words),
            Err(loan) => loans.push(loan),
        }
    }
}

/// Buffers that came back, for the next transfers.
#[derive(Default)]
pub struct Shelf {
    buffers: Vec<Vec<u32>>,
}

impl Shelf {
    /// Buffers kept; more are freed.
    const MOST: usize = 8;

    /// A buffer that was used before, or an empty one.
    pub fn take(&mut self) -> Vec<u32> {
        self.buffers.pop().unwrap_or_default()
    }

    /// Puts a buffer back.
    pub fn put(&mut self, words: Vec<u32>) {
        if self.buffers.len() < Self::MOST {
            self.buffers.push(words);
        }
    }
}
