//! The message that is coming in: one at a time.

use std::time::Duration;

use mpi::point_to_point::{Message, Status as Probed};
use mpi::topology::{Communicator, SimpleCommunicator};
use mpi::traits::{Equivalence, Source};

use crate::form::Form;
use crate::loan::{Loan, Shelf, TAG};
use crate::message::{PREFIX_WORDS, Pieces, Walk, read_prefix};
use crate::patience::wait_for;
use crate::status::{Outcome, Status, ensure, resize};

/// A chunk that is here or on its way.
enum Chunk {
    Coming(Loan),
    Here(Vec<u32>),
}

/// The first chunk of the next message, from when it was announced until the message is taken.
#[derive(Default)]
pub struct Inbox {
    first: Option<(i32, Chunk)>,
}

/// A message that can be taken.
pub struct Announced<'a> {
    /// The rank that sent it.
    pub source: i32,
    /// Words of its payload.
    pub payload: usize,
    /// What the sender says of it.
    pub head: &'a [u32],
}

impl Inbox {
    /// The next message from `source` (any rank for none), or none within the limit.
    ///
    /// A message that was announced and not taken is announced again, whatever `source` is.
    pub fn next(
        &mut self,
        world: &SimpleCommunicator,
        source: Option<i32>,
        limit: Duration,
        shelf: &mut Shelf,
    ) -> Outcome<Option<Announced<'_>>> {
        let mut failure = None;
        let here = wait_for(limit, || match self.advance(world, source, shelf) {
            Ok(here) => here.then_some(()),
            Err(status) => {
                failure = Some(status);
                Some(())
            }
        });
        if let Some(status) = failure {
            return Err(status);
        }
        let (Some(()), Some((source, Chunk::Here(words)))) = (here, &self.first) else { return Ok(None) };
        let (payload, head) = read_prefix(words)?;
        Ok(Some(Announced { source: *source, payload, head }))
    }

    /// Whether the first chunk of a message is here.
    fn advance(&mut self, world: &SimpleCommunicator, source: Option<i32>, shelf: &mut Shelf) -> Outcome<bool> {
        let (source, chunk) = match self.first.take() {
            Some(first) => first,
            None => {
                let Some((message, probed)) = probe(world, source) else { return Ok(false) };
                (probed.source_rank(), Chunk::Coming(begin(message, &probed, shelf)?))
            }
        };
        let chunk = match chunk {
            Chunk::Coming(loan) => match loan.settle() {
                Ok(words) => Chunk::Here(words),
                Err(loan) => Chunk::Coming(loan),
            },
            here => here,
        };
        let here = matches!(chunk, Chunk::Here(_));
        self.first = Some((source, chunk));
        Ok(here)
    }

    /// Takes the announced message: writes its payload to pieces of `data` that are as long as it together.
    ///
    /// After [`Status::Timeout`] part of the payload has been written and the rest is lost: the job has to end.
    pub fn take(
        &mut self,
        world: &SimpleCommunicator,
        data: &mut [u32],
        (pieces, form): (Pieces<'_>, Form),
        limit: Duration,
        shelf: &mut Shelf,
    ) -> Outcome {
        let Some((source, Chunk::Here(words))) = &self.first else { return Err(Status::Message) };
        let source = *source;
        let (payload, _) = read_prefix(words)?;
        ensure(form.payload(pieces.words()) == payload, Status::Length)?;
        let mut walk = Walk::new(pieces);
        walk.scatter(&words[PREFIX_WORDS..], data, form)?;
        let mut left = payload - (words.len() - PREFIX_WORDS);
        if let Some((_, Chunk::Here(words))) = self.first.take() {
            shelf.put(words);
        }
        while left > 0 {
            let (message, probed) = wait_for(limit, || probe(world, Some(source))).ok_or(Status::Timeout)?;
            let words = arrive(begin(message, &probed, shelf)?, limit)?;
            ensure(words.len() <= left, Status::Message)?;
            walk.scatter(&words, data, form)?;
            left -= words.len();
            shelf.put(words);
        }
        Ok(())
    }
}

fn probe(world: &SimpleCommunicator, source: Option<i32>) -> Option<(Message, Probed)> {
    match source {
        Some(rank) => world.process_at_rank(rank).immediate_matched_probe_with_tag(TAG),
        None => world.any_process().immediate_matched_probe_with_tag(TAG),
    }
}

/// Starts to receive a chunk that was probed.
fn begin(message: Message, probed: &Probed, shelf: &mut Shelf) -> Outcome<Loan> {
    let mut words = shelf.take();
    let length = usize::try_from(probed.count(u32::equivalent_datatype())).unwrap_or(0);
    let resized = resize(&mut words, length);
    if resized.is_err() {
        // MPI forbids dropping a matched message; what cannot be received ends the job anyway.
        std::mem::forget(message);
        return Err(Status::Memory);
    }
    Ok(Loan::receive(message, words))
}

/// Waits for the end of a transfer.
fn arrive(loan: Loan, limit: Duration) -> Outcome<Vec<u32>> {
    let mut under_way = Some(loan);
    wait_for(limit, || match under_way.take()?.settle() {
        Ok(words) => Some(words),
        Err(loan) => {
            under_way = Some(loan);
            None
        }
    })
    .ok_or(Status::Timeout)
}
