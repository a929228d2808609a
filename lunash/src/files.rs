//! Files that the product expects to have been copied to the appliance beforehand.

use std::io::ErrorKind;
use std::path::Path;

use luna_rest::users;
use luna_shell::Failure;

use crate::session::Session;

/// Where a file was found.
pub(crate) enum Place {
    /// Among the user's files on the appliance.
    Appliance,
    /// In the working directory, with this content.
    Here(Vec<u8>),
}

impl Session {
    /// Finds the file `name`: among the user's files on the appliance, or else in the working
    /// directory. Uploads nothing; says which was taken.
    ///
    /// # Errors
    /// There is none in either place.
    pub(crate) fn locate(&mut self, name: &str) -> Result<Place, Failure> {
        let user = self.connection().user.clone();
        let files = match self.client().get(&users::FILES, &[&user]) {
            Ok(list) => list.files,
            // The role has keys and passwords, but no files: audit.
            Err(error) if error.id() == Some("FRAMEWORK_NO_ACL_RULE") => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        if files.iter().any(|file| file.id == name) {
            self.ui().note(format!("note: using {name} from {user}'s files on the appliance"));
            return Ok(Place::Appliance);
        }
        let content = read(Path::new(name), &user)?;
        self.ui().note(format!("note: using {name} from the working directory"));
        Ok(Place::Here(content))
    }

    /// Makes sure that `name` lies among the user's files on the appliance: it does already, or
    /// the file of that name in the working directory is uploaded. Says which was taken.
    ///
    /// # Errors
    /// There is none in either place, or the upload fails.
    pub fn provide(&mut self, name: &str) -> Result<(), Failure> {
        let user = self.connection().user.clone();
        let files = self.client().get(&users::FILES, &[&user])?.files;
        if files.iter().any(|file| file.id == name) {
            self.ui().note(format!("note: using {name} from {user}'s files on the appliance"));
            return Ok(());
        }
        self.upload(Path::new(name))
    }

    /// Uploads a file under its own name.
    ///
    /// # Errors
    /// It cannot be read, or the appliance refuses it.
    fn upload(&mut self, path: &Path) -> Result<(), Failure> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let user = self.connection().user.clone();
        let content = read(path, &user)?;
        self.client().upload(&user, &name, content)?;
        self.ui().note(format!("note: uploaded {} from the working directory", path.display()));
        Ok(())
    }
}

/// Reads a file that is not among the user's files on the appliance.
fn read(path: &Path, user: &str) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| {
        let place = match error.kind() {
            ErrorKind::NotFound => "nor in the working directory".to_owned(),
            _ => format!("nor can it be read in the working directory ({error})"),
        };
        let name = path.display();
        Failure::command(format!(
            "The file '{name}' is neither among {user}'s files on the appliance {place}."
        ))
    })
}
