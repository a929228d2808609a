//! Which of the TLS ciphers that can be set the emulated web server is able to offer.

use rustls::SupportedCipherSuite;
use rustls::crypto::ring::cipher_suite::{
    TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    TLS13_AES_128_GCM_SHA256, TLS13_AES_256_GCM_SHA384, TLS13_CHACHA20_POLY1305_SHA256,
};

/// Those of a list, joined by colons, that the web server can offer, in the list's order.
pub fn offered(list: &str) -> Vec<SupportedCipherSuite> {
    list.split(':').filter_map(suite).collect()
}

fn suite(name: &str) -> Option<SupportedCipherSuite> {
    Some(match name {
        "TLS_AES_256_GCM_SHA384" => TLS13_AES_256_GCM_SHA384,
        "TLS_CHACHA20_POLY1305_SHA256" => TLS13_CHACHA20_POLY1305_SHA256,
        "TLS_AES_128_GCM_SHA256" => TLS13_AES_128_GCM_SHA256,
        // None of those for RSA: the key of the web server's certificate is one of ECDSA.
        "ECDHE-ECDSA-AES256-GCM-SHA384" => TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        "ECDHE-ECDSA-AES128-GCM-SHA256" => TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use luna_rest::tls::CIPHERS;

    use super::*;

    #[test]
    fn five_of_the_ciphers_can_be_offered_in_the_order_of_the_list() {
        assert_eq!(offered(CIPHERS).len(), 5);
        let two = [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS13_AES_256_GCM_SHA384];
        let list = "AES256-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256:TLS_AES_256_GCM_SHA384";
        assert_eq!(offered(list), two);
        assert_eq!(offered("ECDHE-RSA-AES256-GCM-SHA384:AES256-SHA256"), []);
    }
}
