//! Files that commands name: in the working directory of this machine, or among the user's files on
//! the appliance.
//!
//! The product's own shell knows the latter only, where `scp` puts them. Here the operator has the
//! working directory in front of him, so a file in it is the one that is meant; a copy on the
//! appliance, which an earlier command may have left, does not hide it. The shell says which of the
//! two it takes. The login shell has no working directory to show: the machine is not its user's.

use std::io::ErrorKind;
use std::path::Path;

use luna_rest::{ErrorId, users};
use luna_shell::Failure;

use crate::refusals::refused;
use crate::session::Session;

/// Where a file was found.
pub(crate) enum FileSource {
    /// Among the user's files on the appliance.
    Appliance,
    /// On this machine, with this content.
    Local(Vec<u8>),
}

/// A file that was found, and nothing said of it yet.
pub(crate) struct Found {
    name: String,
    user: String,
    /// Whether the user has a file of this name on the appliance.
    on_appliance: bool,
    source: FileSource,
}

impl Found {
    /// Goes on with a part only of what was read on this machine.
    ///
    /// # Errors
    /// Those of `part`.
    pub(crate) fn reduced(
        self,
        part: impl FnOnce(&str, &[u8]) -> Result<String, Failure>,
    ) -> Result<Found, Failure> {
        let source = match self.source {
            FileSource::Appliance => FileSource::Appliance,
            FileSource::Local(content) => {
                FileSource::Local(part(&self.name, &content)?.into_bytes())
            }
        };
        Ok(Found { source, ..self })
    }
}

impl Session {
    /// Finds the file `name` and says which was taken. Uploads nothing.
    ///
    /// # Errors
    /// There is none in either place, or the one on this machine cannot be read.
    pub(crate) fn find_file(&mut self, name: &str) -> Result<FileSource, Failure> {
        let Found { user, on_appliance, source, .. } = self.look_for(name)?;
        self.ui().note(match source {
            FileSource::Appliance => {
                format!("note: using {name} from {user}'s files on the appliance")
            }
            FileSource::Local(_) if on_appliance => format!(
                "note: using {name} from the working directory, not from {user}'s files on the \
                 appliance"
            ),
            FileSource::Local(_) => format!("note: using {name} from the working directory"),
        });
        Ok(source)
    }

    /// Makes sure that the file `name` is among the user's files on the appliance, as
    /// [`Session::upload`] does.
    ///
    /// # Errors
    /// There is none in either place, or the upload fails.
    pub(crate) fn provide(&mut self, name: &str) -> Result<String, Failure> {
        let found = self.look_for(name)?;
        self.upload(found)
    }

    /// Finds the file `name`, and says nothing of it.
    ///
    /// # Errors
    /// There is none in either place, or the one on this machine cannot be read.
    pub(crate) fn look_for(&self, name: &str) -> Result<Found, Failure> {
        let user = self.connection().user.clone();
        let files = match self.client().get(&users::FILES, &[&user]) {
            Ok(list) => list.files,
            // The role has keys and passwords, but no files: audit.
            Err(error) if error.id() == Some(ErrorId::FRAMEWORK_NO_ACL_RULE) => Vec::new(),
            Err(error) => return Err(refused(error)),
        };
        let remote = base_name(name);
        let on_appliance = files.iter().any(|file| file.id == remote);
        let source = match self.is_login_shell() {
            true if files.iter().any(|file| file.id == name) => FileSource::Appliance,
            true => {
                let text =
                    format!("The file '{name}' is not among {user}'s files on the appliance.");
                return Err(Failure::command(text));
            }
            false => read(name, &user, on_appliance)?,
        };
        Ok(Found { name: name.to_owned(), user, on_appliance, source })
    }

    /// Uploads a file of this machine, in place of any of that name that is there, and says so;
    /// returns its name on the appliance.
    ///
    /// # Errors
    /// The upload fails.
    pub(crate) fn upload(&mut self, found: Found) -> Result<String, Failure> {
        let Found { name, user, on_appliance, source } = found;
        let FileSource::Local(content) = source else {
            self.ui().note(format!("note: using {name} from {user}'s files on the appliance"));
            return Ok(name);
        };
        let remote = base_name(&name);
        self.client().upload(&user, &remote, content).map_err(refused)?;
        let replaced = match on_appliance {
            true => format!(", in place of the one among {user}'s files"),
            false => String::new(),
        };
        self.ui().note(format!("note: uploaded {name} from the working directory{replaced}"));
        Ok(remote)
    }
}

/// The content of a file of this machine; none if it is not there.
///
/// # Errors
/// It cannot be read.
pub(crate) fn local(name: &str) -> Result<Option<Vec<u8>>, Failure> {
    match std::fs::read(name) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable(name, error)),
    }
}

pub(crate) fn unreadable(name: &str, why: impl std::fmt::Display) -> Failure {
    Failure::command(format!("The file '{name}' in the working directory cannot be read ({why})."))
}

/// The name of a file without the folders before it.
pub(crate) fn base_name(name: &str) -> String {
    Path::new(name).file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Reads a file of this machine; if there is none, the appliance's is meant.
fn read(name: &str, user: &str, on_appliance: bool) -> Result<FileSource, Failure> {
    if let Some(content) = local(name)? {
        return Ok(FileSource::Local(content));
    }
    // A path means a file of this machine; the appliance's files have no folders.
    if on_appliance && base_name(name) == name {
        return Ok(FileSource::Appliance);
    }
    Err(Failure::command(format!(
        "The file '{name}' is neither among {user}'s files on the appliance nor in the working \
         directory."
    )))
}
