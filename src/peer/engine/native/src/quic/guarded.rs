//! A connection that several threads use, and that a fault of the engine ends instead of the process.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use super::{
    connection::Connection,
    events::{End, EndedBy},
};

/// Faults of all connections of this process.
static FAULTS: AtomicU32 = AtomicU32::new(0);

pub fn faults() -> u32 {
    FAULTS.load(Ordering::Relaxed)
}

enum State {
    Sound(Box<Connection>),
    /// A panic has ended the connection. It may be in any state, so nothing touches it again.
    Faulty(End),
}

pub struct Guarded(Mutex<State>);

impl Guarded {
    pub fn new(connection: Connection) -> Self {
        Self(Mutex::new(State::Sound(Box::new(connection))))
    }

    /// Runs `work` alone with the connection. Returns `None` if the connection is faulty, or becomes so.
    pub fn with<T>(&self, work: impl FnOnce(&mut Connection) -> T) -> Option<T> {
        let mut state = self.lock();
        let State::Sound(connection) = &mut *state else { return None };
        match catch_unwind(AssertUnwindSafe(|| work(connection))) {
            Ok(result) => Some(result),
            Err(panic) => {
                FAULTS.fetch_add(1, Ordering::Relaxed);
                let broken = std::mem::replace(&mut *state, State::Faulty(fault(&*panic)));
                std::mem::forget(broken);
                None
            }
        }
    }

    pub fn end(&self) -> Option<End> {
        match &*self.lock() {
            State::Sound(connection) => connection.end().cloned(),
            State::Faulty(end) => Some(end.clone()),
        }
    }

    /// A panic outside of [`Self::with`] leaves the state as it was.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn fault(panic: &(dyn Any + Send)) -> End {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    End {
        by: EndedBy::ThisSide,
        code: noq_proto::TransportErrorCode::INTERNAL_ERROR.into(),
        is_application: false,
        reason: format!("fault of the QUIC engine: {}", text.unwrap_or("unknown")),
    }
}
