//! TLS to a host (RFC 5425): its certificate is signed by the authority that is trusted, or is the one that
//! is trusted itself, and has the host's name.

use std::io::{self, Read};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::server::ParsedCertificate;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{
    CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, Error, RootCertStore,
    SignatureScheme, StreamOwned,
};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use crate::core::logs::HostTls;

/// How long a host that asked for a certificate has for refusing it: TLS 1.3 is open before the host has
/// looked at it, and what is sent then is lost.
const REFUSAL: Duration = Duration::from_millis(500);

/// Speaks TLS over a connection to the host of this address.
pub(super) fn open(
    tcp: TcpStream,
    settings: &HostTls,
    address: &str,
    patience: Duration,
) -> io::Result<StreamOwned<ClientConnection, TcpStream>> {
    let connection = connection(settings, address).map_err(io::Error::other)?;
    let mut stream = StreamOwned::new(connection, tcp);
    stream.sock.set_read_timeout(Some(patience))?;
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock)?;
    }
    if settings.identity.is_some() {
        await_refusal(&mut stream)?;
    }
    stream.sock.set_read_timeout(None)?;
    Ok(stream)
}

fn await_refusal(stream: &mut StreamOwned<ClientConnection, TcpStream>) -> io::Result<()> {
    let deadline = Instant::now() + REFUSAL;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        stream.sock.set_read_timeout(Some(left))?;
        match look(stream) {
            Err(error)
                if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {}
            Err(error) => return Err(error),
            Ok(()) => {
                let text = "the host closed the connection when it saw the appliance's certificate";
                return Err(io::Error::new(io::ErrorKind::ConnectionAborted, text));
            }
        }
    }
}

/// Reads what a receiver says, alerts alone as a rule; returns when it has closed.
pub(super) fn look(stream: &mut StreamOwned<ClientConnection, TcpStream>) -> io::Result<()> {
    let mut said = [0; 512];
    loop {
        if stream.conn.read_tls(&mut stream.sock)? == 0 {
            return Ok(());
        }
        let state = stream.conn.process_new_packets().map_err(io::Error::other)?;
        if state.peer_has_closed() {
            return Ok(());
        }
        let mut left = state.plaintext_bytes_to_read();
        while left > 0 {
            left = left.saturating_sub(stream.conn.reader().read(&mut said)?);
        }
    }
}

fn connection(settings: &HostTls, address: &str) -> Result<ClientConnection, Error> {
    let HostTls { trusted, name, identity } = settings;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let trusted = certificate(trusted)?;
    let mut roots = RootCertStore::empty();
    // One that is no authority's is compared with what the host shows.
    let _ = roots.add(trusted.clone());
    let expected = name.clone().unwrap_or_else(|| address.to_owned());
    let verifier = Verifier { trusted, roots, name: expected, provider: Arc::clone(&provider) };
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let config = match identity {
        None => builder.with_no_client_auth(),
        Some((pem, key)) => {
            let key = STANDARD.decode(key.expose()).unwrap_or_default();
            let key = provider.key_provider.load_private_key(PrivateKeyDer::Pkcs8(key.into()))?;
            // With a check of rustls a certificate of version 1, as openssl signs by default, would be refused.
            let shown = CertifiedKey::new(vec![certificate(pem)?], key);
            builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(shown)))
        }
    };
    let shown = ServerName::try_from(address.to_owned());
    let shown = shown.map_err(|_| Error::General(format!("'{address}' is no host name")))?;
    ClientConnection::new(Arc::new(config), shown)
}

fn certificate(pem: &str) -> Result<CertificateDer<'static>, Error> {
    CertificateDer::from_pem_slice(pem.as_bytes())
        .map_err(|error| Error::General(format!("a certificate cannot be read: {error}")))
}

/// Checks the certificate of a host.
#[derive(Debug)]
struct Verifier {
    trusted: CertificateDer<'static>,
    roots: RootCertStore,
    name: String,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    /// The host's name as receivers' certificates have it: among the further names, or as common name.
    fn is_named(&self, certificate: &CertificateDer<'_>) -> Result<bool, Error> {
        let parsed = ParsedCertificate::try_from(certificate)?;
        let by_name = ServerName::try_from(self.name.as_str());
        if by_name.is_ok_and(|name| verify_server_name(&parsed, &name).is_ok()) {
            return Ok(true);
        }
        let (_, parsed) =
            X509Certificate::from_der(certificate).map_err(|_| CertificateError::BadEncoding)?;
        let mut names = parsed.subject().iter_common_name();
        Ok(names.any(|name| name.as_str().is_ok_and(|name| name.eq_ignore_ascii_case(&self.name))))
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if *end_entity == self.trusted {
            let (_, parsed) =
                X509Certificate::from_der(end_entity).map_err(|_| CertificateError::BadEncoding)?;
            if parsed.validity().not_after.timestamp() < now.as_secs().cast_signed() {
                return Err(CertificateError::Expired.into());
            }
        } else {
            let algorithms = self.provider.signature_verification_algorithms.all;
            let parsed = ParsedCertificate::try_from(end_entity)?;
            verify_server_cert_signed_by_trust_anchor(
                &parsed,
                &self.roots,
                intermediates,
                now,
                algorithms,
            )?;
        }
        match self.is_named(end_entity)? {
            true => Ok(ServerCertVerified::assertion()),
            false => Err(CertificateError::NotValidForName.into()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
