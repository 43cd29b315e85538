//! The MPI job this process is a rank of.

use std::cell::RefCell;
use std::env;
use std::mem::ManuallyDrop;
use std::time::Duration;

use mpi::Threading;
use mpi::environment::{Universe, initialize_with_threading, is_initialized};
use mpi::request::Request;
use mpi::topology::{Communicator, SimpleCommunicator};
use mpi::traits::CommunicatorCollectives;

use crate::form::Form;
use crate::inbox::{Announced, Inbox};
use crate::loan::Shelf;
use crate::message::{HEAD_WORDS, LEAST_CHUNK_WORDS, MOST_CHUNK_WORDS, Pieces};
use crate::outbox::Outbox;
use crate::patience::wait_for;
use crate::status::{Outcome, Status, ensure};

/// Variables that a launcher sets for each rank: Open MPI, MPICH and Intel MPI (Hydra), Slurm.
const LAUNCHERS: [&str; 4] = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "PMI_RANK", "PMIX_RANK"];

/// MPI while it runs.
pub struct World {
    universe: Universe,
    communicator: SimpleCommunicator,
    chunk_words: usize,
    outbox: Outbox,
    inbox: Inbox,
    shelf: Shelf,
}

thread_local! {
    // Never dropped with the thread: ending MPI waits for the other ranks, which may be gone.
    static WORLD: RefCell<Option<ManuallyDrop<World>>> = const { RefCell::new(None) };
}

/// Starts MPI in this thread, from which all other calls must come.
///
/// `chunk_words` is the longest message MPI is given; longer ones are sent in parts.
pub fn start(chunk_words: usize) -> Outcome {
    ensure((LEAST_CHUNK_WORDS..=MOST_CHUNK_WORDS).contains(&chunk_words), Status::Range)?;
    ensure(LAUNCHERS.iter().any(|name| env::var_os(name).is_some()), Status::NotLaunched)?;
    ensure(!is_initialized(), Status::Started)?;
    let (universe, threading) = initialize_with_threading(Threading::Serialized).ok_or(Status::Started)?;
    let communicator = universe.world();
    let world = World {
        universe,
        communicator,
        chunk_words,
        outbox: Outbox::default(),
        inbox: Inbox::default(),
        shelf: Shelf::default(),
    };
    WORLD.with(|cell| *cell.borrow_mut() = Some(ManuallyDrop::new(world)));
    ensure(threading >= Threading::Serialized, Status::Threads)
}

/// Does something with MPI while it runs in this thread.
pub fn with<T>(work: impl FnOnce(&mut World) -> Outcome<T>) -> Outcome<T> {
    WORLD.with(|cell| match cell.try_borrow_mut() {
        Ok(mut world) => work(world.as_mut().ok_or(Status::NotRunning)?),
        Err(_) => Err(Status::NotRunning),
    })
}

/// Ends MPI once every rank is here and all messages are delivered; those that nobody has taken are lost.
///
/// After [`Status::Timeout`] MPI still runs: a rank is missing, and the job can only be aborted.
pub fn finish(limit: Duration) -> Outcome {
    with(|world| {
        // Two ranks may each wait for the other to take what neither needs any more.
        world.discard_until(limit, |world| world.outbox.is_empty())?;
        let mut barrier = Some(world.communicator.immediate_barrier());
        let all_here = world.discard_until(limit, |_| match barrier.take().map(Request::test) {
            Some(Err(request)) => {
                barrier = Some(request);
                false
            }
            Some(Ok(_)) | None => true,
        });
        // A request must not be dropped while it is under way.
        std::mem::forget(barrier);
        all_here
    })?;
    if let Some(world) = WORLD.with(|cell| cell.borrow_mut().take()) {
        drop(ManuallyDrop::into_inner(world).universe);
    }
    Ok(())
}

impl World {
    /// Number of this process in the job, from 0.
    pub fn rank(&self) -> u32 {
        self.communicator.rank().unsigned_abs()
    }

    /// Processes in the job.
    pub fn size(&self) -> u32 {
        self.communicator.size().unsigned_abs()
    }

    fn known(&self, rank: u32) -> Outcome<i32> {
        ensure(rank < self.size() && rank != self.rank(), Status::Range)?;
        i32::try_from(rank).map_err(|_| Status::Range)
    }

    /// Sends pieces of `data` to another rank, from the chunk on that comes after those `begun`.
    pub fn send(
        &mut self,
        rank: u32,
        head: &[u32],
        data: &[u32],
        (ranges, form): (&[u64], Form),
        limit: Duration,
        begun: &mut u32,
    ) -> Outcome {
        ensure(head.len() == HEAD_WORDS, Status::Length)?;
        let pieces = Pieces::new(ranges, data.len())?;
        let rank = self.known(rank)?;
        let destination = self.communicator.process_at_rank(rank);
        self.outbox.send(&destination, head, data, (pieces, form), self.chunk_words, limit, begun, &mut self.shelf)
    }

    /// Sends pieces of `data` to another rank at once, however long they are.
    pub fn post(&mut self, rank: u32, head: &[u32], data: &[u32], ranges: &[u64]) -> Outcome {
        ensure(head.len() == HEAD_WORDS, Status::Length)?;
        let pieces = Pieces::new(ranges, data.len())?;
        let rank = self.known(rank)?;
        let destination = self.communicator.process_at_rank(rank);
        self.outbox.post(&destination, head, data, pieces, self.chunk_words, &mut self.shelf)
    }

    /// Chunks of posted messages that nobody has begun to take.
    pub fn posted(&mut self) -> usize {
        self.outbox.settle(&mut self.shelf);
        self.outbox.posted()
    }

    /// Announces the next message, from one rank or any.
    pub fn next(&mut self, rank: Option<u32>, limit: Duration) -> Outcome<Option<Announced<'_>>> {
        let source = rank.map(|rank| self.known(rank)).transpose()?;
        self.outbox.settle(&mut self.shelf);
        self.inbox.next(&self.communicator, source, limit, &mut self.shelf)
    }

    /// Takes the message announced last into pieces of `data`.
    pub fn take(&mut self, data: &mut [u32], (ranges, form): (&[u64], Form), limit: Duration) -> Outcome {
        let pieces = Pieces::new(ranges, data.len())?;
        self.inbox.take(&self.communicator, data, (pieces, form), limit, &mut self.shelf)
    }

    /// Goes on with the message that was taken in part, with the same pieces in the same form.
    pub fn take_rest(&mut self, data: &mut [u32], (ranges, form): (&[u64], Form), limit: Duration) -> Outcome {
        let pieces = Pieces::new(ranges, data.len())?;
        self.outbox.settle(&mut self.shelf);
        self.inbox.take_rest(&self.communicator, data, (pieces, form), limit, &mut self.shelf)
    }

    /// Receives messages and keeps nothing of them, until `done` and all that has begun to arrive is here.
    fn discard_until(&mut self, limit: Duration, mut done: impl FnMut(&mut Self) -> bool) -> Outcome {
        let mut failure = None;
        let ended = wait_for(limit, || {
            self.outbox.settle(&mut self.shelf);
            match self.inbox.discard(&self.communicator, &mut self.shelf) {
                Ok(here) => (here && done(self)).then_some(()),
                Err(status) => {
                    failure = Some(status);
                    Some(())
                }
            }
        });
        failure.map_or(ended.ok_or(Status::Timeout), Err)
    }

    /// Ends all ranks of the job at once.
    pub fn abort(&self, code: i32) -> ! {
        self.communicator.abort(code)
    }
}
