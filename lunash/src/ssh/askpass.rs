//! How the system's ssh gets its answers: it starts this program again as its SSH_ASKPASS, and that
//! asks the first one over a socket that nobody else can reach.
//!
//! Thus no password is in an argument list, an environment or a file.

use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::parent_id;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Duration;

use zeroize::Zeroizing;

/// Where the socket is, for the program that ssh starts.
const SOCKET: &str = "LUNASH_ASKPASS";

/// How long one end waits for the other to say what it has to say at once.
const PATIENCE: Duration = Duration::from_secs(5);

/// Answers a question of ssh, if this process was started for that.
pub fn answer_if_asked() -> Option<ExitCode> {
    let socket = std::env::var_os(SOCKET)?;
    let question = std::env::args().nth(1).unwrap_or_default();
    let answered = hand_on(&PathBuf::from(socket), &question);
    Some(if answered.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn hand_on(socket: &std::path::Path, question: &str) -> io::Result<()> {
    let mut stream = UnixStream::connect(socket)?;
    let notice = std::env::var("SSH_ASKPASS_PROMPT").is_ok_and(|kind| kind == "none");
    write!(stream, "{}\n{}\n{question}", parent_id(), u8::from(notice))?;
    stream.shutdown(std::net::Shutdown::Write)?;
    let mut answer = Zeroizing::new(Vec::new());
    stream.read_to_end(&mut answer)?;
    let Some((b'+', answer)) = answer.split_first() else {
        return Err(io::ErrorKind::PermissionDenied.into());
    };
    let mut output = io::stdout();
    output.write_all(answer)?;
    output.write_all(b"\n")?;
    output.flush()
}

/// The socket at which the questions of one ssh arrive.
pub(crate) struct Askpass {
    pub(crate) listener: UnixListener,
    /// Only its owner can enter it.
    folder: tempfile::TempDir,
}

/// A question of ssh.
pub(crate) struct Asking {
    /// The process that asks: ssh itself, or one that it has started for a jump host.
    pub(crate) by: u32,
    /// Whether it only tells something, such as that a key waits to be touched.
    pub(crate) notice: bool,
    pub(crate) text: String,
    stream: UnixStream,
}

impl Askpass {
    pub(crate) fn open() -> io::Result<Askpass> {
        let folder = tempfile::Builder::new().prefix("lunash-").tempdir()?;
        let listener = UnixListener::bind(folder.path().join("ask"))?;
        Ok(Askpass { listener, folder })
    }

    /// Lets a program find it.
    pub(crate) fn serve(&self, program: &mut Command) -> io::Result<()> {
        program
            .env("SSH_ASKPASS", std::env::current_exe()?)
            .env("SSH_ASKPASS_REQUIRE", "force")
            .env(SOCKET, self.folder.path().join("ask"));
        Ok(())
    }

    /// The question that has arrived.
    pub(crate) fn accept(&self) -> io::Result<Asking> {
        let (mut stream, _) = self.listener.accept()?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut asked = String::new();
        stream.read_to_string(&mut asked)?;
        let mut parts = asked.splitn(3, '\n');
        let mut part = || parts.next().ok_or(io::ErrorKind::InvalidData);
        let by = part()?.parse().map_err(|_| io::ErrorKind::InvalidData)?;
        let notice = part()? == "1";
        Ok(Asking { by, notice, text: part()?.to_owned(), stream })
    }
}

impl Asking {
    /// Answers it. Without an answer it is refused as soon as this is dropped.
    pub(crate) fn answer(mut self, answer: &str) -> io::Result<()> {
        self.stream.set_write_timeout(Some(PATIENCE))?;
        self.stream.write_all(b"+")?;
        self.stream.write_all(answer.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_arrives_with_who_asks_and_its_answer_goes_back() {
        let askpass = Askpass::open().unwrap();
        let socket = askpass.folder.path().join("ask");
        let asks = std::thread::spawn(move || {
            let mut stream = UnixStream::connect(socket).unwrap();
            stream.write_all(b"42\n0\nadmin@hsm1's\npassword: ").unwrap();
            stream.shutdown(std::net::Shutdown::Write).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer
        });
        let asking = askpass.accept().unwrap();
        assert_eq!((asking.by, asking.notice), (42, false));
        assert_eq!(asking.text, "admin@hsm1's\npassword: ");
        asking.answer("S3cret").unwrap();
        assert_eq!(asks.join().unwrap(), "+S3cret");
    }
}
