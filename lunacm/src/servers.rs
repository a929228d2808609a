//! The appliances that `Chrystoki.conf` names, in its section `LunaSA Client`.
//!
//! A server NN has `ServerNameNN`, `ServerPortNN` and `ServerHtlNN`, NN from 00. Removing one
//! leaves the numbers of the others; the next one takes the lowest free number (assumed). Assumed as
//! well: `ServerStcNN` is 1 where the Secure Trusted Channel is on.

use std::io;
use std::path::Path;

use serde::Serialize;

use crate::chrystoki::{Chrystoki, Malformed};
use crate::owner::SECTION;

/// The port of NTLS.
pub(crate) const PORT: u16 = 1792;

/// An appliance of the configuration file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Server {
    /// Host name or address.
    pub(crate) server: String,
    /// Whether host trust links are required.
    pub(crate) htl_required: bool,
    /// Whether the Secure Trusted Channel is on, not NTLS alone.
    pub(crate) stc: bool,
    /// The port of NTLS.
    #[serde(skip)]
    pub(crate) port: u16,
    /// Its number in the file.
    #[serde(skip)]
    pub(crate) number: u32,
}

/// The appliances, in the order of their numbers.
pub(crate) fn servers(file: &Chrystoki) -> Vec<Server> {
    let named = file.entries(SECTION).filter_map(|(key, name)| {
        let number = key.strip_prefix("ServerName")?;
        Some((number.to_owned(), number.parse().ok()?, name.to_owned()))
    });
    let mut servers: Vec<Server> = named
        .map(|(digits, number, server)| Server {
            port: file
                .get(SECTION, &format!("ServerPort{digits}"))
                .and_then(|port| port.parse().ok())
                .unwrap_or(PORT),
            htl_required: file.get(SECTION, &format!("ServerHtl{digits}")) == Some("1"),
            stc: file.get(SECTION, &format!("ServerStc{digits}")) == Some("1"),
            server,
            number,
        })
        .collect();
    servers.sort_by_key(|server| server.number);
    servers
}

/// The names of the appliances in a file.
pub(crate) fn registered(path: &Path) -> io::Result<Vec<String>> {
    Ok(servers(&Chrystoki::read(path)?).into_iter().map(|server| server.server).collect())
}

/// Adds an appliance; whether it was not there before.
pub(crate) fn add(file: &mut Chrystoki, name: &str, port: u16) -> Result<bool, Malformed> {
    let known = servers(file);
    if known.iter().any(|server| server.server == name) {
        return Ok(false);
    }
    let taken: Vec<u32> = known.iter().map(|server| server.number).collect();
    let number = (0..).find(|number| !taken.contains(number)).unwrap_or_default();
    file.set(SECTION, &format!("ServerName{number:02}"), name)?;
    file.set(SECTION, &format!("ServerPort{number:02}"), &port.to_string())?;
    file.set(SECTION, &format!("ServerHtl{number:02}"), "0")?;
    Ok(true)
}

/// Removes an appliance; whether it was there.
pub(crate) fn remove(file: &mut Chrystoki, name: &str) -> Result<bool, Malformed> {
    let named: Vec<String> = file
        .entries(SECTION)
        .filter(|(key, value)| key.starts_with("ServerName") && *value == name)
        .filter_map(|(key, _)| key.strip_prefix("ServerName").map(str::to_owned))
        .collect();
    for digits in &named {
        for key in ["ServerName", "ServerPort", "ServerHtl", "ServerStc"] {
            file.remove(SECTION, &format!("{key}{digits}"))?;
        }
    }
    Ok(!named.is_empty())
}

/// Turns the Secure Trusted Channel of the server with this number on or off.
pub(crate) fn set_stc(file: &mut Chrystoki, number: u32, on: bool) -> Result<(), Malformed> {
    let digits = file
        .entries(SECTION)
        .filter_map(|(key, _)| key.strip_prefix("ServerName"))
        .find(|digits| digits.parse() == Ok(number))
        .map(str::to_owned);
    let Some(digits) = digits else { return Ok(()) };
    match on {
        true => file.set(SECTION, &format!("ServerStc{digits}"), "1"),
        false => file.remove(SECTION, &format!("ServerStc{digits}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_come_and_go_without_a_trace() {
        let text = "LunaSA Client = {\n   NetClient = 1;\n}\nMisc = {\n   x = 1;\n}\n";
        let mut file = Chrystoki::parse(text).unwrap();
        assert!(add(&mut file, "hsm1", PORT).unwrap());
        assert!(add(&mut file, "hsm2", PORT).unwrap());
        assert!(!add(&mut file, "hsm1", PORT).unwrap());
        assert!(file.text().contains(
            "   ServerName00 = hsm1;\n   ServerPort00 = 1792;\n   ServerHtl00 = 0;\n   ServerName01"
        ));
        assert!(remove(&mut file, "hsm1").unwrap());
        assert_eq!(servers(&file)[0].server, "hsm2");
        assert!(add(&mut file, "hsm3", 1793).unwrap());
        let names: Vec<String> = servers(&file).into_iter().map(|s| s.server).collect();
        assert_eq!(names, ["hsm3", "hsm2"]);
        set_stc(&mut file, 0, true).unwrap();
        assert!(servers(&file)[0].stc && !servers(&file)[1].stc);
        set_stc(&mut file, 0, false).unwrap();
        set_stc(&mut file, 1, true).unwrap();
        set_stc(&mut file, 7, true).unwrap();
        assert!(!servers(&file)[0].stc && servers(&file)[1].stc);
        assert!(remove(&mut file, "hsm3").unwrap() && remove(&mut file, "hsm2").unwrap());
        assert!(!remove(&mut file, "hsm2").unwrap());
        assert_eq!(file.text(), text);
    }
}
