//! Datagrams that take turns, as in RFC 8290: what floods one connection delays no other.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use super::routes::Cid;

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Key {
    /// A connection, by the caller's number.
    Connection(u32),
    /// What is of no connection of the port's, by its destination: a handshake, HTTP.
    Other(Cid),
    /// STUN.
    NoCid,
    /// STUN of strangers.
    Stranger,
}

/// Time for all in a round, so that the caller gets to do the rest of its work.
const ROUND: Duration = Duration::from_millis(2);

/// Time for one before it is the next one's turn: a hundred datagrams, or a few of those that take long.
const SLICE: Duration = Duration::from_micros(250);

/// Datagrams that wait, in all: four calls of the system bring as many, 6 MB of the longest.
const MOST: usize = 4096;

/// The most datagrams that one search for the longest queue drops.
const DROPPED_AT_ONCE: usize = 64;

/// Queues, and the order of their turns.
pub struct Turns<T> {
    queues: HashMap<Key, VecDeque<T>>,
    order: VecDeque<Key>,
    waiting: usize,
    dropped: u64,
}

impl<T> Default for Turns<T> {
    fn default() -> Self {
        Self { queues: HashMap::new(), order: VecDeque::new(), waiting: 0, dropped: 0 }
    }
}

impl<T> Turns<T> {
    pub fn add(&mut self, key: Key, datagram: T) {
        if self.waiting == MOST {
            self.make_room();
        }
        let order = &mut self.order;
        let queue = self.queues.entry(key).or_insert_with(|| {
            order.push_back(key);
            VecDeque::new()
        });
        queue.push_back(datagram);
        self.waiting += 1;
    }

    pub fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    /// Datagrams that made way for others.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Serves all in turn, until nothing waits or the round is over. `serve` returns how long it took.
    pub fn round(&mut self, mut serve: impl FnMut(T) -> Duration) {
        let mut left = ROUND;
        while !left.is_zero() {
            let Some(key) = self.order.pop_front() else { break };
            let queue = self.queues.get_mut(&key).expect("a queue for each turn");
            let mut slice = SLICE;
            while !slice.min(left).is_zero() {
                let Some(datagram) = queue.pop_front() else { break };
                self.waiting -= 1;
                let took = serve(datagram);
                slice = slice.saturating_sub(took);
                left = left.saturating_sub(took);
            }
            match queue.is_empty() {
                true => drop(self.queues.remove(&key)),
                false => self.order.push_back(key),
            }
        }
    }

    /// Drops the newest of the longest queue: whoever sends the most pays. Several at a time, as the search is long (RFC 8290 §4.1).
    fn make_room(&mut self) {
        let Some(longest) = self.queues.values_mut().max_by_key(|queue| queue.len()) else { return };
        let count = longest.len().div_ceil(2).min(DROPPED_AT_ONCE);
        // Its turn stays, though nothing may be left for it.
        longest.truncate(longest.len() - count);
        self.waiting -= count;
        self.dropped += count as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLOODED: Key = Key::Connection(1);
    const HONEST: Key = Key::Connection(2);
    const LONG: Duration = Duration::from_micros(40);

    fn served(turns: &mut Turns<(Key, u32)>) -> Vec<(Key, u32)> {
        let mut served = Vec::new();
        turns.round(|datagram| {
            served.push(datagram);
            LONG
        });
        served
    }

    fn flooded(count: u32) -> Turns<(Key, u32)> {
        let mut turns = Turns::default();
        for number in 0..count {
            turns.add(FLOODED, (FLOODED, number));
        }
        turns
    }

    #[test]
    fn a_datagram_waits_for_a_slice_of_each_other_connection_at_most() {
        let mut turns = flooded(3000);
        turns.add(HONEST, (HONEST, 0));
        let at = served(&mut turns).iter().position(|(key, _)| *key == HONEST);
        assert_eq!(at, Some(SLICE.as_micros().div_ceil(LONG.as_micros()) as usize));
    }

    #[test]
    fn a_round_ends_and_the_next_goes_on_in_order() {
        let mut turns = flooded(250);
        let mut all = Vec::new();
        while !turns.is_empty() {
            let round = served(&mut turns);
            assert!(LONG * round.len() as u32 <= ROUND + LONG);
            all.extend(round.into_iter().map(|(_, number)| number));
        }
        assert_eq!(all, (0..250).collect::<Vec<_>>());
    }

    #[test]
    fn the_longest_queue_makes_way_and_the_others_lose_nothing() {
        let mut turns = Turns::default();
        for number in 0..100 {
            turns.add(HONEST, (HONEST, number));
        }
        for number in 0..50_000 {
            turns.add(FLOODED, (FLOODED, number));
            assert!(turns.waiting <= MOST);
        }
        let mut honest = 0;
        while !turns.is_empty() {
            honest += served(&mut turns).iter().filter(|(key, _)| *key == HONEST).count();
        }
        assert_eq!(honest, 100);
        assert!(turns.dropped() > 0);
        assert!(turns.queues.is_empty() && turns.order.is_empty());
    }

    #[test]
    fn one_alone_has_the_whole_round() {
        assert_eq!(served(&mut flooded(3000)).len(), ROUND.as_micros().div_ceil(LONG.as_micros()) as usize);
    }
}
