//! `ntls certificate`: the appliance's own certificate, and the watch over its end.

use luna_rest::ntls::{self, ServerCertificate};

use crate::prelude::*;

pub(in crate::commands) const MENUS: &[Menu] = &[
    Menu { path: "ntls certificate", help: "The appliance's own certificate" },
    Menu { path: "ntls certificate monitor", help: "Traps before the certificate ends" },
    Menu { path: "ntls certificate monitor trap", help: "When those traps are sent" },
];

const PAGE: &str = "monitoring/components/certmonitord.htm";

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "ntls certificate monitor disable",
        help: "Send no traps before the certificate ends",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[ntls::SET_MONITOR.resource()],
        known: Known::Documented(PAGE),
        run: call::<Disable>(),
    },
    Command {
        syntax: "ntls certificate monitor enable",
        help: "Send traps before the certificate ends",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[ntls::SET_MONITOR.resource()],
        known: Known::Assumed("known by name only: the counterpart of disable"),
        run: call::<Enable>(),
    },
    Command {
        syntax: "ntls certificate monitor show",
        help: "Show when traps are sent",
        options: &[],
        roles: Role::MONITOR,
        rest: &[ntls::MONITOR.resource()],
        known: Known::Assumed("known by name only: the sentence is that of the daemon's log"),
        run: call::<ShowMonitor>(),
    },
    Command {
        syntax: "ntls certificate monitor trap trigger -preexpiry|-p <days:1-3653> \
                 -trapinterval|-t <hours:1-8760>",
        help: "Set when traps are sent",
        options: &[
            ("-preexpiry", "Days before the end of the certificate when the traps begin"),
            ("-trapinterval", "Hours between two traps"),
        ],
        roles: Role::OPERATOR,
        rest: &[ntls::SET_MONITOR.resource()],
        known: Known::Assumed(
            "known by name only: takes the two values of the daemon, under names of our choice",
        ),
        run: call::<Trigger>(),
    },
    Command {
        syntax: "ntls certificate show",
        help: "Show the appliance's own certificate",
        options: &[],
        roles: Role::MONITOR,
        rest: &[ntls::CERTIFICATE.resource()],
        known: Known::Assumed(
            "known by name only: subject, dates and fingerprint as openssl has them",
        ),
        run: call::<Show>(),
    },
];

fn set(session: &mut Session, change: &ntls::NewMonitor) -> Result<(), Failure> {
    session.call(&ntls::SET_MONITOR, &[], change)?;
    Ok(())
}

#[derive(Deserialize)]
struct Disable {}

impl Run<Session> for Disable {
    type View = Message;

    fn run(self, session: &mut Session) -> Result<Message, Failure> {
        let change = ntls::NewMonitor { enabled: Some(false), ..ntls::NewMonitor::default() };
        set(session, &change)?;
        Ok(Message::new("NTLS certificate expiry monitor disabled."))
    }
}

#[derive(Deserialize)]
struct Enable {}

impl Run<Session> for Enable {
    type View = Message;

    fn run(self, session: &mut Session) -> Result<Message, Failure> {
        let change = ntls::NewMonitor { enabled: Some(true), ..ntls::NewMonitor::default() };
        set(session, &change)?;
        Ok(Message::new("NTLS certificate expiry monitor enabled."))
    }
}

#[derive(Deserialize)]
struct Trigger {
    preexpiry: u32,
    trapinterval: u32,
}

impl Run<Session> for Trigger {
    type View = Message;

    fn run(self, session: &mut Session) -> Result<Message, Failure> {
        let (days, interval) = (Some(self.preexpiry), Some(self.trapinterval));
        set(session, &ntls::NewMonitor { enabled: None, days, interval })?;
        Ok(Message::new(configured(self.preexpiry, self.trapinterval)))
    }
}

#[derive(Deserialize)]
struct ShowMonitor {}

/// The watch over the certificate's end.
#[derive(Serialize)]
struct Monitor {
    enabled: bool,
    days: u32,
    interval_hours: u32,
}

impl Run<Session> for ShowMonitor {
    type View = Monitor;

    fn run(self, session: &mut Session) -> Result<Monitor, Failure> {
        let ntls::Monitor { enabled, days, interval } = session.get(&ntls::MONITOR, &[])?;
        Ok(Monitor { enabled, days, interval_hours: interval })
    }
}

impl Text for Monitor {
    fn write(&self, page: &mut Page) {
        let state = if self.enabled { "enabled" } else { "disabled" };
        page.line(format!("NTLS certificate expiry monitor is {state}."));
        page.line(configured(self.days, self.interval_hours));
    }
}

/// The sentence that the product's daemon writes to its log.
fn configured(days: u32, hours: u32) -> String {
    format!(
        "NTLS certificate expiry monitor is configured to send SNMP trap {days} day(s) before the \
         NTLS certificate expires and on every {hours} hour(s)"
    )
}

#[derive(Deserialize)]
struct Show {}

/// A certificate of the appliance's own.
#[derive(Serialize)]
pub(in crate::commands) struct Certificate {
    #[serde(skip)]
    title: &'static str,
    subject: String,
    issuer: String,
    serial_number: String,
    not_before: String,
    not_after: String,
    sha256_fingerprint: String,
}

impl Run<Session> for Show {
    type View = Certificate;

    fn run(self, session: &mut Session) -> Result<Certificate, Failure> {
        let shown = session.get(&ntls::CERTIFICATE, &[])?;
        Ok(Certificate::new("NTLS Server Certificate:", shown))
    }
}

impl Certificate {
    /// What the appliance shows of it, below `title`.
    pub(in crate::commands) fn new(title: &'static str, shown: ServerCertificate) -> Certificate {
        Certificate {
            title,
            subject: shown.subject,
            issuer: shown.issuer,
            serial_number: shown.serial_number,
            not_before: shown.not_before,
            not_after: shown.not_after,
            sha256_fingerprint: shown.fingerprint,
        }
    }
}

impl Text for Certificate {
    fn write(&self, page: &mut Page) {
        page.line(self.title);
        page.blank();
        for (label, value) in [
            ("Subject:", self.subject.clone()),
            ("Issuer:", self.issuer.clone()),
            ("Serial Number:", self.serial_number.clone()),
            ("Not Before:", openssl_time(&self.not_before)),
            ("Not After:", openssl_time(&self.not_after)),
            ("SHA256 Fingerprint:", self.sha256_fingerprint.clone()),
        ] {
            page.field(&format!("   {label}"), 24, value);
        }
    }
}

/// `2023-07-26T16:32:48Z` as openssl and the product's log write it: `Jul 26 16:32:48 2023 GMT`.
/// What is no such time stays as it is.
fn openssl_time(time: &str) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let convert = || {
        let (date, clock) = time.strip_suffix('Z')?.split_once('T')?;
        let (year, day) = date.split_once('-')?;
        let (month, day) = day.split_once('-')?;
        let month = MONTHS.get(month.parse::<usize>().ok()?.checked_sub(1)?)?;
        let day: u8 = day.parse().ok()?;
        Some(format!("{month} {day:>2} {clock} {year} GMT"))
    };
    convert().unwrap_or_else(|| time.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_openssl_writes_them() {
        assert_eq!(openssl_time("2023-07-26T16:32:48Z"), "Jul 26 16:32:48 2023 GMT");
        assert_eq!(openssl_time("2025-01-02T03:04:05Z"), "Jan  2 03:04:05 2025 GMT");
        for odd in ["", "2025-13-02T03:04:05Z", "soon", "2025-00-02T03:04:05Z"] {
            assert_eq!(openssl_time(odd), odd);
        }
    }
}
