//! `package`: software packages of the appliance.

use luna_rest::packages::{self, UsePackage, Used};
use luna_rest::{hsm, partitions, users};

use crate::commands::hsm::require_so_login;
use crate::dates;
use crate::prelude::*;
use crate::questions::proceed;
use crate::refusals::refused_value;

pub(super) const MENUS: &[Menu] =
    &[Menu { path: "package", help: "Software packages of the appliance" }];

pub(super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "package deletefile <package_file>",
        help: "Delete a package file",
        options: &[("package_file", "A file that 'package listfile' shows")],
        roles: Role::OPERATOR,
        rest: &[packages::DELETE_FILE.resource()],
        known: Known::Documented("lunash/commands/package/package_deletefile.htm@7.2"),
        run: call::<DeleteFile>(),
    },
    Command {
        syntax: "package erase <package_name>",
        help: "Remove a package that was added to the appliance",
        options: &[("package_name", "A package of the list's part SOFTWARE")],
        roles: Role::OPERATOR,
        rest: &[packages::ERASE.resource()],
        known: Known::Documented(
            "lunash/commands/package/package_erase.htm@7.2; its output, which the page does not show, \
             is assumed",
        ),
        run: call::<Erase>(),
    },
    Command {
        syntax: "package list",
        help: "List the installed packages",
        options: &[],
        roles: Role::MONITOR,
        rest: &[packages::LIST.resource()],
        known: Known::Seen("lunash-package-list-5.1"),
        run: call::<List>(),
    },
    Command {
        syntax: "package listfile",
        help: "List the package files among your files",
        options: &[],
        roles: Role::MONITOR,
        rest: &[packages::FILES.resource(), users::FILE.resource()],
        known: Known::Documented("lunash/commands/package/package_listfile.htm@7.2"),
        run: call::<ListFile>(),
    },
    Command {
        syntax: "package update <package_file> [-authcode|-a <authcode>] [-des3|-d | -useevp|-u] [-force|-f]",
        help: "Install a package",
        options: &[
            ("package_file", "Package file, called *.spkg"),
            ("-authcode", "Authorization code that came with the package"),
            ("-des3", "Use the DES3 cipher of older packages"),
            ("-useevp", "Verify in software, without the HSM SO"),
        ],
        roles: Role::OPERATOR,
        rest: &[
            hsm::SHOW.resource(),
            partitions::LIST.resource(),
            partitions::SHOW.resource(),
            packages::LIST.resource(),
            users::FILES.resource(),
            packages::UPDATE.resource(),
        ],
        known: Known::Documented("lunash/commands/package/package_update.htm"),
        run: call::<Update>(),
    },
    Command {
        syntax: "package verify <package_file> [-authcode|-a <authcode>] [-des3|-d | -useevp|-u]",
        help: "Check a package file without installing it",
        options: &[
            ("package_file", "Package file, called *.spkg"),
            ("-authcode", "Authorization code that came with the package"),
            ("-des3", "Use the DES3 cipher of older packages"),
            ("-useevp", "Verify in software, without the HSM SO"),
        ],
        roles: Role::OPERATOR,
        rest: &[users::FILES.resource(), packages::UPDATE.resource()],
        known: Known::Documented("lunash/commands/package/package_verify.htm@7.2"),
        run: call::<Verify>(),
    },
];

#[derive(Deserialize)]
struct DeleteFile {
    package_file: String,
}

impl Run<Session> for DeleteFile {
    type View = Told;

    fn run(self, session: &mut Session) -> Result<Told, Failure> {
        let name = self.package_file;
        session
            .client()
            .call(&packages::DELETE_FILE, &[&name], &Nothing {})
            .map_err(|error| unusable(error, &name))?;
        Ok(Told::new("package deletefile", ""))
    }
}

#[derive(Deserialize)]
struct Erase {
    package_name: String,
}

impl Run<Session> for Erase {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let name = self.package_name;
        session
            .client()
            .call(&packages::ERASE, &[&name], &Nothing {})
            .map_err(|error| unusable(error, &name))?;
        Ok(Done { done: "package erase" })
    }
}

#[derive(Deserialize)]
struct List {}

/// The installed packages.
#[derive(Serialize)]
struct Installed {
    system: Vec<String>,
    software: Vec<String>,
}

impl Run<Session> for List {
    type View = Installed;

