//! A thread that waits for the socket and tells once, until it is armed again.

use std::{
    any::Any,
    io,
    net::UdpSocket,
    num::NonZeroUsize,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{Builder, JoinHandle},
};

use polling::{Event, Events, Poller};

use super::socket::Socket;

/// What the thread has to tell.
#[derive(Debug, PartialEq, Eq)]
pub enum Wake {
    /// There is something to receive, or room to send.
    Ready,
    /// The thread has ended, and why. Nothing follows.
    Fault(String),
}

/// The one socket of a poller.
const KEY: usize = 0;

pub struct Waker {
    poller: Arc<Poller>,
    socket: Arc<Socket>,
    is_stopping: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Waker {
    /// Starts the thread. It is armed for something to receive.
    pub fn start(socket: Arc<Socket>, tell: impl Fn(Wake) + Send + 'static) -> io::Result<Self> {
        let poller = Arc::new(Poller::new()?);
        // Safety: `self.socket` keeps the socket open until `Drop` has deleted it from the poller.
        unsafe { poller.add(&socket.socket, Event::readable(KEY))? };
        let mut this = Self { poller, socket, is_stopping: Arc::default(), thread: None };
        let (poller, is_stopping) = (this.poller.clone(), this.is_stopping.clone());
        let watch = move || match catch_unwind(AssertUnwindSafe(|| watch(&poller, &is_stopping, &tell))) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tell(Wake::Fault(error.to_string())),
            Err(panic) => tell(Wake::Fault(text(&*panic))),
        };
        this.thread = Some(Builder::new().name("quicpipe-udp".into()).spawn(watch)?);
        Ok(this)
    }

    /// Lets the thread tell when there is something to receive, or else room to send.
    pub fn arm(&self, for_room: bool) -> io::Result<()> {
        self.poller.modify(self.udp(), Event::new(KEY, true, for_room))
    }

    fn udp(&self) -> &UdpSocket {
        &self.socket.socket
    }
}

impl Drop for Waker {
    fn drop(&mut self) {
        self.is_stopping.store(true, Ordering::Release);
        let is_notified = self.poller.notify().is_ok();
        if let Some(thread) = self.thread.take().filter(|_| is_notified) {
            // The thread catches its panics.
            let _ = thread.join();
        }
        // Fails only if the poller has lost the socket.
        let _ = self.poller.delete(self.udp());
    }
}

fn watch(poller: &Poller, is_stopping: &AtomicBool, tell: &impl Fn(Wake)) -> io::Result<()> {
    let mut events = Events::with_capacity(NonZeroUsize::MIN);
    loop {
        events.clear();
        poller.wait(&mut events, None)?;
        if is_stopping.load(Ordering::Acquire) {
            return Ok(());
        }
        if !events.is_empty() {
            tell(Wake::Ready);
        }
    }
}

fn text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("unknown").into()
}

#[cfg(test)]
mod tests {
    use std::{net::SocketAddr, sync::mpsc};

    use super::*;

    fn start(tell: impl Fn(Wake) + Send + 'static) -> (Waker, SocketAddr) {
        let socket = Arc::new(Socket::bind("127.0.0.1:0".parse().unwrap(), 1 << 16).unwrap());
        let at = socket.socket.local_addr().unwrap();
        (Waker::start(socket, tell).unwrap(), at)
    }

    #[test]
    fn the_thread_tells_once_until_it_is_armed_and_ends_with_its_waker() {
        let (tell, told) = mpsc::channel();
        let (waker, at) = start(move |wake| tell.send(wake).unwrap());
        UdpSocket::bind("127.0.0.1:0").unwrap().send_to(&[1], at).unwrap();
        assert_eq!(told.recv().unwrap(), Wake::Ready);
        assert!(told.try_recv().is_err());
        waker.arm(false).unwrap();
        assert_eq!(told.recv().unwrap(), Wake::Ready);
        drop(waker);
        assert!(told.recv().is_err());
        assert!(UdpSocket::bind(at).is_ok());
    }

    #[test]
    fn the_thread_tells_of_room_if_it_is_asked_to() {
        let (tell, told) = mpsc::channel();
        let (waker, _) = start(move |wake| tell.send(wake).unwrap());
        waker.arm(true).unwrap();
        assert_eq!(told.recv().unwrap(), Wake::Ready);
    }

    #[test]
    fn a_thread_that_panics_says_so() {
        let (tell, told) = mpsc::channel();
        let (waker, _) = start(move |wake| match wake {
            Wake::Ready => panic!("a fault"),
            fault => tell.send(fault).unwrap(),
        });
        waker.arm(true).unwrap();
        assert_eq!(told.recv().unwrap(), Wake::Fault("a fault".into()));
    }
}
