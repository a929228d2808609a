//! NTLS, the network trust link service: `/api/lunasa/ntls`.
//!
//! `clients.rs` has the registered clients and their partitions, `certificates.rs` reads what
//! somebody calls a certificate.

mod certificates;
mod clients;

use super::context::Context;
use super::is_name;
use super::message::Failure;
use super::route::Routes;
use super::state::{Area, Visit};
use super::table::Table;

pub use clients::ClientRow;

/// What is kept of NTLS.
#[derive(Debug, Default)]
pub struct Ntls {
    /// The clients by name.
    pub clients: Table<ClientRow>,
}

impl Area for Ntls {
    fn fields(&mut self, visit: Visit<'_>) {
        visit("ntls/clients", &mut self.clients);
    }
}

pub(super) fn routes(r: &mut Routes) {
    clients::routes(r);
}

/// The content of a file of the user who asks.
fn users_file(cx: &Context<'_>, name: &str) -> Result<Vec<u8>, Failure> {
    let fits = is_name(name, 64, |_, c| c.is_ascii_alphanumeric() || "_.- ".contains(c))
        && name.ends_with(".pem");
    if !fits {
        let id = "NTLS_FILENAME_NOT_VALID";
        return Err(Failure::new(400, id, "The file name is not valid.").details(
            "A file's name has up to 64 letters, digits, blanks and . _ - and ends with .pem",
        ));
    }
    let user = &cx.session().user;
    cx.state.files.get(user, name).map(|file| file.content.clone()).ok_or_else(|| {
        let id = "SERVERPLUGIN_FILEID_DOES_NOT_EXIST";
        Failure::new(404, id, "The file does not exist.")
            .details(format!("'{user}' has no file '{name}' on the appliance."))
    })
}
