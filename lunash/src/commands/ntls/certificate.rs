//! `ntls certificate`: the appliance's own certificate, and the watch over its end.

use luna_rest::ntls::{self, ServerCertificate};

use crate::prelude::*;
use luna_shell::x509_text;

pub(in crate::commands) const MENUS: &[Menu] = &[
    Menu { path: "ntls certificate", help: "The appliance's own certificate" },
    Menu { path: "ntls certificate monitor", help: "Traps before the certificate ends" },
    Menu { path: "ntls certificate monitor trap", help: "When those traps are sent" },
];

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "ntls certificate monitor disable",
        help: "Send no traps before the certificate ends",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[ntls::SET_MONITOR.resource()],
        known: Known::Documented("lunash/commands/ntls/ntls_certificate_monitor_disable.htm@7.2"),
        run: call::<Disable>(),
    },
    Command {
        syntax: "ntls certificate monitor enable",
        help: "Send traps before the certificate ends",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[ntls::SET_MONITOR.resource()],
        known: Known::Documented("lunash/commands/ntls/ntls_certificate_monitor_enable.htm@7.2"),
        run: call::<Enable>(),
    },
    Command {
        syntax: "ntls certificate monitor show",
        help: "Show when traps are sent",
        options: &[],
        roles: Role::MONITOR,
        rest: &[ntls::MONITOR.resource(), ntls::CERTIFICATE.resource()],
        known: Known::Documented("lunash/commands/ntls/ntls_certificate_monitor_show.htm@7.2"),
        run: call::<ShowMonitor>(),
    },
    Command {
        syntax: "ntls certificate monitor trap trigger -preexpiry|-p <days:1-366> \
                 -trapinterval|-t <hours:1-720>",
        help: "Set when traps are sent",
        options: &[
            ("-preexpiry", "Days before the end of the certificate when the traps begin"),
            ("-trapinterval", "Hours between two traps"),
        ],
        roles: Role::OPERATOR,
        rest: &[
            ntls::SET_MONITOR.resource(),
            ntls::MONITOR.resource(),
            ntls::CERTIFICATE.resource(),
        ],
        known: Known::Documented(
            "lunash/commands/ntls/ntls_certificate_monitor_trap_trigger.htm@7.2",
        ),
        run: call::<Trigger>(),
    },
    Command {
        syntax: "ntls certificate show",
        help: "Show the appliance's own certificate",
        options: &[],
        roles: Role::MONITOR,
        rest: &[ntls::CERTIFICATE.resource()],
        known: Known::Documented("lunash/commands/ntls/ntls_certificate_show.htm@7.2"),
        run: call::<Show>(),
    },
];

fn set(session: &mut Session, change: &ntls::NewMonitor) -> Result<(), Failure> {
    session.call(&ntls::SET_MONITOR, &[], change)?;
    Ok(())
}

/// Switches the watch on or off.
fn switch(session: &mut Session, enabled: bool) -> Result<Switched, Failure> {
    set(session, &ntls::NewMonitor { enabled: Some(enabled), ..ntls::NewMonitor::default() })?;
    Ok(Switched { enabled })
}

/// Whether the watch runs now.
#[derive(Serialize)]
struct Switched {
    enabled: bool,
}

const STOPPING: &str = "Stopping certmonitord:                                     [  OK  ]";
const STARTING: &str = "Starting certmonitord:                                     [  OK  ]";

impl Text for Switched {
    fn write(&self, page: &mut Page) {
        let (state, step) =
            if self.enabled { ("enabled", STARTING) } else { ("disabled", STOPPING) };
        page.line(format!("NTLS Server Cert Monitor {state}"));
        page.line(step);
    }
}

#[derive(Deserialize)]
struct Disable {}

impl Run<Session> for Disable {
    type View = Switched;

    fn run(self, session: &mut Session) -> Result<Switched, Failure> {
        switch(session, false)
    }
}

#[derive(Deserialize)]
struct Enable {}

impl Run<Session> for Enable {
    type View = Switched;

    fn run(self, session: &mut Session) -> Result<Switched, Failure> {
        switch(session, true)
    }
}

/// When traps are sent, and whether they are.
#[derive(Serialize)]
struct Monitor {
    enabled: bool,
    days: u32,
    interval_hours: u32,
    not_after: String,
}

