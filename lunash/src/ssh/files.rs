//! Files that a command names and that are in the working directory: they are put among the account's
//! files before the command is sent, as over REST.

use std::path::Path;

use luna_grammar::Invocation;
use luna_shell::{Failure, first_certificate, has_private_key, replace_file};
use zeroize::Zeroizing;

use super::link::Asker;
use super::person::Person;
use super::process::Destination;
use super::{Wire, copy, no_wire};
use crate::files::{base_name, local, unreadable};
use crate::session::Session;

/// The commands that read one of the account's files, and the options that name it.
const READS: &[(&str, &[&str])] = &[
    ("hsm init", &["applytemplate"]),
    ("hsm fm load", &["fmFile", "certFile"]),
    ("hsm ped server register", &["certificate"]),
    ("hsm update capability", &["capability"]),
    ("partition init", &["applytemplate"]),
    ("partition policyTemplate import", &["filename"]),
    ("client addCA", &["filename"]),
    ("user role import", &["file"]),
    ("my public-key add", &["filename"]),
    ("audit log untarlogs", &["file"]),
    ("audit log verify", &["file"]),
    ("audit secret import", &["file"]),
    ("syslog remotehost cert install", &["filename"]),
    ("syslog remotehost cert installCA", &["filename"]),
    ("sysconf banner add", &["file"]),
    ("sysconf ntp autokeyAuth install", &["keyfile"]),
    ("sysconf ssh publickey add", &["filename"]),
    ("package update", &["package_file"]),
    ("package verify", &["package_file"]),
    ("token backup update capability", &["capability"]),
    ("cluster restore run", &["filename"]),
];

impl Session {
    /// Puts the local files that a line names; returns the line with their names on the appliance.
    pub(super) fn provide_over_ssh(
        &mut self,
        invocation: &Invocation<'_>,
        line: Zeroizing<String>,
    ) -> Result<Zeroizing<String>, Failure> {
        if invocation.path() == "client register" {
            let of = invocation.value("hostname").or_else(|| invocation.value("ip"));
            let file = format!("{}.pem", of.unwrap_or_default());
            if let Some(content) = local(&file)? {
                let certificate = first_certificate(&file, &content)?;
                self.put(&file, certificate.as_bytes())?;
                self.ui().note(format!("note: uploaded {file} from the working directory"));
            }
            return Ok(line);
        }
        let options = READS.iter().find(|(path, _)| *path == invocation.path());
        let mut line = line;
        for option in options.map(|(_, options)| *options).unwrap_or_default() {
            let Some(file) = invocation.value(option) else { continue };
            let Some(content) = local(&file)? else { continue };
            let name = base_name(&file);
            if has_private_key(&content) {
                return Err(Failure::refused(format!(
                    "'{file}' holds a private key, which the appliance does not need: nothing was sent."
                )));
            }
            self.put(&name, &content)?;
            self.ui().note(format!("note: uploaded {file} from the working directory"));
            if name != file {
                line = Zeroizing::new(line.replace(&file, &name));
            }
        }
        Ok(line)
    }

    /// Puts a file of this machine among the account's files.
    ///
    /// # Errors
    /// It cannot be read, or the appliance refuses it.
    pub fn put_file(&mut self, file: &str) -> Result<String, Failure> {
        let content = local(file)?.ok_or_else(|| unreadable(file, "there is no such file"))?;
        let name = base_name(file);
        self.put(&name, &content)?;
        Ok(name)
    }

    fn put(&mut self, name: &str, content: &[u8]) -> Result<(), Failure> {
        if self.client().is_absent() || self.ssh_is_taken() {
            return self.copying(|to, asker| copy::put(to, name, content, asker));
        }
        let user = self.connection().user.clone();
        let put = self.client().upload(&user, name, content.to_vec());
        put.map_err(crate::refusals::refused)
    }

    /// Gets one of the account's files into the working directory.
    ///
    /// # Errors
    /// There is none of that name, or it cannot be written here.
    pub fn get_file(&mut self, name: &str) -> Result<String, Failure> {
        let content = if self.client().is_absent() {
            self.copying(|to, asker| copy::get(to, name, asker))?
        } else {
            let user = self.connection().user.clone();
            self.client().download(&user, name).map_err(crate::refusals::refused)?
        };
        let here = base_name(name);
        replace_file(Path::new(&here), &content)
            .map_err(|error| Failure::command(format!("{here} cannot be written ({error}).")))?;
        Ok(here)
    }

    fn copying<T>(
        &mut self,
        copy: impl FnOnce(&Destination, &mut dyn Asker) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let Some(Wire { link, login, user, .. }) = &mut self.ssh else { return Err(no_wire()) };
        let to = link.get_mut().to.clone();
        login.begin();
        let mut person = Person::new(&mut self.ui, login, (user, &to.host), "");
        copy(&to, &mut person).map_err(|failure| login.explain(failure))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_that_read_files_exist_and_have_these_options() {
        let catalogue = crate::catalogue();
        for (path, options) in READS {
            let command = catalogue.commands.iter().find(|command| command.path() == *path);
            let syntax = command.unwrap().syntax.to_lowercase();
            for option in *options {
                assert!(syntax.contains(&option.to_lowercase()), "{path} {option}");
            }
        }
    }
}
