//! The protocol of scp before OpenSSH 9, `scp -t` and `scp -f`: files into and out of the account's folder.
//!
//! Source: the protocol has no document; it is that of OpenSSH's scp.c as clients speak it.

use std::sync::Arc;
use std::time::Duration;

use russh::server::Msg;
use russh::{ChannelReadHalf, ChannelWriteHalf};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::ssh_door::files::{Entry, Files, LARGEST, Refusal, is_name, name_of};
use crate::ssh_door::shell::Control;
use crate::ssh_door::visitor::Task;

/// How long the other side may be silent.
const PATIENCE: Duration = Duration::from_secs(120);
/// The longest line of the protocol.
const LINE: usize = 4096;

/// What a command of scp asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// To take files: under this name, or under their own in the folder.
    Sink { target: String },
    /// To send files, with their times if `times`.
    Source { names: Vec<String>, times: bool },
}

impl Asked {
    /// Reads the command line; none if it is no such command.
    pub(super) fn of(line: &str) -> Option<Asked> {
        let mut words = words(line);
        let mut given = words.drain(..);
        if given.next()? != "scp" {
            return None;
        }
        let (mut flags, mut names, mut paths) = (String::new(), Vec::new(), false);
        for word in given {
            match word.strip_prefix('-') {
                Some("-") if !paths => paths = true,
                Some(letters) if !paths && !letters.is_empty() => flags.push_str(letters),
                _ => {
                    paths = true;
                    names.push(word);
                }
            }
        }
        if flags.contains('t') {
            // One target: what looks like several is a name with blanks that nobody has quoted.
            return Some(Asked::Sink { target: names.join(" ") });
        }
        flags.contains('f').then(|| Asked::Source { names, times: flags.contains('p') })
    }
}

/// The words of a command line as a shell reads them, without anything that a shell would do.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word) = (Vec::new(), None::<String>);
    let mut quote = None;
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (Some('\''), _) => word.get_or_insert_default().push(letter),
            (_, '\\') => word.get_or_insert_default().extend(letters.next()),
            (None, '\'' | '"') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, _) if letter.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

/// Whether a name fits a pattern with `*` and `?`.
fn fits(pattern: &str, name: &str) -> bool {
    let mut rest = pattern.chars();
    match rest.next() {
        None => name.is_empty(),
        Some('*') => {
            let rest = rest.as_str();
            name.char_indices().any(|(at, _)| fits(rest, &name[at..])) || fits(rest, "")
        }
        Some(letter) => {
            let mut others = name.chars();
            others.next().is_some_and(|other| letter == '?' || letter == other)
                && fits(rest.as_str(), others.as_str())
        }
    }
}

/// Why a copy ended early: nobody is there any more, or does not speak the protocol.
#[derive(Debug)]
struct Gone;

impl From<std::io::Error> for Gone {
    fn from(_: std::io::Error) -> Gone {
        Gone
    }
}

/// Takes or sends files on a channel.
pub(super) fn run(task: Task, asked: Asked) -> Control {
    let (control, running) = Control::of_files();
    tokio::spawn(async move {
        let Task { person, channel, .. } = task;
        let (mut read, write) = channel.split();
        let place = Arc::clone(&person.door.files).acquire_owned().await;
        let files = Files(person);
        let done = serve(&files, &asked, &mut read, &write).await;
        drop(place);
        drop(running);
        let _ = write.exit_status(u32::from(!matches!(done, Ok(true)))).await;
        let _ = write.eof().await;
        let _ = write.close().await;
    });
    control
}

async fn serve(
    files: &Files,
    asked: &Asked,
    read: &mut ChannelReadHalf,
    write: &ChannelWriteHalf<Msg>,
) -> Result<bool, Gone> {
    let mut line = Line { read: read.make_reader(), write: write.make_writer() };
    match asked {
        Asked::Sink { target } => line.take(files, target).await,
        Asked::Source { names, times } => line.send(files, names, *times).await,
    }
}