    fn run(self, session: &mut Session) -> Result<Installed, Failure> {
        let all = session.get(&packages::LIST, &[])?.packages;
        let (software, system): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|package| package.kind == "software");
        let ids = |list: Vec<packages::Package>| list.into_iter().map(|p| p.id).collect();
        Ok(Installed { system: ids(system), software: ids(software) })
    }
}

impl Text for Installed {
    fn write(&self, page: &mut Page) {
        for (part, list) in [("SYSTEM", &self.system), ("SOFTWARE", &self.software)] {
            if part == "SOFTWARE" {
                page.line("\n");
            }
            page.line(format!("RPM LIST ({part})\n-------------------"));
            for package in list {
                page.line(package);
            }
        }
    }
}

#[derive(Deserialize)]
struct ListFile {}

/// The package files of an account.
#[derive(Serialize)]
struct Files {
    files: Vec<String>,
    #[serde(skip)]
    details: Vec<users::File>,
}

impl Run<Session> for ListFile {
    type View = Files;

    fn run(self, session: &mut Session) -> Result<Files, Failure> {
        let files = session.get(&packages::FILES, &[])?.package_files;
        let user = session.connection().user.clone();
        let files: Vec<String> = files.into_iter().map(|file| file.id).collect();
        let details = files.iter().map(|name| session.get(&users::FILE, &[&user, name]));
        let details = details.collect::<Result<_, _>>()?;
        Ok(Files { files, details })
    }
}

impl Text for Files {
    fn write(&self, page: &mut Page) {
        if self.files.is_empty() {
            page.line("There are no package files.");
        }
        for (name, users::File { size, last_updated, .. }) in self.files.iter().zip(&self.details) {
            let updated = dates::with_year(last_updated);
            page.field(&format!("{size:>10}  {updated} "), 0, name);
        }
    }
}

#[derive(Deserialize)]
struct Update {
    package_file: String,
    authcode: Option<Secret>,
    des3: bool,
    useevp: bool,
    force: bool,
}

/// A package that was installed.
#[derive(Serialize)]
struct Updated {
    package: String,
    reboot: bool,
}

impl Run<Session> for Update {
    type View = Updated;

    fn run(self, session: &mut Session) -> Result<Updated, Failure> {
        let file = session.provide(&self.package_file)?;
        if !self.useevp {
            require_so_login(session)?;
        }
        let authcode = ask_authcode(session, self.authcode)?;
        if !self.force {
            let loss = partitions_lost(session, &file)?;
            // The end of the warning was not found.
            session.confirm(
                false,
                &format!(
                    "WARNING!!  Appliance software upgrade is a one-way operation: you \n\
                 cannot downgrade the appliance software once it has been upgraded.\n\
                 {loss}{}",
                    proceed("install the package")
                ),
            )?;
        }
        let body = body(&file, authcode, self.des3, self.useevp);
        let Used { id, reboot } = session
            .client()
            .call(&packages::UPDATE, &[], &body)
            .map_err(|error| unusable(error, &file))?;
        Ok(Updated { package: id, reboot })
    }
}

/// The authorization code of a package; the product takes it as an option only.
fn ask_authcode(session: &mut Session, given: Option<Secret>) -> Result<Secret, Failure> {
    session.ui().secret(
        given,
        Question {
            text: "  Please enter the authorization code of the package:\n  > ",
            again: None,
            variable: "AUTHCODE",
            option: "-authcode",
        },
    )
}

/// What the first installation of the cluster package takes away: access to V0 partitions. That it
/// does is documented; the warning's words are ours.
fn partitions_lost(session: &Session, file: &str) -> Result<String, Failure> {
    if !file.contains("lnh_cluster") || session.has_cluster_package() {
        return Ok(String::new());
    }
    let mut lost = String::new();
    for partition in session.partitions()? {
        let partition = partition?;
        if partition.version == 0 {
            lost.push_str(&format!("            {}\n", partition.name));
        }
    }
    if lost.is_empty() {
        return Ok(lost);
    }
    Ok(format!(
        "CAUTION:  The cluster package ends all access to these partitions; only\n\
         \x20         re-imaging the appliance, which erases them, undoes that:\n\
         {lost}"
    ))
}

fn body(file: &str, auth_code: Secret, des3: bool, evp: bool) -> UsePackage {
    let on = |flag: bool| flag.then_some(true);
    UsePackage { auth_code, file: file.to_owned(), use_des3: on(des3), use_evp: on(evp) }
}

