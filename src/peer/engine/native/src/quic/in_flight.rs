//! CUBIC that tells what is unacknowledged, which noq does not, and sends the first window without pacing.

use std::{
    any::Any,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use noq_proto::{
    RttEstimator,
    congestion::{Controller, ControllerFactory, ControllerMetrics, CubicConfig},
};

/// What is under way on the paths of one connection.
#[derive(Debug, Clone, Default)]
pub struct InFlight(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    /// The number of paths on which ack-eliciting packets are neither acknowledged nor declared lost.
    busy_paths: AtomicUsize,
    /// Packets that have been acknowledged.
    acknowledged: AtomicU64,
    /// Congestion window of the path that was asked last.
    window_bytes: AtomicU64,
}

impl InFlight {
    pub fn is_none(&self) -> bool {
        self.0.busy_paths.load(Ordering::Relaxed) == 0
    }

    #[cfg(test)]
    pub fn busy() -> Self {
        let this = Self::default();
        this.0.busy_paths.store(1, Ordering::Relaxed);
        this
    }

    pub fn window_bytes(&self) -> u64 {
        self.0.window_bytes.load(Ordering::Relaxed)
    }

    pub fn acknowledged(&self) -> u64 {
        self.0.acknowledged.load(Ordering::Relaxed)
    }
}

/// Makes the controllers of one connection, one for each path.
pub struct Factory {
    pub cubic: Arc<CubicConfig>,
    pub in_flight: InFlight,
    pub initial_rtt: Duration,
}

/// How long noq lets packets gather for a burst at most. It would pace a handshake by a round trip that nobody has measured.
const BURST: Duration = Duration::from_millis(10);

impl ControllerFactory for Factory {
    fn build(self: Arc<Self>, now: Instant, mtu: u16) -> Box<dyn Controller> {
        Box::new(Observed::new(self.cubic.clone().build(now, mtu), self.in_flight.clone(), self.initial_rtt))
    }
}

#[derive(Debug)]
struct Observed {
    inner: Box<dyn Controller>,
    is_busy: bool,
    in_flight: InFlight,
    initial_rtt: Duration,
    is_measured: bool,
}

impl Observed {
    fn new(inner: Box<dyn Controller>, in_flight: InFlight, initial_rtt: Duration) -> Self {
        Self { inner, is_busy: false, in_flight, initial_rtt, is_measured: false }
    }

    fn set_busy(&mut self, is_busy: bool) {
        match (self.is_busy, is_busy) {
            (false, true) => self.in_flight.0.busy_paths.fetch_add(1, Ordering::Relaxed),
            (true, false) => self.in_flight.0.busy_paths.fetch_sub(1, Ordering::Relaxed),
            _ => return,
        };
        self.is_busy = is_busy;
    }
}

impl Drop for Observed {
    fn drop(&mut self) {
        self.set_busy(false);
    }
}

impl Controller for Observed {
    fn on_sent(&mut self, now: Instant, bytes: u64, largest_pn: u64) {
        self.inner.on_sent(now, bytes, largest_pn);
    }

    fn on_packet_sent(&mut self, now: Instant, bytes: u16, pn: u64) {
        self.set_busy(true);
        self.inner.on_packet_sent(now, bytes, pn);
    }

    fn on_cwnd_limited(&mut self) {
        self.inner.on_cwnd_limited();
    }

    fn on_ack(&mut self, now: Instant, sent: Instant, bytes: u64, pn: u64, app_limited: bool, rtt: &RttEstimator) {
        self.is_measured = true;
        self.in_flight.0.acknowledged.fetch_add(1, Ordering::Relaxed);
        self.inner.on_ack(now, sent, bytes, pn, app_limited, rtt);
    }

    fn on_end_acks(&mut self, now: Instant, in_flight: u64, app_limited: bool, largest_pn: Option<u64>) {
        // Unless the application is the limit, more is waiting to be sent.
        self.set_busy(in_flight > 0 || !app_limited);
        self.inner.on_end_acks(now, in_flight, app_limited, largest_pn);
    }

    fn on_congestion_event(&mut self, now: Instant, sent: Instant, persistent: bool, ecn: bool, lost: u64, pn: u64) {
        self.inner.on_congestion_event(now, sent, persistent, ecn, lost, pn);
    }

    fn on_packet_lost(&mut self, bytes: u16, pn: u64, now: Instant) {
        self.inner.on_packet_lost(bytes, pn, now);
    }

    fn on_spurious_congestion_event(&mut self) {
        self.inner.on_spurious_congestion_event();
    }

    fn on_mtu_update(&mut self, mtu: u16) {
        self.inner.on_mtu_update(mtu);
    }

    fn on_ack_frequency_update(&mut self, threshold: u64, delay: Duration) {
        self.inner.on_ack_frequency_update(threshold, delay);
    }

    fn window(&self) -> u64 {
        let window = self.inner.window();
        self.in_flight.0.window_bytes.store(window, Ordering::Relaxed);
        window
    }

    /// Before a round trip is measured, the rate is such that the initial window is one burst (RFC 9002 §7.7).
    fn metrics(&self) -> ControllerMetrics {
        let mut metrics = self.inner.metrics();
        if !self.is_measured {
            metrics.pacing_rate = Some(per_second(self.inner.initial_window(), BURST));
        }
        metrics
    }

    fn clone_box(&self) -> Box<dyn Controller> {
        let mut copy = Self::new(self.inner.clone_box(), self.in_flight.clone(), self.initial_rtt);
        copy.is_measured = self.is_measured;
        Box::new(copy)
    }

    /// noq asks for it to fill its pacer, which is to hold what [`Self::metrics`] allows.
    fn initial_window(&self) -> u64 {
        let rate = per_second(self.inner.initial_window(), BURST);
        (u128::from(rate) * self.initial_rtt.as_nanos() / 1_000_000_000) as u64
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

fn per_second(bytes: u64, time: Duration) -> u64 {
    (u128::from(bytes) * 1_000_000_000 / time.as_nanos()) as u64
}