/// The two ends of a copy.
struct Line<R, W> {
    read: R,
    write: W,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Line<R, W> {
    async fn byte(&mut self) -> Result<u8, Gone> {
        let byte = tokio::time::timeout(PATIENCE, self.read.read_u8());
        byte.await.map_err(|_| Gone)?.map_err(|_| Gone)
    }

    /// A line without its end.
    async fn text(&mut self) -> Result<String, Gone> {
        let mut bytes = Vec::new();
        loop {
            match self.byte().await? {
                b'\n' => return String::from_utf8(bytes).map_err(|_| Gone),
                _ if bytes.len() >= LINE => return Err(Gone),
                byte => bytes.push(byte),
            }
        }
    }

    async fn say(&mut self, bytes: &[u8]) -> Result<(), Gone> {
        self.write.write_all(bytes).await?;
        Ok(self.write.flush().await?)
    }

    async fn accept(&mut self) -> Result<(), Gone> {
        self.say(&[0]).await
    }

    async fn refuse(&mut self, name: &str, why: &Refusal) -> Result<(), Gone> {
        let name: String = name.chars().filter(|c| !c.is_control()).collect();
        let colon = if name.is_empty() { "" } else { ": " };
        self.say(format!("\u{1}scp: {name}{colon}{why}\n").as_bytes()).await
    }

    /// Whether the other side is content with what it got; its complaint is its own business.
    async fn content(&mut self) -> Result<bool, Gone> {
        match self.byte().await? {
            0 => Ok(true),
            1 => {
                self.text().await?;
                Ok(false)
            }
            _ => Err(Gone),
        }
    }

    /// Takes files until the other side has no more; whether all of them were kept.
    async fn take(&mut self, files: &Files, target: &str) -> Result<bool, Gone> {
        let name = match name_of(target) {
            Ok(name) => name,
            Err(why) => {
                self.refuse(target, &why).await?;
                return Ok(false);
            }
        };
        self.accept().await?;
        let mut good = true;
        loop {
            let kind = match self.read.read_u8().await {
                Ok(kind) => kind,
                Err(_) => return Ok(good),
            };
            let text = self.text().await?;
            match kind {
                b'C' => match announced(&text) {
                    Ok((size, own)) => {
                        let kept = self.take_one(files, name.unwrap_or(own), size).await?;
                        good &= kept;
                    }
                    Err((name, why)) => {
                        self.refuse(name, &why).await?;
                        good = false;
                    }
                },
                // Times are the appliance's own.
                b'T' => self.accept().await?,
                b'D' => {
                    let why = Refusal::Other("there are no folders here".to_owned());
                    self.refuse(text.rsplit(' ').next().unwrap_or_default(), &why).await?;
                    return Ok(false);
                }
                b'E' => self.accept().await?,
                // A complaint of the other side, which goes on with its next file.
                1 => good = false,
                _ => return Err(Gone),
            }
        }
    }

    async fn take_one(&mut self, files: &Files, name: &str, size: u64) -> Result<bool, Gone> {
        self.accept().await?;
        let mut content = Vec::new();
        while (content.len() as u64) < size {
            let left = size - content.len() as u64;
            let mut piece = (&mut self.read).take(left.min(1 << 20));
            let read = tokio::time::timeout(PATIENCE, piece.read_to_end(&mut content)).await;
            if read.map_err(|_| Gone)?? == 0 {
                return Err(Gone);
            }
        }
        // Whether it could read all of it.
        if !self.content().await? {
            return Ok(false);
        }
        match files.write(name, content).await {
            Ok(()) => {
                self.accept().await?;
                Ok(true)
            }
            Err(why) => {
                self.refuse(name, &why).await?;
                Ok(false)
            }
        }
    }

    /// Sends files; whether all of them were there and taken.
    async fn send(&mut self, files: &Files, names: &[String], times: bool) -> Result<bool, Gone> {
        if !self.content().await? {
            return Ok(false);
        }
        let (found, mut good) = self.find_all(files, names).await?;
        for entry in found {
            let content = match files.read(&entry.name).await {
                Ok(content) => content,
                Err(why) => {
                    self.refuse(&entry.name, &why).await?;
                    good = false;
                    continue;
                }
            };
            if times {
                let time = entry.updated;
                self.say(format!("T{time} 0 {time} 0\n").as_bytes()).await?;
                if !self.content().await? {
                    return Ok(false);
                }
            }
            let (length, name) = (content.len(), &entry.name);
            self.say(format!("C0644 {length} {name}\n").as_bytes()).await?;
            if !self.content().await? {
                good = false;
                continue;
            }
            self.write.write_all(&content).await?;
            self.accept().await?;
            good &= self.content().await?;
        }
        Ok(good)
    }

    async fn find_all(
        &mut self,
        files: &Files,
        names: &[String],
    ) -> Result<(Vec<Entry>, bool), Gone> {
        let (mut found, mut good) = (Vec::new(), true);
        for path in names {
            let why = match name_of(path) {
                Err(why) => why,
                Ok(None) => Refusal::Other("not a regular file".to_owned()),
                Ok(Some(name)) if name.contains(['*', '?']) => {
                    let all = files.list().await.unwrap_or_default();
                    let before = found.len();
                    found.extend(all.into_iter().filter(|entry| fits(name, &entry.name)));
                    if found.len() > before {
                        continue;
                    }
                    Refusal::NoFile
                }
                Ok(Some(name)) => match files.find(name).await {
                    Ok(entry) => {
                        found.push(entry);
                        continue;
                    }
                    Err(why) => why,
                },
            };
            // A name with blanks that nobody has quoted.
            if let Ok(entry) = files.find(&names.join(" ")).await {
                return Ok((vec![entry], true));
            }
            self.refuse(path, &why).await?;
            good = false;
        }
        Ok((found, good))
    }
}

/// Size and name of a file in the line `C0644 12 name`, without its first letter.
fn announced(text: &str) -> Result<(u64, &str), (&str, Refusal)> {
    let other = |why: &str| Refusal::Other(why.to_owned());
    let mut parts = text.splitn(3, ' ');
    let (_, size, name) = (parts.next(), parts.next(), parts.next().unwrap_or_default());
    let size = size.and_then(|size| size.parse::<u64>().ok());
    let size = size.ok_or_else(|| (name, other("size not delimited")))?;
    if !is_name(name) {
        return Err((name, other("unexpected filename")));
    }
    if size > LARGEST {
        return Err((name, other("File too large")));
    }
    Ok((size, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read_as_clients_write_them() {
        let sink = |target: &str| Some(Asked::Sink { target: target.to_owned() });
        let source = |names: &[&str], times| {
            let names = names.iter().map(|name| (*name).to_owned()).collect();
            Some(Asked::Source { names, times })
        };
        for (line, asked) in [
            ("scp -t .", sink(".")),
            ("scp -t", sink("")),
            ("scp -v -p -d -t -- .", sink(".")),
            ("scp -t 'a b.pem'", sink("a b.pem")),
            ("scp -t a\\ b.pem", sink("a b.pem")),
            ("scp -t a b.pem", sink("a b.pem")),
            ("scp -f server.pem", source(&["server.pem"], false)),
            ("scp -pf \"a b\" c", source(&["a b", "c"], true)),
            ("scp -f -- -odd", source(&["-odd"], false)),
            ("scp server.pem", None),
            ("scpx -t .", None),
            ("client list", None),
            ("", None),
        ] {
            assert_eq!(Asked::of(line), asked, "{line}");
        }
    }

    #[test]
    fn patterns_fit_names() {
        for (pattern, name, good) in [
            ("*.pem", "server.pem", true),
            ("*", "", true),
            ("s?rver*", "server.pem", true),
            ("*.pem", "server.pen", false),
            ("?", "", false),
        ] {
            assert_eq!(fits(pattern, name), good, "{pattern} {name}");
        }
    }

    #[test]
    fn a_file_is_announced_by_a_plain_name_and_a_bearable_size() {
        assert_eq!(announced("0644 12 a b.pem").unwrap(), (12, "a b.pem"));
        for text in [
            "0644 12 ../x",
            "0644 12 ..",
            "0644 12 \u{1b}[2J",
            "0644 12",
            "0644 x y",
            "0644 99999999999 y",
            "",
        ] {
            assert!(announced(text).is_err(), "{text}");
        }
    }
}
