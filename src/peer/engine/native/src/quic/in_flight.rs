//! CUBIC that tells what is unacknowledged, which noq does not, and sends the first window without pacing.

mod flight;

use std::{
    any::Any,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use noq_proto::{
    RttEstimator,
    congestion::{Controller, ControllerFactory, ControllerMetrics, CubicConfig},
};

use self::flight::Flight;

/// What is under way on the paths of one connection.
#[derive(Debug, Clone, Default)]
pub struct InFlight(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    /// Of the paths that noq has.
    paths: Mutex<Vec<Weak<PathFlight>>>,
    /// How many paths noq has made.
    built: AtomicU64,
    /// Packets that have been acknowledged.
    acknowledged: AtomicU64,
}

/// What is under way on one path.
#[derive(Debug)]
pub struct PathFlight {
    flight: Mutex<Flight>,
    window_bytes: AtomicU64,
}

impl PathFlight {
    /// Returns that of the path with this controller.
    pub fn of(controller: &dyn Controller) -> Option<Arc<Self>> {
        // noq lends a controller, and only one's owner may look into it.
        let copy = controller.clone_box().into_any().downcast::<Observed>().ok()?;
        Some(copy.path.clone())
    }

    pub fn flight(&self) -> MutexGuard<'_, Flight> {
        self.flight.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl InFlight {
    pub fn is_none(&self) -> bool {
        !self.any(|path| path.flight().is_busy())
    }

    /// Sum of the congestion windows.
    pub fn window_bytes(&self) -> u64 {
        let mut sum = 0;
        self.any(|path| {
            sum += path.window_bytes.load(Ordering::Relaxed);
            false
        });
        sum
    }

    pub fn acknowledged(&self) -> u64 {
        self.0.acknowledged.load(Ordering::Relaxed)
    }

    pub fn built(&self) -> u64 {
        self.0.built.load(Ordering::Relaxed)
    }

    fn any(&self, is_it: impl FnMut(Arc<PathFlight>) -> bool) -> bool {
        self.paths().iter().filter_map(Weak::upgrade).any(is_it)
    }

    fn paths(&self) -> MutexGuard<'_, Vec<Weak<PathFlight>>> {
        self.0.paths.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn build(&self, mtu: u16) -> Arc<PathFlight> {
        let path = Arc::new(PathFlight { flight: Mutex::new(Flight::new(mtu)), window_bytes: AtomicU64::new(0) });
        let mut paths = self.paths();
        paths.retain(|path| path.strong_count() > 0);
        paths.push(Arc::downgrade(&path));
        self.0.built.fetch_add(1, Ordering::Relaxed);
        path
    }

    /// Something that is in flight as long as the path is kept.
    #[cfg(test)]
    pub fn busy() -> (Self, Arc<PathFlight>) {
        let this = Self::default();
        let path = this.build(1200);
        path.flight().sent(Instant::now(), 1200, 0);
        (this, path)
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
        Box::new(Observed {
            inner: self.cubic.clone().build(now, mtu),
            path: self.in_flight.build(mtu),
            in_flight: self.in_flight.clone(),
            initial_rtt: self.initial_rtt,
            is_measured: false,
        })
    }
}

#[derive(Debug)]
struct Observed {
    inner: Box<dyn Controller>,
    path: Arc<PathFlight>,
    in_flight: InFlight,
    initial_rtt: Duration,
    is_measured: bool,
}

impl Controller for Observed {
    fn on_sent(&mut self, now: Instant, bytes: u64, largest_pn: u64) {
        self.inner.on_sent(now, bytes, largest_pn);
    }

    fn on_packet_sent(&mut self, now: Instant, bytes: u16, pn: u64) {
        self.path.flight().sent(now, bytes, pn);
        self.inner.on_packet_sent(now, bytes, pn);
    }

    fn on_cwnd_limited(&mut self) {
        self.inner.on_cwnd_limited();
    }

    fn on_ack(&mut self, now: Instant, sent: Instant, bytes: u64, pn: u64, app_limited: bool, rtt: &RttEstimator) {
        self.is_measured = true;
        self.in_flight.0.acknowledged.fetch_add(1, Ordering::Relaxed);
        let mut flight = self.path.flight();
        flight.acknowledged(now, sent, bytes, pn, rtt.get());
        flight.note_shortest(rtt.min());
        drop(flight);
        self.inner.on_ack(now, sent, bytes, pn, app_limited, rtt);
    }

    fn on_end_acks(&mut self, now: Instant, in_flight: u64, app_limited: bool, largest_pn: Option<u64>) {
        // Unless the application is the limit, more is waiting to be sent.
        self.path.flight().settled(in_flight, !app_limited);
        self.inner.on_end_acks(now, in_flight, app_limited, largest_pn);
    }

    fn on_congestion_event(&mut self, now: Instant, sent: Instant, persistent: bool, ecn: bool, lost: u64, pn: u64) {
        self.inner.on_congestion_event(now, sent, persistent, ecn, lost, pn);
    }

    fn on_packet_lost(&mut self, bytes: u16, pn: u64, now: Instant) {
        self.path.flight().lost(bytes);
        self.inner.on_packet_lost(bytes, pn, now);
    }

    fn on_spurious_congestion_event(&mut self) {
        self.inner.on_spurious_congestion_event();
    }

    fn on_mtu_update(&mut self, mtu: u16) {
        self.path.flight().set_mtu(mtu);
        self.inner.on_mtu_update(mtu);
    }

    fn on_ack_frequency_update(&mut self, threshold: u64, delay: Duration) {
        self.inner.on_ack_frequency_update(threshold, delay);
    }

    fn window(&self) -> u64 {
        let window = self.inner.window();
        self.path.window_bytes.store(window, Ordering::Relaxed);
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
        Box::new(Self {
            inner: self.inner.clone_box(),
            path: self.path.clone(),
            in_flight: self.in_flight.clone(),
            initial_rtt: self.initial_rtt,
            is_measured: self.is_measured,
        })
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
