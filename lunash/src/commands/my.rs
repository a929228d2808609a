//! `my`: files and password of the account that is logged in; `keys.rs` has its SSH keys.

pub(super) mod keys;

pub(super) use keys::{Keys, public_key};

use luna_rest::{time, users};

use crate::commands::user::PasswordSet;
use crate::prelude::*;
use crate::{dates, passwords};

pub(super) const MENUS: &[Menu] = &[
    Menu { path: "my", help: "Your own files, password and SSH keys" },
    Menu { path: "my file", help: "Your files on the appliance" },
    Menu { path: "my password", help: "Your password" },
    Menu { path: "my password expiry", help: "When your password expires" },
];

pub(super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "my file clear [-force|-f]",
        help: "Delete all your files",
        options: &[],
        roles: Role::ANY,
        rest: &[users::CLEAR_FILES.resource()],
        known: Known::Documented("lunash/commands/my/my_file_clear.htm@7.2"),
        run: call::<FileClear>(),
    },
    Command {
        syntax: "my file delete <filename>",
        help: "Delete one of your files",
        options: &[],
        roles: Role::ANY,
        rest: &[users::DELETE_FILE.resource()],
        known: Known::Documented("lunash/commands/my/my_file_delete.htm@7.2"),
        run: call::<FileDelete>(),
    },
    Command {
        syntax: "my file list",
        help: "List your files",
        options: &[],
        roles: Role::ANY,
        rest: &[users::FILES.resource(), users::FILE.resource()],
        known: Known::Documented("lunash/commands/my/my_file_list.htm@7.2"),
        run: call::<FileList>(),
    },
    Command {
        syntax: "my password expiry show",
        help: "Show when your password expires",
        options: &[],
        roles: Role::ANY,
        rest: &[users::SHOW.resource(), time::SHOW.resource()],
        known: Known::Documented("lunash/commands/my/my_password_expiry_show.htm@7.2"),
        run: call::<Expiry>(),
    },
    Command {
        syntax: "my password set",
        help: "Change your password",
        options: &[],
        roles: Role::ANY,
        rest: &[users::PASSWORD_RULES.resource(), users::ACT.resource()],
        known: Known::Documented("lunash/commands/user/user_password.htm"),
        run: call::<PasswordSetOwn>(),
    },
];

