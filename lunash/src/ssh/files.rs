//! Files that a command names and that are in the working directory: they are put among the account's
//! files before the command is sent, as over REST.

use std::path::Path;

use luna_grammar::Invocation;
use luna_shell::{Failure, first_certificate, has_private_key, replace_file};
use zeroize::Zeroizing;

use super::link::Asker;
use super::person::Person;
use super::process::Destination;
use super::{Wire, copy, lock, no_wire};
use crate::files::{base_name, local, unreadable};
use crate::session::Session;

/// The commands whose file is written or deleted, or is one of the audit log.
const NOT_READ: [&str; 4] =
    ["audit log tail", "hsm showPolicies", "my file delete", "package deletefile"];

/// Whether a command reads one of the account's files where this placeholder stands.
fn reads(path: &str, placeholder: &str) -> bool {
    match placeholder {
        "filename" | "logfilename" | "package_file" => !NOT_READ.contains(&path),
        // It may be the name of a file there.
        "template_name" => path == "partition init",
        _ => false,
    }
}

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
        let mut line = line;
        let given = invocation.values_by_placeholder();
        for (_, file) in given.filter(|(name, _)| reads(invocation.path(), name)) {
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

    pub(crate) fn put(&mut self, name: &str, content: &[u8]) -> Result<(), Failure> {
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
        let to = lock(link).to.clone();
        login.begin();
        let mut person = Person::new(&mut self.ui, login, (user, &to.host), "");
        copy(&to, &mut person).map_err(|failure| login.explain(failure))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_read_the_files_that_are_declared_but_those_they_write() {
        let catalogue = crate::catalogue();
        let names_file = |syntax: &str| syntax.contains("<filename>") || syntax.contains("_file>");
        let (mut read, mut not_read) = (0, 0);
        for command in catalogue.commands.iter().filter(|command| names_file(command.syntax)) {
            match reads(&command.path(), "filename") {
                true => read += 1,
                false => not_read += 1,
            }
        }
        assert_eq!(not_read, NOT_READ.len());
        assert!(read > not_read);
        for (path, placeholder) in
            [("partition init", "template_name"), ("audit log untarlogs", "logfilename")]
        {
            let command = catalogue.commands.iter().find(|command| command.path() == path);
            assert!(command.unwrap().syntax.contains(&format!("<{placeholder}>")), "{path}");
            assert!(reads(path, placeholder));
        }
        assert!(!reads("partition policyTemplate delete", "template_name"));
    }
}
