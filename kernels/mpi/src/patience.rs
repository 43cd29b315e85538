//! Waiting with a limit, without taking a core from those who compute.

use std::thread::{sleep, yield_now};
use std::time::{Duration, Instant};

/// Polls between which the core is only offered to others.
const YIELDS: u32 = 200;
/// Sleep between polls after that.
const NAP: Duration = Duration::from_micros(50);

/// Polls until `poll` gives something or the limit has passed. A limit of 0 polls once.
///
/// MPI libraries wait by spinning, which costs a core a rank. Here a waiting rank offers its core after each
/// poll, and after a while sleeps between polls, so that more ranks than cores do not starve each other.
pub fn wait_for<T>(limit: Duration, mut poll: impl FnMut() -> Option<T>) -> Option<T> {
    let started = Instant::now();
    let mut polls = 0;
    loop {
        if let Some(found) = poll() {
            return Some(found);
        }
        if started.elapsed() >= limit {
            return None;
        }
        polls += 1;
        if polls < YIELDS { yield_now() } else { sleep(NAP) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wait_for_gives_what_the_poll_finds() {
        let mut polls = 0;
        let found = wait_for(Duration::from_secs(60), || {
            polls += 1;
            (polls == YIELDS + 3).then_some(polls)
        });
        assert_eq!(found, Some(YIELDS + 3));
    }

    #[test]
    fn wait_for_polls_once_without_time_and_ends_with_the_limit() {
        let mut polls = 0;
        assert_eq!(
            wait_for(Duration::ZERO, || -> Option<()> {
                polls += 1;
                None
            }),
            None
        );
        assert_eq!(polls, 1);
        let started = Instant::now();
        assert_eq!(wait_for(Duration::from_millis(20), || None::<()>), None);
        assert!(started.elapsed() >= Duration::from_millis(20));
    }
}
