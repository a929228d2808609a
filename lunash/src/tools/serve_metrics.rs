//! `lunash serve-metrics`: the inventory as a page that Prometheus scrapes. Each scrape reads all appliances; those that
//! come while one is under way share the next.
//!
//! A login that an appliance has refused is not tried again: a wrong password in a file would lock the account within a
//! few scrapes.

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum_server::Handle;
use clap::Args;
use luna_shell::{Device, Failure, Secrets, Status, finish};
use tokio::runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, oneshot};

use super::Surroundings;
use super::inventory::read;

/// How long a connection may be silent, and how long answers may take that are under way when the program is to end.
const IDLE: Duration = Duration::from_secs(30);
const ENDING: Duration = Duration::from_secs(1);
/// Scrapes that may wait. Prometheus has one at a time for each of its servers.
const WAITING: usize = 64;
/// The text format of Prometheus.
const FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Its arguments.
#[derive(Args, Debug)]
pub struct ServeMetrics {
    /// Where to listen; port 0 takes a free one. Whoever reaches it may read
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:9799")]
    listen: SocketAddr,
}

/// Whoever waits for a reading, or for why there is none.
type Waiting = oneshot::Sender<Result<String, String>>;

impl ServeMetrics {
    pub(super) fn run(self, mut device: Box<dyn Device>, surroundings: &Surroundings) -> Status {
        let served = self.serve(&mut *device, surroundings);
        let status = match served {
            Ok(()) => Status::Success,
            Err(failure) => super::report(&mut *device, surroundings.options.output, failure),
        };
        finish("lunash", &mut *device, status)
    }

    fn serve(&self, device: &mut dyn Device, surroundings: &Surroundings) -> Result<(), Failure> {
        // Read once: a descriptor gives it to one reader only.
        let password = Secrets::from_environment().find("PASSWORD")?;
        let cannot = |error: io::Error| {
            Failure::refused(format!("It cannot listen at {}: {error}.", self.listen))
                .hint("--listen takes another address or port")
        };
        let listener = TcpListener::bind(self.listen).map_err(cannot)?;
        let address = listener.local_addr().map_err(cannot)?;
        let (ask, mut asked) = mpsc::channel(WAITING);
        let runtime = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.map_err(cannot)?;
        listen(&runtime, listener, ask).map_err(cannot)?;
        device.print(&format!("Metrics are at http://{address}/metrics\n"));
        device.flush();
        let mut refused = BTreeMap::new();
        while let Some(first) = asked.blocking_recv() {
            let mut waiting: Vec<Waiting> = vec![first];
            while let Ok(next) = asked.try_recv() {
                waiting.push(next);
            }
            let rows = read(surroundings, password.as_ref(), &refused);
            if let Ok(rows) = &rows {
                refused.extend(rows.logins_refused());
            }
            let text = rows.map(|rows| rows.metrics()).map_err(|failure| failure.message + "\n");
            for one in waiting {
                // Who has gone meanwhile does not want it any more.
                let _ = one.send(text.clone());
            }
        }
        Ok(())
    }
}

/// Answers on the runtime until Ctrl-C or SIGTERM; then nobody asks any more.
fn listen(
    runtime: &runtime::Runtime,
    listener: TcpListener,
    ask: mpsc::Sender<Waiting>,
) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let _inside = runtime.enter();
    let handle = Handle::new();
    let mut server = axum_server::from_tcp(listener)?.handle(handle.clone()).http1_only();
    server.http_builder().http1().header_read_timeout(IDLE);
    let routes = Router::new().route("/metrics", get(metrics)).fallback(elsewhere).with_state(ask);
    runtime.spawn(server.serve(routes.into_make_service()));
    let (mut interrupt, mut end) =
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    runtime.spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = end.recv() => {}
        }
        handle.graceful_shutdown(Some(ENDING));
    });
    Ok(())
}

async fn metrics(State(ask): State<mpsc::Sender<Waiting>>) -> Response {
    let (tell, told) = oneshot::channel();
    if ask.try_send(tell).is_err() {
        return (StatusCode::SERVICE_UNAVAILABLE, "Too many wait already.\n").into_response();
    }
    match told.await {
        Ok(Err(why)) => (StatusCode::INTERNAL_SERVER_ERROR, why).into_response(),
        Ok(Ok(text)) => ([(CONTENT_TYPE, FORMAT)], text).into_response(),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "It ends.\n").into_response(),
    }
}

async fn elsewhere() -> Response {
    (StatusCode::NOT_FOUND, "The metrics are at /metrics.\n").into_response()
}
