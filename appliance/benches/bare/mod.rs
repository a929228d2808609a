//! What the appliance is compared with: the same web server and TLS with nothing behind it. It
//! answers every GET with one fixed body, and before it answers a change it writes 4 KiB to a file
//! and syncs them.

use std::fs::File;
use std::io::{Seek, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::IntoResponse;
use axum_server::tls_rustls::RustlsConfig;
use luna_rest::{Client, Fingerprint, Target, Trust};

const ANSWER: &str = r#"{"hsms": [{"id": "150073", "url": "/api/lunasa/hsms/150073"}]}"#;

/// Starts the server, which ends with the process, and opens a session with it.
pub(crate) fn client(file: File) -> Client {
    let provider = rustls::crypto::ring::default_provider();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = rustls_pki_types::PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let tls = rustls::ServerConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key.into())
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let routes = Router::new().fallback(answer).with_state(Arc::new(Mutex::new(file)));
            let server =
                axum_server::from_tcp_rustls(listener, RustlsConfig::from_config(Arc::new(tls)));
            server.unwrap().serve(routes.into_make_service()).await.unwrap();
        });
    });
    let trust = Trust::Pinned(Fingerprint::of(&certificate));
    let (host, port) = (address.ip().to_string(), address.port());
    let mut client = Client::connect(Target { host, port, trust, limit: None }).unwrap();
    client.login("bench", &"bench".into()).unwrap();
    client
}

async fn answer(State(file): State<Arc<Mutex<File>>>, method: Method) -> axum::response::Response {
    if method == Method::GET {
        return ([("content-type", "application/json")], ANSWER).into_response();
    }
    if method != Method::POST {
        let synced = tokio::task::spawn_blocking(move || {
            let mut file = file.lock().unwrap();
            file.rewind().unwrap();
            file.write_all(&[0x20; 4096]).unwrap();
            file.sync_data().unwrap();
        });
        synced.await.unwrap();
    }
    (StatusCode::NO_CONTENT, [("set-cookie", "session=1")]).into_response()
}
