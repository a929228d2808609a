//! The open connections: how many there may be, and which one is closed for a new one.

use std::collections::BTreeMap;
use std::future::{Ready, ready};
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use axum_server::accept::Accept;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::replica::lock;

/// All open connections.
#[derive(Debug)]
pub(crate) struct Connections {
    most: usize,
    /// Whether new ones are turned away.
    closed: AtomicBool,
    next: AtomicU64,
    pub(crate) open: Mutex<BTreeMap<u64, Arc<State>>>,
}

/// What is known of one.
#[derive(Debug)]
pub(crate) struct State {
    /// Whether something came that was not answered yet, and when something last came or went.
    used: Mutex<(bool, Instant)>,
    closed: AtomicBool,
    reader: Mutex<Option<Waker>>,
}

impl Connections {
    pub(crate) fn new(most: usize) -> Arc<Connections> {
        let closed = AtomicBool::new(false);
        Arc::new(Connections { most, closed, next: AtomicU64::new(0), open: Mutex::default() })
    }

    /// Ends those that are open, and from now on takes new ones or turns them away.
    pub(crate) fn renew(&self, takes: bool) {
        let mut open = lock(&self.open);
        self.closed.store(!takes, Ordering::SeqCst);
        open.values().for_each(|state| state.close());
        open.clear();
    }

    fn add(self: &Arc<Self>, stream: TcpStream) -> Connection {
        let state = Arc::new(State {
            used: Mutex::new((false, Instant::now())),
            closed: AtomicBool::new(false),
            reader: Mutex::default(),
        });
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let mut open = lock(&self.open);
        if self.closed.load(Ordering::SeqCst) {
            state.close();
        }
        if open.len() >= self.most {
            // The one that is idle for the longest time, rather than one that waits for an answer.
            let oldest = open.iter().min_by_key(|(_, state)| *lock(&state.used));
            let oldest = oldest.map(|(number, _)| *number);
            if let Some(state) = oldest.and_then(|number| open.remove(&number)) {
                state.close();
            }
        }
        open.insert(number, Arc::clone(&state));
        drop(open);
        Connection { stream, state, number, all: Arc::clone(self) }
    }
}

impl State {
    fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        if let Some(waker) = lock(&self.reader).take() {
            waker.wake();
        }
    }
}

/// One connection; it ends like one that the client has closed.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    state: Arc<State>,
    number: u64,
    all: Arc<Connections>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        lock(&self.all.open).remove(&self.number);
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // What was sent to a connection that is closed is not looked at any more.
        if self.state.closed.load(Ordering::SeqCst) {
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            *lock(&self.state.used) = (true, Instant::now());
        }
        if read.is_pending() {
            *lock(&self.state.reader) = Some(cx.waker().clone());
            // Looked at last, so that a close between the two lines is not missed.
            if self.state.closed.load(Ordering::SeqCst) {
                return Poll::Ready(Ok(()));
            }
        }
        read
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        *lock(&self.state.used) = (false, Instant::now());
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        *lock(&self.state.used) = (false, Instant::now());
        Pin::new(&mut self.stream).poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// Counts each connection that comes in.
#[derive(Clone, Debug)]
pub(crate) struct Counted(pub(crate) Arc<Connections>);

impl<S> Accept<TcpStream, S> for Counted {
    type Stream = Connection;
    type Service = S;
    type Future = Ready<io::Result<(Connection, S)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        // Without NoDelay a third of all first requests wait 40 ms for a delayed ACK.
        ready(stream.set_nodelay(true).map(|()| (self.0.add(stream), service)))
    }
}
