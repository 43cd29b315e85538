//! Messages on their way out.

use std::time::Duration;

use mpi::topology::Process;

use crate::form::Form;
use crate::loan::{Loan, Shelf, settle_all, tag_of};
use crate::message::{PREFIX_WORDS, Pieces, Walk, chunk_lengths, write_prefix};
use crate::patience::wait_for;
use crate::status::{Outcome, Status, resize};

/// Chunks that may be under way before a sender waits.
const WINDOW: usize = 64;

/// Chunks that MPI has not delivered yet.
#[derive(Default)]
pub struct Outbox {
    sent: Vec<Loan>,
    /// Those of messages that nobody waited with; they do not count for those who wait.
    posted: Vec<Loan>,
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
            self.sent.push(Loan::send(destination, chunk, tag_of(index), false));
            *begun = u32::try_from(index + 1).map_err(|_| Status::Range)?;
        }
        self.settle(shelf);
        Ok(())
    }

    /// Gives a whole message to MPI at once, however long it is: never waits, and holds a copy until it is taken.
    pub fn post(
        &mut self,
        destination: &Process<'_>,
        head: &[u32],
        data: &[u32],
        pieces: Pieces<'_>,
        chunk_words: usize,
        shelf: &mut Shelf,
    ) -> Outcome {
        let mut walk = Walk::new(pieces);
        for (index, length) in chunk_lengths(pieces.words(), chunk_words).enumerate() {
            let skip = if index == 0 { PREFIX_WORDS } else { 0 };
            let mut chunk = shelf.take();
            resize(&mut chunk, length)?;
            if index == 0 {
                write_prefix(&mut chunk, head, pieces.words());
            }
            walk.gather(data, &mut chunk[skip..], Form::Words)?;
            self.posted.push(Loan::send(destination, chunk, tag_of(index), true));
        }
        self.settle(shelf);
        Ok(())
    }

    /// Chunks of posted messages that nobody has begun to take.
    pub fn posted(&self) -> usize {
        self.posted.len()
    }

    /// Whether everything has been delivered.
    pub fn is_empty(&self) -> bool {
        self.sent.is_empty() && self.posted.is_empty()
    }

    fn below(&mut self, count: usize, shelf: &mut Shelf) -> Option<()> {
        self.settle(shelf);
        (self.sent.len() < count).then_some(())
    }

    /// Takes back what has been delivered.
    pub fn settle(&mut self, shelf: &mut Shelf) {
        settle_all(&mut self.sent, shelf);
        settle_all(&mut self.posted, shelf);
    }
}
