//! TLS of the kinds of ports: of clients, who show no certificate, and of members and links, who do.

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::server::WantsServerCert;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    ConfigBuilder, DigitallySignedStruct, DistinguishedName, Error, ServerConfig, SignatureScheme,
    WantsVerifier,
};
use rustls_pki_types::{CertificateDer, UnixTime};

use crate::core::ciphers::offered;
use crate::folder::Certificate;

type SignatureChecked = Result<rustls::client::danger::HandshakeSignatureValid, Error>;

/// TLS of the web server, with those of a list of ciphers that it can offer, the first one preferred.
pub(crate) fn of_clients(certificate: &Certificate, ciphers: &str) -> Result<ServerConfig, Error> {
    let mut tls = finish(builder(offering(ciphers))?.with_no_client_auth(), certificate)?;
    tls.ignore_client_order = true;
    Ok(tls)
}

/// TLS of the port on which members talk to each other.
pub(crate) fn of_members(certificate: &Certificate) -> Result<ServerConfig, Error> {
    let verifier = Arc::new(AnyCertificate { provider: provider() });
    finish(builder(provider())?.with_client_cert_verifier(verifier), certificate)
}

/// TLS of the port of NTLS. The certificate of who comes is asked for; whose it is, with each request.
pub(crate) fn of_links(certificate: &Certificate, ciphers: &str) -> Result<ServerConfig, Error> {
    let verifier = Arc::new(AnyCertificate { provider: provider() });
    let builder = builder(offering(ciphers))?.with_client_cert_verifier(verifier);
    let mut tls = finish(builder, certificate)?;
    tls.ignore_client_order = true;
    // A session that was resumed would bring no certificate that is looked at.
    tls.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
    tls.send_tls13_tickets = 0;
    Ok(tls)
}

fn offering(ciphers: &str) -> Arc<CryptoProvider> {
    let mut provider = rustls::crypto::ring::default_provider();
    let offered = offered(ciphers);
    // A list without any was taken by older releases, and restored from their backups.
    if !offered.is_empty() {
        provider.cipher_suites = offered;
    }
    Arc::new(provider)
}

fn provider() -> Arc<CryptoProvider> {
    // Named here, not installed: the program around may have its own.
    Arc::new(rustls::crypto::ring::default_provider())
}

fn builder(
    provider: Arc<CryptoProvider>,
) -> Result<ConfigBuilder<ServerConfig, WantsVerifier>, Error> {
    ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()
}

fn finish(
    builder: ConfigBuilder<ServerConfig, WantsServerCert>,
    certificate: &Certificate,
) -> Result<ServerConfig, Error> {
    let Certificate { certificate, key, .. } = certificate;
    let mut tls = builder.with_single_cert(vec![certificate.clone()], key.clone_key())?;
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(tls)
}

/// Takes any certificate whose key the other end proves to have. Whether it is that of a member is
/// asked with each message: a connection outlives a membership.
#[derive(Debug)]
struct AnyCertificate {
    provider: Arc<CryptoProvider>,
}

impl ClientCertVerifier for AnyCertificate {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> SignatureChecked {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> SignatureChecked {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