/// What the product prints when a package file is in order.
const VERIFIED: [&str; 3] =
    ["decrypt package", "verify package certificate", "verify package signature"];

/// `Command succeeded:` for the first checks, with empty lines between.
fn succeeded(checks: usize) -> String {
    let line = |check: &&str| format!("Command succeeded:  {check}");
    VERIFIED.iter().take(checks).map(line).collect::<Vec<_>>().join("\n\n")
}

impl Text for Updated {
    fn write(&self, page: &mut Page) {
        page.line(succeeded(3));
        page.line("Preparing packages for installation...");
        page.line(&self.package);
        if self.reboot {
            page.line(
                "Running update script\n\
                 \n\
                 Version file found.\n\
                 BEGINNING UPDATE......\n\
                 \n\
                 UNPACKING UPDATE FILES......\n\
                 \n\
                 VERIFYING SOFTWARE PACKAGES......\n\
                 \n\
                 1...Passed\n\
                 \n\
                 INSTALLING SOFTWARE PACKAGES......\n\
                 \n\
                 1...Passed\n\
                 \n\
                 \n\
                 \n\
                 RESTARTING SERVICES......\n\
                 \n\
                 SOFTWARE UPDATE COMPLETED!\n\
                 \n\
                 The system MUST now be rebooted for the changes to take effect.\n\
                 Please ensure all client connections are terminated prior to rebooting the\n\
                 system.\n\
                 To reboot, use the command \"sysconf appliance reboot\".",
            );
        }
        page.line("\nUpdate Completed");
    }
}

#[derive(Deserialize)]
struct Verify {
    package_file: String,
    authcode: Option<Secret>,
    des3: bool,
    useevp: bool,
}

/// A package file that is in order.
#[derive(Serialize)]
struct Verified {
    package: String,
}

impl Run<Session> for Verify {
    type View = Verified;

    fn run(self, session: &mut Session) -> Result<Verified, Failure> {
        let file = session.provide(&self.package_file)?;
        let authcode = ask_authcode(session, self.authcode)?;
        let body = body(&file, authcode, self.des3, self.useevp);
        let used = session
            .client()
            .call(&packages::VERIFY, &[], &body)
            .map_err(|error| unusable(error, &file))?;
        Ok(Verified { package: used.id })
    }
}

impl Text for Verified {
    fn write(&self, page: &mut Page) {
        page.blank();
        page.line(succeeded(3));
        page.line("Preparing packages...");
    }
}

/// What the product prints of a package that it refused: the checks that succeeded, and the one
/// that failed.
fn unusable(error: Error, name: &str) -> Failure {
    let Error::Answered { answer, .. } = &error else { return error.into() };
    let answer = answer.clone();
    let refusal = refused_value(error);
    let printed =
        |message: String| Failure { message, code: None, verbatim: true, ..refusal.clone() };
    let failed = |checks: usize, what: &str| {
        let before = succeeded(checks);
        let gap = if checks > 0 {
            "

"
        } else {
            ""
        };
        printed(format!("{before}{gap}Command failed: {what}"))
    };
    match ErrorId::new(&answer.id) {
        ErrorId::PACKAGE_AUTHCODE_INVALID | ErrorId::PACKAGE_FILE_INVALID => failed(0, VERIFIED[0]),
        ErrorId::PACKAGE_SIGNATURE_INVALID => failed(2, VERIFIED[2]),
        ErrorId::PACKAGE_UPDATE_FAILED => failed(3, &answer.details).hint(answer.message),
        ErrorId::PACKAGE_FILE_DOES_NOT_EXIST => {
            Failure { verbatim: false, ..printed(format!("There is no package file '{name}'.")) }
        }
        ErrorId::PACKAGE_DOES_NOT_EXIST => Failure {
            verbatim: false,
            ..printed(format!("The package '{name}' is not installed."))
        },
        ErrorId::FRAMEWORK_BAD_REQUEST => Failure {
            message: refusal.message.replace("'authCode'", "The authorization code"),
            ..refusal
        },
        ErrorId::APPLIANCE_REQUIRE_SO_LOGIN => {
            refusal.hint("-useevp verifies in software, without the HSM SO")
        }
        _ => refusal,
    }
}