impl Monitor {
    fn of(session: &Session) -> Result<Monitor, Failure> {
        let ntls::Monitor { enabled, days, interval } = session.get(&ntls::MONITOR, &[])?;
        let not_after = openssl_time(&session.get(&ntls::CERTIFICATE, &[])?.not_after);
        Ok(Monitor { enabled, days, interval_hours: interval, not_after })
    }

    /// The end of both sentences on when traps are sent.
    fn times(&self) -> String {
        let Monitor { days, interval_hours, not_after, .. } = self;
        format!(
            "be sent {days} days before the Certificate expiry day \"{not_after}\" and on every \
             {interval_hours} hour(s)"
        )
    }
}

#[derive(Deserialize)]
struct Trigger {
    preexpiry: u32,
    trapinterval: u32,
}

/// That new times count.
#[derive(Serialize)]
#[serde(transparent)]
struct Triggered(Monitor);

impl Run<Session> for Trigger {
    type View = Triggered;

    fn run(self, session: &mut Session) -> Result<Triggered, Failure> {
        let (days, interval) = (Some(self.preexpiry), Some(self.trapinterval));
        set(session, &ntls::NewMonitor { enabled: None, days, interval })?;
        Ok(Triggered(Monitor::of(session)?))
    }
}

impl Text for Triggered {
    /// Assumed: a daemon that does not run is not restarted.
    fn write(&self, page: &mut Page) {
        page.blank();
        page.line(format!("Certificate expiry trap is configured to {}", self.0.times()));
        if self.0.enabled {
            page.line(STOPPING);
            page.blank();
            page.line(STARTING);
        }
    }
}

#[derive(Deserialize)]
struct ShowMonitor {}

impl Run<Session> for ShowMonitor {
    type View = Monitor;

    fn run(self, session: &mut Session) -> Result<Monitor, Failure> {
        Monitor::of(session)
    }
}

impl Text for Monitor {
    fn write(&self, page: &mut Page) {
        let state = if self.enabled { "enabled" } else { "disabled" };
        page.blank();
        page.line(format!("NTLS Server Certificate Expiry Monitor is {state}."));
        page.blank();
        page.line(format!("NTLS Server Certificate will expire on \"{}\"", self.not_after));
        page.blank();
        page.line(format!("Certificate expiry trap will {}", self.times()));
        page.blank();
    }
}

#[derive(Deserialize)]
struct Show {}

/// A certificate of the appliance's own.
#[derive(Serialize)]
pub(in crate::commands) struct Certificate {
    #[serde(skip)]
    title: &'static str,
    #[serde(skip)]
    pem: String,
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
            pem: shown.certificate,
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
    /// All of the certificate as openssl writes it. Of an appliance that does not send it, what it
    /// tells (assumed).
    fn write(&self, page: &mut Page) {
        page.line(self.title);
        if let Some(text) = x509_text(&self.pem) {
            page.line(text.trim_end());
            return;
        }
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

    /// The examples of the pages.
    #[test]
    fn the_watch_is_written_as_its_pages_have_it() {
        use luna_shell::View;
        let monitor = Monitor {
            enabled: true,
            days: 30,
            interval_hours: 6,
            not_after: "Feb 22 15:19:21 2027 GMT".into(),
        };
        insta::assert_snapshot!(monitor.text(), @r#"

        NTLS Server Certificate Expiry Monitor is enabled.

        NTLS Server Certificate will expire on "Feb 22 15:19:21 2027 GMT"

        Certificate expiry trap will be sent 30 days before the Certificate expiry day "Feb 22 15:19:21 2027 GMT" and on every 6 hour(s)

        "#);
        insta::assert_snapshot!(Triggered(monitor).text(), @r#"

        Certificate expiry trap is configured to be sent 30 days before the Certificate expiry day "Feb 22 15:19:21 2027 GMT" and on every 6 hour(s)
        Stopping certmonitord:                                     [  OK  ]

        Starting certmonitord:                                     [  OK  ]
        "#);
    }

    #[test]
    fn times_are_written_as_openssl_writes_them() {
        assert_eq!(openssl_time("2023-07-26T16:32:48Z"), "Jul 26 16:32:48 2023 GMT");
        assert_eq!(openssl_time("2025-01-02T03:04:05Z"), "Jan  2 03:04:05 2025 GMT");
        for odd in ["", "2025-13-02T03:04:05Z", "soon", "2025-00-02T03:04:05Z"] {
            assert_eq!(openssl_time(odd), odd);
        }
    }
}
