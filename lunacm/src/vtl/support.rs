//! `vtl supportInfo`: what support asks for, without a secret, in a file of the current folder.

use std::path::Path;

use luna_rest::Fingerprint;
use luna_shell::{Failure, Page, Text, replace_file};
use serde::Serialize;

use crate::servers::servers;
use crate::vtl::{BANNER, Client, at};

const FILE: &str = "c_supportInfo.txt";
/// Beginnings of the names of values that are left out, and any that hold one of these words.
const SECRET: [&str; 3] = ["secret", "password", "token"];

/// The file that was written.
#[derive(Serialize)]
pub(super) struct Written {
    file: &'static str,
}

impl Text for Written {
    fn write(&self, page: &mut Page) {
        page.line("Creating client-side support information file now...");
        page.blank();
        page.line("'vtl supportInfo' completed.");
        page.line(format!("File \"{}\" created.", self.file));
    }
}

/// A line of the configuration, without the value of a secret.
fn shown(line: &str) -> String {
    match line.split_once('=') {
        Some((key, _)) if SECRET.iter().any(|word| key.to_ascii_lowercase().contains(word)) => {
            format!("{key}= ***;")
        }
        _ => line.to_owned(),
    }
}

pub(super) fn write(client: &Client) -> Result<Written, Failure> {
    let mut text = format!("{BANNER}\nluna-shells {}\n", env!("CARGO_PKG_VERSION"));
    text += &format!("\n{}:\n", client.configuration.display());
    for line in client.file.text().lines() {
        text += &format!("{}\n", shown(line));
    }
    text += "\nServers:\n";
    for server in servers(&client.file) {
        text += &format!("{} port {}\n", server.server, server.port);
    }
    for folder in ["client", "server"].map(|name| client.certificates.join(name)) {
        text += &format!("\n{}:\n", folder.display());
        let files = std::fs::read_dir(&folder).into_iter().flatten().filter_map(Result::ok);
        let mut names: Vec<_> = files.map(|file| file.path()).collect();
        names.sort();
        for path in names {
            let pem = std::fs::read_to_string(&path).unwrap_or_default();
            let print = Fingerprint::of_pem(&pem).map(|print| format!("  {print}"));
            text += &format!("{}{}\n", path.display(), print.unwrap_or_default());
        }
    }
    let file = Path::new(FILE);
    replace_file(file, text.as_bytes()).map_err(|error| at(file, &error))?;
    Ok(Written { file: FILE })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_of_the_configuration_is_left_out() {
        let line = "   AuthTokenClientSecret = S3cr3t;";
        assert_eq!(shown(line), "   AuthTokenClientSecret = ***;");
        assert_eq!(shown("   NetClient = 1;"), "   NetClient = 1;");
    }
}