/// Asks whether to delete all of something, and returns what the product says of the deletion.
fn confirm(
    session: &mut Session,
    force: bool,
    (done, what): (&'static str, &str),
) -> Result<Told, Failure> {
    if force {
        return Ok(Told::silent(done));
    }
    session.confirm(
        false,
        &format!(
            "WARNING !!  This command will delete all {what}.\n\
             If you are sure that you wish to proceed, then enter 'proceed', otherwise this command \
             will abort.\n\n> "
        ),
    )?;
    Ok(Told::new(done, "Proceeding..."))
}

#[derive(Deserialize)]
struct FileClear {
    force: bool,
}

impl Run<Session> for FileClear {
    type View = Told;

    fn run(self, session: &mut Session) -> Result<Told, Failure> {
        let told = confirm(session, self.force, ("my file clear", "user files"))?;
        let user = session.connection().user.clone();
        session.call(&users::CLEAR_FILES, &[&user], &Nothing {})?;
        Ok(told)
    }
}

#[derive(Deserialize)]
struct FileDelete {
    filename: String,
}

impl Run<Session> for FileDelete {
    type View = Told;

    fn run(self, session: &mut Session) -> Result<Told, Failure> {
        let user = session.connection().user.clone();
        let ids = &[user.as_str(), self.filename.as_str()];
        session.call(&users::DELETE_FILE, ids, &Nothing {})?;
        Ok(Told::new("my file delete", ""))
    }
}

#[derive(Deserialize)]
struct FileList {}

/// The files of an account.
#[derive(Serialize)]
struct Files {
    files: Vec<File>,
}

/// A file.
#[derive(Serialize)]
struct File {
    name: String,
    size: u64,
    updated: String,
}

impl Run<Session> for FileList {
    type View = Files;

    fn run(self, session: &mut Session) -> Result<Files, Failure> {
        let user = session.connection().user.clone();
        let mut files = Vec::new();
        for entry in session.get(&users::FILES, &[&user])?.files {
            let file = session.get(&users::FILE, &[&user, &entry.id])?;
            files.push(File { name: entry.id, size: file.size, updated: file.last_updated });
        }
        // Newest first, as the page has them.
        files.sort_by(|one, other| other.updated.cmp(&one.updated));
        Ok(Files { files })
    }
}

/// That sizes are as wide as the widest is assumed, as is what is said of no files.
impl Text for Files {
    fn write(&self, page: &mut Page) {
        if self.files.is_empty() {
            page.line("There are no files.");
        }
        let digits = |file: &File| file.size.to_string().len();
        let width = self.files.iter().map(digits).max().unwrap_or(0);
        for File { name, size, updated } in &self.files {
            let updated = dates::without_year(updated);
            page.field(&format!("{size:>width$} {updated} "), 0, name);
        }
    }
}

#[derive(Deserialize)]
struct Expiry {}

/// The age of a password.
#[derive(Serialize)]
struct Age {
    user: String,
    last_changed: String,
    /// None while passwords do not expire.
    days_remaining: Option<i64>,
    /// Where the appliance is; empty while passwords do not expire.
    #[serde(skip)]
    today: String,
}

impl Run<Session> for Expiry {
    type View = Age;

    fn run(self, session: &mut Session) -> Result<Age, Failure> {
        let user = session.connection().user.clone();
        let shown = session.get(&users::SHOW, &[&user])?;
        let days_remaining = shown.password_expiry_days_remaining;
        let today = match days_remaining {
            Some(_) => session.get(&time::SHOW, &[])?.date,
            None => String::new(),
        };
        Ok(Age { user, last_changed: shown.password_last_changed, days_remaining, today })
    }
}

impl Text for Age {
    fn write(&self, page: &mut Page) {
        let expires = match self.days_remaining {
            None => "never".to_owned(),
            Some(days) => dates::date(&self.today, days),
        };
        page.blank();
        let changed = dates::date(&self.last_changed, 0);
        page.field(&format!("{:<56}: ", "Last password change"), 0, changed);
        page.field(&format!("{:<56}: ", "Password expires"), 0, expires);
        page.blank();
    }
}

#[derive(Deserialize)]
struct PasswordSetOwn {}

impl Run<Session> for PasswordSetOwn {
    type View = PasswordSet;

    fn run(self, session: &mut Session) -> Result<PasswordSet, Failure> {
        let user = session.connection().user.clone();
        let minimum = passwords::minimum(session);
        let new = passwords::choose(session, &user, minimum)?;
        passwords::set(session, &user, &new)?;
        Ok(PasswordSet { user })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use luna_shell::View;

    /// From the product's page of `my file list`.
    #[test]
    fn files_are_listed_in_the_layout_of_the_product() {
        let file = |(name, size, updated): (&str, u64, &str)| File {
            name: name.to_owned(),
            size,
            updated: updated.to_owned(),
        };
        let files = [
            ("supportInfo.txt", 217_811, "2017-02-27 15:28:00"),
            ("DAKCertRequest.bin", 681, "2017-02-27 12:03:00"),
        ];
        assert_eq!(
            Files { files: files.map(file).into() }.text(),
            "217811 Feb 27 15:28 supportInfo.txt\n   681 Feb 27 12:03 DAKCertRequest.bin\n"
        );
    }

    /// From the product's page of `my password expiry show`.
    #[test]
    fn the_age_of_a_password_is_shown_in_the_layout_of_the_product() {
        let mut age = Age {
            user: "admin".to_owned(),
            last_changed: "2017-02-27".to_owned(),
            days_remaining: None,
            today: String::new(),
        };
        assert_eq!(
            age.text(),
            "
Last password change                                    : Feb 27, 2017
Password expires                                        : never

"
        );
        (age.days_remaining, age.today) = (Some(30), "2017-03-01".to_owned());
        assert!(age.text().contains(" : Mar 31, 2017\n"));
    }
}
