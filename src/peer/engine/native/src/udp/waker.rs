//! A thread that waits for sockets and tells once, until it is armed again.

use std::{
    any::Any,
    io,
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

/// Of all sockets: whichever it is, all are looked at.
const KEY: usize = 0;

pub struct Waker {
    poller: Arc<Poller>,
    sockets: Vec<Arc<Socket>>,
    state: Arc<State>,
    thread: Option<JoinHandle<()>>,
}

/// What the thread and its owner share.
#[derive(Default)]
struct State {
    is_stopping: AtomicBool,
    /// Whether it has told since it was armed.
    has_told: AtomicBool,
}

impl Waker {
    /// Starts the thread. It is armed for something to receive.
    pub fn start(socket: Arc<Socket>, tell: impl Fn(Wake) + Send + 'static) -> io::Result<Self> {
        let poller = Arc::new(Poller::new()?);
        let mut this = Self { poller, sockets: Vec::new(), state: Arc::default(), thread: None };
        this.add(socket)?;
        let (poller, state) = (this.poller.clone(), this.state.clone());
        let watch = move || match catch_unwind(AssertUnwindSafe(|| watch(&poller, &state, &tell))) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tell(Wake::Fault(error.to_string())),
            Err(panic) => tell(Wake::Fault(text(&*panic))),
        };
        this.thread = Some(Builder::new().name("quicpipe-udp".into()).spawn(watch)?);
        Ok(this)
    }

    /// Waits for another socket too.
    pub fn add(&mut self, socket: Arc<Socket>) -> io::Result<()> {
        // Safety: `self.sockets` keeps the socket open until it has been deleted from the poller.
        unsafe { self.poller.add(&socket.socket, Event::readable(KEY))? };
        self.sockets.push(socket);
        Ok(())
    }

    pub fn remove(&mut self, socket: &Arc<Socket>) {
        // Fails only if the poller has lost the socket.
        let _ = self.poller.delete(&socket.socket);
        self.sockets.retain(|it| !Arc::ptr_eq(it, socket));
    }

    /// Lets the thread tell when there is something to receive, or else room to send at one of the sockets.
    pub fn arm(&self, for_room: Option<&Arc<Socket>>) -> io::Result<()> {
        self.state.has_told.store(false, Ordering::Release);
        self.sockets.iter().try_for_each(|it| {
            let needs_room = for_room.is_some_and(|full| Arc::ptr_eq(full, it));
            self.poller.modify(&it.socket, Event::new(KEY, true, needs_room))
        })
    }
}

impl Drop for Waker {
    fn drop(&mut self) {
        self.state.is_stopping.store(true, Ordering::Release);
        let is_notified = self.poller.notify().is_ok();
        if let Some(thread) = self.thread.take().filter(|_| is_notified) {
            // The thread catches its panics.
            let _ = thread.join();
        }
        for socket in &self.sockets {
            // Fails only if the poller has lost the socket.
            let _ = self.poller.delete(&socket.socket);
        }
    }
}

fn watch(poller: &Poller, state: &State, tell: &impl Fn(Wake)) -> io::Result<()> {
    let mut events = Events::with_capacity(NonZeroUsize::MIN);
    loop {
        events.clear();
        poller.wait(&mut events, None)?;
        if state.is_stopping.load(Ordering::Acquire) {
            return Ok(());
        }
        if !events.is_empty() && !state.has_told.swap(true, Ordering::AcqRel) {
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
    use std::{
        net::{SocketAddr, UdpSocket},
        sync::mpsc,
    };

    use super::*;

    fn bind() -> (Arc<Socket>, SocketAddr) {
        let socket = Arc::new(Socket::bind("127.0.0.1:0".parse().unwrap(), 1 << 16).unwrap());
        let at = socket.socket.local_addr().unwrap();
        (socket, at)
    }

    fn start(tell: impl Fn(Wake) + Send + 'static) -> (Waker, SocketAddr) {
        let (socket, at) = bind();
        (Waker::start(socket, tell).unwrap(), at)
    }

    fn arm_for_room(waker: &Waker) {
        waker.arm(waker.sockets.first()).unwrap();
    }

    #[test]
    fn the_thread_tells_once_of_all_sockets_and_no_more_of_one_that_was_removed() {
        let (tell, told) = mpsc::channel();
        let (mut waker, first) = start(move |wake| tell.send(wake).unwrap());
        let (socket, second) = bind();
        waker.add(socket.clone()).unwrap();
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        sender.send_to(&[1], second).unwrap();
        assert_eq!(told.recv().unwrap(), Wake::Ready);
        sender.send_to(&[1], first).unwrap();
        // The thread has seen to both once it has been armed and has told again.
        waker.arm(None).unwrap();
        assert_eq!(told.recv().unwrap(), Wake::Ready);
        waker.remove(&socket);
        drop(socket);
        assert!(UdpSocket::bind(second).is_ok());
        drop(waker);
        assert!(told.recv().is_err(), "told twice");
    }

    #[test]
    fn the_thread_tells_once_until_it_is_armed_and_ends_with_its_waker() {
        let (tell, told) = mpsc::channel();
        let (waker, at) = start(move |wake| tell.send(wake).unwrap());
        UdpSocket::bind("127.0.0.1:0").unwrap().send_to(&[1], at).unwrap();
        assert_eq!(told.recv().unwrap(), Wake::Ready);
        assert!(told.try_recv().is_err());
        waker.arm(None).unwrap();
        assert_eq!(told.recv().unwrap(), Wake::Ready);
        drop(waker);
        assert!(told.recv().is_err());
        assert!(UdpSocket::bind(at).is_ok());
    }

    #[test]
    fn the_thread_tells_of_room_if_it_is_asked_to() {
        let (tell, told) = mpsc::channel();
        let (waker, _) = start(move |wake| tell.send(wake).unwrap());
        arm_for_room(&waker);
        assert_eq!(told.recv().unwrap(), Wake::Ready);
    }

    #[test]
    fn a_thread_that_panics_says_so() {
        let (tell, told) = mpsc::channel();
        let (waker, _) = start(move |wake| match wake {
            Wake::Ready => panic!("a fault"),
            fault => tell.send(fault).unwrap(),
        });
        arm_for_room(&waker);
        assert_eq!(told.recv().unwrap(), Wake::Fault("a fault".into()));
    }
}
