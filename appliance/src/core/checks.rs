//! What a value of a request may be, where several areas ask the same.

use crate::core::message::Failure;
use crate::core::text::is_name;

/// A label of up to `longest` characters, without its outer blanks; `field` is what the request calls
/// it. Assumed for clusters and keyrings: the rules of a partition's label.
///
/// # Errors
/// It is empty, too long, or has another character.
pub fn check_label<'l>(field: &str, label: &'l str, longest: usize) -> Result<&'l str, Failure> {
    let label = label.trim();
    let allowed = |_, c: char| c.is_ascii_alphanumeric() || " !@#$%^*()-_=+{}[]:,.'/~".contains(c);
    if is_name(label, longest, allowed) {
        return Ok(label);
    }
    Err(Failure::bad_request(format!(
        "'{field}' takes 1 to {longest} letters, digits, blanks and !@#$%^*()-_=+{{}}[]:,.'/~ ."
    )))
}

/// The characters that a certificate's common name may have.
pub const COMMON_NAME: &str = "letters, digits, blanks and _ . : @ * -";

/// Whether a certificate's common name may become a client's. Assumed: the characters of host names, addresses and
/// e-mail addresses.
pub fn is_common_name(name: &str) -> bool {
    is_name(name, 64, |_, c| c.is_ascii_alphanumeric() || " _.:@*-".contains(c))
}

/// Whether a cloning domain may be set: 1 to 128 characters of those that the vendor's pattern
/// names.
///
/// # Errors
/// It is empty, too long, begins with a blank, or has another character.
pub fn check_domain(domain: &str) -> Result<(), Failure> {
    let allowed = |place, c: char| {
        c.is_ascii_alphanumeric() || "_!@#$%^*=+[]{}()/:',.~?-".contains(c) || c == ' ' && place > 0
    };
    if is_name(domain, 128, allowed) {
        return Ok(());
    }
    Err(Failure::bad_request(
        "A domain has 1 to 128 letters, digits, blanks and characters of _!@#$%^*=+[]{}()/:',.~?-, \
         and does not begin with a blank.",
    ))
}

/// A host name or address as the reference's pattern allows it.
///
/// # Errors
/// It is neither.
pub fn check_address(address: &str) -> Result<(), Failure> {
    let name = address.len() <= 64
        && address.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'-'))
        && address.bytes().next().is_some_and(|c| c.is_ascii_alphanumeric())
        && address.bytes().last().is_some_and(|c| c.is_ascii_alphanumeric());
    // Four numbers that make no address are no host name either.
    let numbers = address.bytes().all(|c| c.is_ascii_digit() || c == b'.');
    let ip = address.parse::<std::net::IpAddr>().is_ok();
    if ip || (name && !numbers) {
        return Ok(());
    }
    Err(Failure::bad_request(format!("'{address}' is neither a host name nor an address.")))
}
