//! The message that is coming in: one at a time.

use std::time::Duration;

use mpi::point_to_point::{Message, Status as Probed};
use mpi::topology::{Communicator, SimpleCommunicator};
use mpi::traits::{Equivalence, Source};

use crate::form::Form;
use crate::loan::{Loan, REST_TAG, Shelf, TAG, settle_all};
use crate::message::{PREFIX_WORDS, Pieces, Walk, read_prefix};
use crate::patience::wait_for;
use crate::status::{Outcome, Status, ensure, resize};

/// A chunk that is here or on its way.
enum Chunk {
    Coming(Loan),
    Here(Vec<u32>),
}

/// A message of which part has been taken.
struct Rest {
    source: i32,
    /// Words of the payload.
    done: usize,
    coming: Option<Loan>,
}

/// The first chunk of the next message, from when it was announced until the message is taken; and the message that is
/// taken little by little.
#[derive(Default)]
pub struct Inbox {
    first: Option<(i32, Chunk)>,
    rest: Option<Rest>,
    /// What nobody needs, until it is here.
    unwanted: Vec<Loan>,
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
                let Some((message, probed)) = probe(world, source, TAG) else { return Ok(false) };
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
    /// After [`Status::Timeout`] part of the payload has been written, and [`Inbox::take_rest`] goes on, whatever other
    /// messages come meanwhile. Where the rest of another is still awaited, this one's is lost: the job has to end.
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
        let mut rest = Rest { source, done: words.len() - PREFIX_WORDS, coming: None };
        if let Some((_, Chunk::Here(words))) = self.first.take() {
            shelf.put(words);
        }
        let taken = rest.take(world, data, (pieces, form), limit, shelf);
        if taken == Err(Status::Timeout) && self.rest.is_none() {
            self.rest = Some(rest);
        }
        taken
    }

    /// Goes on with the message that [`Inbox::take`] has begun, with the same pieces of the same array, in the same form.
    pub fn take_rest(
        &mut self,
        world: &SimpleCommunicator,
        data: &mut [u32],
        (pieces, form): (Pieces<'_>, Form),
        limit: Duration,
        shelf: &mut Shelf,
    ) -> Outcome {
        let rest = self.rest.as_mut().ok_or(Status::Message)?;
        let taken = rest.take(world, data, (pieces, form), limit, shelf);
        if taken != Err(Status::Timeout) {
            self.rest = None;
        }
        taken
    }

    /// Receives what there is and keeps nothing of it, for when nobody needs messages any more; says whether all that
    /// has begun to arrive is here.
    pub fn discard(&mut self, world: &SimpleCommunicator, shelf: &mut Shelf) -> Outcome<bool> {
        if let Some((_, Chunk::Coming(loan))) = self.first.take() {
            self.unwanted.push(loan);
        }
        self.unwanted.extend(self.rest.take().and_then(|rest| rest.coming));
        for tag in [TAG, REST_TAG] {
            while let Some((message, probed)) = probe(world, None, tag) {
                self.unwanted.push(begin(message, &probed, shelf)?);
            }
        }
        settle_all(&mut self.unwanted, shelf);
        Ok(self.unwanted.is_empty())
    }
}

impl Rest {
    /// Takes what comes within the limit, which is for each chunk anew.
    fn take(
        &mut self,
        world: &SimpleCommunicator,
        data: &mut [u32],
        (pieces, form): (Pieces<'_>, Form),
        limit: Duration,
        shelf: &mut Shelf,
    ) -> Outcome {
        let payload = form.payload(pieces.words());
        let mut walk = Walk::new(pieces);
        walk.skip(self.done * form.numbers_a_word());
        while self.done < payload {
            let words = self.next_chunk(world, limit, shelf)?;
            ensure(words.len() <= payload - self.done, Status::Message)?;
            walk.scatter(&words, data, form)?;
            self.done += words.len();
            shelf.put(words);
        }
        Ok(())
    }

    fn next_chunk(&mut self, world: &SimpleCommunicator, limit: Duration, shelf: &mut Shelf) -> Outcome<Vec<u32>> {
        if self.coming.is_none() {
            let probed = wait_for(limit, || probe(world, Some(self.source), REST_TAG));
            let (message, probed) = probed.ok_or(Status::Timeout)?;
            self.coming = Some(begin(message, &probed, shelf)?);
        }
        wait_for(limit, || match self.coming.take()?.settle() {
            Ok(words) => Some(words),
            Err(loan) => {
                self.coming = Some(loan);
                None
            }
        })
        .ok_or(Status::Timeout)
    }
}

fn probe(world: &SimpleCommunicator, source: Option<i32>, tag: i32) -> Option<(Message, Probed)> {
    match source {
        Some(rank) => world.process_at_rank(rank).immediate_matched_probe_with_tag(tag),
        None => world.any_process().immediate_matched_probe_with_tag(tag),
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
