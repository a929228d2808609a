//! Links of clients: a session begins with a certificate, and ends with the client's registration, with
//! the service, or when it is given up.

use luna_rest::Nothing;
use luna_rest::link::{Link, OPEN, SHOW};

use crate::core::message::{Failure, Reply};
use crate::request::auth;
use crate::request::context::Context;
use crate::request::link::client;
use crate::request::route::{Ids, LINKED, Routes};
use crate::request::session::Session;

pub(crate) fn routes(r: &mut Routes) {
    r.on(&OPEN, LINKED, open);
    r.on(&SHOW, LINKED, show);
}

fn open(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Link>, Failure> {
    let Some(certificate) = &cx.request.link else { return Err(not_here()) };
    let found = client(cx, certificate);
    let counted = &mut cx.state.ntls.settings.get_mut().connections;
    match found {
        Ok(name) => {
            counted.0 += 1;
            let link = shown(cx, &name);
            let session = Session { link: name, private: true, ..Session::default() };
            Ok(auth::open(cx, session).with(link))
        }
        Err(failure) => {
            counted.1 += 1;
            Err(failure.keeping_changes())
        }
    }
}

fn show(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Link>, Failure> {
    if cx.request.link.is_none() {
        return Err(not_here());
    }
    Ok(Reply::ok(shown(cx, &cx.session().link.clone())))
}

fn not_here() -> Failure {
    Failure::no_resource("Links of clients are on the port of NTLS.")
}

fn shown(cx: &Context<'_>, client: &str) -> Link {
    let row = cx.state.ntls.clients.get(client);
    Link {
        client_id: client.to_owned(),
        hsm_id: cx.state.hsm.hsm.get().serial.to_string(),
        version: cx.state.lunasa.settings.get().version.clone(),
        firmware: cx.state.hsm.hsm.get().firmware.clone(),
        partitions: row.map(|row| row.links.clone()).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests;
