//! `remotebackup`: serves a Backup HSM at this machine to another machine, for as long as the command
//! runs. What travels is the TLS of the Backup HSM itself; here it is only passed on.

use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use luna_shell::{Kind, replace_private_file};

use crate::backup_hsm::Remote;
use crate::prelude::*;

/// Assumed: the port of the product's service.
const PORT: u16 = 2222;

/// How often Ctrl-C is looked for.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

pub(super) const MENUS: &[Menu] =
    &[Menu { path: "remotebackup", help: "A Backup HSM of this machine for another one" }];

pub(super) const COMMANDS: &[Command] = &[Command {
    syntax: "remotebackup start -address <address> -file <filename> [-slot|-s <slotnum>] [-port <port>]",
    help: "Serve a Backup HSM of this machine to another one until Ctrl-C",
    options: &[
        ("-file", "File to make for the other machine: address, certificate and key"),
        ("-slot", "Number of the Backup HSM's slot; the current one without it"),
        ("-address", "Address or name of this machine, as the other one reaches it"),
        ("-port", "Port to serve at; 2222 without it, 0 for a free one"),
    ],
    roles: Role::OPERATOR,
    rest: &[],
    known: Known::Assumed("known by name only; options, file and lines are assumed"),
    run: call::<Start>(),
}];

#[derive(Deserialize)]
struct Start {
    file: PathBuf,
    slot: Option<usize>,
    address: String,
    port: Option<u16>,
}

/// That the service has ended.
#[derive(Serialize)]
struct Served {
    address: String,
    file: PathBuf,
    connections: usize,
}

impl Text for Served {
    fn write(&self, page: &mut Page) {
        page.line(format!("        The service at {} has ended.", self.address));
    }
}

impl Run<Session> for Start {
    type View = Served;

    fn run(self, session: &mut Session) -> Result<Served, Failure> {
        let target = session.device_of(self.slot)?;
        let fail =
            |what: &str, error: io::Error| Failure::new(Kind::Command, format!("{what}: {error}."));
        let listener = TcpListener::bind((&*self.address, self.port.unwrap_or(PORT)))
            .map_err(|error| fail(&format!("cannot serve at {}", self.address), error))?;
        let port = listener.local_addr().map_err(|error| fail("cannot serve", error))?.port();
        let remote = Remote { host: self.address, port, ..target.clone() };
        replace_private_file(&self.file, &remote.to_file())
            .map_err(|error| fail(&format!("cannot write {}", self.file.display()), error))?;
        let address = format!("{}:{port}", remote.host);
        session.ui().show_now(&format!(
            "        The Backup HSM is served at {address} until Ctrl-C.\n        \
             On the other machine: lunacm --backup-hsm {}\n",
            self.file.display()
        ));
        let connections = serve(&listener, &target, || session.ui().interrupted())
            .map_err(|error| fail("cannot serve", error))?;
        // What it leads to is no more.
        let _ = std::fs::remove_file(&self.file);
        Ok(Served { address, file: self.file, connections })
    }
}

/// Passes every connection on until `ended`; how many there were.
fn serve(
    listener: &TcpListener,
    target: &Remote,
    mut ended: impl FnMut() -> bool,
) -> io::Result<usize> {
    listener.set_nonblocking(true)?;
    let open: Arc<Mutex<Vec<TcpStream>>> = Arc::default();
    let mut connections = 0;
    while !ended() {
        match listener.accept() {
            Ok((client, _)) => {
                connections += 1;
                client.set_nonblocking(false)?;
                // A Backup HSM that is gone is the other machine's to see: its connection ends.
                if let Ok(device) = TcpStream::connect((&*target.host, target.port)) {
                    let mut open = open.lock().unwrap_or_else(PoisonError::into_inner);
                    open.extend([client.try_clone()?, device.try_clone()?]);
                    pass_on(client.try_clone()?, device.try_clone()?);
                    pass_on(device, client);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                std::thread::sleep(POLL_INTERVAL);
            }
            Err(error) => return Err(error),
        }
    }
    for stream in open.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        // The other side may have ended it already.
        let _ = stream.shutdown(Shutdown::Both);
    }
    Ok(connections)
}

fn pass_on(mut from: TcpStream, mut to: TcpStream) {
    std::thread::spawn(move || {
        // Either end may break off at any time; the end is passed on, too.
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn what_comes_is_passed_on_until_the_end() {
        let device = TcpListener::bind("127.0.0.1:0").unwrap();
        let service = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = service.local_addr().unwrap();
        let target = Remote {
            host: "127.0.0.1".into(),
            port: device.local_addr().unwrap().port(),
            fingerprint: String::new(),
            key: Secret::default(),
        };
        let (end, ended) = mpsc::channel::<()>();
        let served = std::thread::spawn(move || {
            serve(&service, &target, || ended.try_recv().is_ok()).unwrap()
        });
        let mut client = TcpStream::connect(at).unwrap();
        client.write_all(b"question").unwrap();
        let (mut at_device, _) = device.accept().unwrap();
        let mut asked = [0; 8];
        at_device.read_exact(&mut asked).unwrap();
        assert_eq!(&asked, b"question");
        at_device.write_all(b"answer").unwrap();
        let mut answer = [0; 6];
        client.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"answer");
        end.send(()).unwrap();
        assert_eq!(served.join().unwrap(), 1);
        assert_eq!(client.read(&mut answer).unwrap(), 0, "the end is passed on");
    }
}
