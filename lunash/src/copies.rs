//! `lunash put FILE…` and `lunash get NAME…`: files to and from the account's files on the appliance, without a
//! command. Before other words they are the options `--put` and `--get`.

use luna_shell::{Device, Failure, Kind, Options, Page, Status, Text, View, quoted, write_result};
use serde::Serialize;

use crate::session::Session;
use crate::ssh::WireOptions;

/// What is to be copied.
pub struct Copies {
    put: Vec<String>,
    get: Vec<String>,
}

/// What was copied, by its name at the other end.
#[derive(Serialize)]
struct Copied {
    put: Vec<String>,
    got: Vec<String>,
}

impl Text for Copied {
    fn write(&self, page: &mut Page) {
        self.put.iter().for_each(|name| page.line(format!("{name} is among the account's files")));
        self.got.iter().for_each(|name| page.line(format!("{name} is in the working directory")));
    }
}

impl Copies {
    /// What the arguments ask for, if it is this.
    pub fn asked_for(wire: &WireOptions, options: &Options) -> Option<Copies> {
        let put = wire.put.iter().map(|file| file.to_string_lossy().into_owned()).collect();
        let mut copies = Copies { put, get: wire.get.clone() };
        // No command of the appliance begins with these words.
        match &options.words[..] {
            [word, files @ ..] if word == "put" => copies.put.extend_from_slice(files),
            [word, names @ ..] if word == "get" => copies.get.extend_from_slice(names),
            _ => {}
        }
        (!copies.put.is_empty() || !copies.get.is_empty()).then_some(copies)
    }

    /// Copies the files, up to the first that cannot be copied.
    pub fn run(
        self,
        device: Box<dyn Device>,
        options: &Options,
        open: impl FnOnce(Box<dyn Device>, &Options) -> Result<Session, (Box<dyn Device>, Failure)>,
    ) -> Status {
        let beginning = match &options.command[..] {
            [] => luna_shell::recorded("lunash", device, options),
            _ => {
                let why = "'put' and 'get' copy files and run no commands of -c: nothing was done.";
                Err((device, Failure::new(Kind::NotUnderstood, why)))
            }
        };
        let device = match beginning {
            Ok(device) => device,
            Err((mut device, failure)) => {
                return write_result("lunash", &mut *device, options.output, Err(failure));
            }
        };
        let (mut device, done) = match open(device, options) {
            Ok(mut session) => {
                let place = luna_shell::place_of(session.connection());
                session.ui().tell_copies(&place, &self.words());
                let done = self.copy(&mut session);
                (session.into_device(), done)
            }
            Err((device, failure)) => (device, Err(failure)),
        };
        let done = done.map(|copied| Box::new(copied) as Box<dyn View>);
        let status = write_result("lunash", &mut *device, options.output, done);
        luna_shell::finish("lunash", &mut *device, status)
    }

    /// What is copied, as words of the program.
    fn words(&self) -> String {
        let words = |word: &str, names: &[String]| match names {
            [] => String::new(),
            names => names.iter().fold(word.to_owned(), |words, name| words + " " + &quoted(name)),
        };
        let both = [words("put", &self.put), words("get", &self.get)];
        both.iter().filter(|words| !words.is_empty()).cloned().collect::<Vec<_>>().join(" ")
    }

    fn copy(self, session: &mut Session) -> Result<Copied, Failure> {
        let put = self.put.iter().map(|file| session.put_file(file)).collect::<Result<_, _>>()?;
        let got = self.get.iter().map(|name| session.get_file(name)).collect::<Result<_, _>>()?;
        Ok(Copied { put, got })
    }
}
