//! Messages on their way out.

use std::time::Duration;

use mpi::topology::Process;

use crate::form::Form;
use crate::loan::{Loan, Shelf};
use crate::message::{PREFIX_WORDS, Pieces, Walk, chunk_lengths, write_prefix};
use crate::patience::wait_for;
use crate::status::{Outcome, Status, resize};

/// Chunks that may be under way before a sender waits.
const WINDOW: usize = 64;

/// Chunks that MPI has not delivered yet.
#[derive(Default)]
pub struct Outbox {
    loans: Vec<Loan>,
}

impl Outbox {
    /// Sends a message in chunks; returns when all are under way, which need not mean that they have arrived.
    ///
    /// `begun` counts the chunks that are under way. After [`Status::Timeout`] the same message goes on from there with
    /// another call, and no other may be sent to that rank before.
    pub fn send(
        &mut self,
        destination: &Process<'_>,
        head: &[u32],
        data: &[u32],
        (pieces, form): (Pieces<'_>, Form),
        chunk_words: usize,
        limit: Duration,
        begun: &mut u32,
        shelf: &mut Shelf,
    ) -> Outcome {
        let mut walk = Walk::new(pieces);
        let payload = form.payload(pieces.words());
        for (index, length) in chunk_lengths(payload, chunk_words).enumerate() {
            let skip = if index == 0 { PREFIX_WORDS } else { 0 };
            if index < *begun as usize {
                walk.skip((length - skip) * form.numbers_a_word());
                continue;
            }
            wait_for(limit, || self.below(WINDOW, shelf)).ok_or(Status::Timeout)?;
            let mut chunk = shelf.take();
            resize(&mut chunk, length)?;
            if index == 0 {
                write_prefix(&mut chunk, head, payload);
            }
            walk.gather(data, &mut chunk[skip..], form)?;
            self.loans.push(Loan::send(destination, chunk));
            *begun = u32::try_from(index + 1).map_err(|_| Status::Range)?;
        }
        self.settle(shelf);
        Ok(())
    }

    /// Waits until everything has been delivered.
    pub fn flush(&mut self, limit: Duration, shelf: &mut Shelf) -> Outcome {
        wait_for(limit, || self.below(1, shelf)).ok_or(Status::Timeout)
    }

    fn below(&mut self, count: usize, shelf: &mut Shelf) -> Option<()> {
        self.settle(shelf);
        (self.loans.len() < count).then_some(())
    }

    /// Takes back what has been delivered.
    pub fn settle(&mut self, shelf: &mut Shelf) {
        let loans = std::mem::take(&mut self.loans);
        for loan in loans {
            match loan.settle() {
                Ok(words) => shelf.put(words),
                Err(loan) => self.loans.push(loan),
            }
        }
    }
}
