//! `ntls tcp_keepalive`, `ntls threads`, `ntls timer`.

use luna_rest::ntls;

use crate::prelude::*;

pub(in crate::commands) const MENUS: &[Menu] = &[
    Menu {
        path: "ntls tcp_keepalive",
        help: "Probes that find out whether a client is still there",
    },
    Menu { path: "ntls threads", help: "How many threads serve clients" },
    Menu { path: "ntls timer", help: "How long a client may take to connect" },
];

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "ntls tcp_keepalive set -idle|-id <seconds:10-10000> -interval|-in <seconds:10-360> \
                 -probes|-p <number:1-30>",
        help: "Set when a silent client is probed, and given up",
        options: &[
            ("-idle", "Seconds of silence before the first probe"),
            ("-interval", "Seconds between two probes"),
            ("-probes", "Probes without an answer until the client is given up"),
        ],
        roles: Role::OPERATOR,
        rest: &[ntls::SET_KEEPALIVE.resource()],
        known: Known::Documented("lunash/commands/ntls/ntls_tcp_keepalive_set.htm"),
        run: call::<SetKeepalive>(),
    },
    Command {
        syntax: "ntls tcp_keepalive show",
        help: "Show when a silent client is probed, and given up",
        options: &[],
        roles: Role::MONITOR,
        rest: &[ntls::KEEPALIVE.resource()],
        known: Known::Documented("lunash/commands/ntls/ntls_tcp_keepalive_show.htm@7.2"),
        run: call::<ShowKeepalive>(),
    },
    Command {
        syntax: "ntls threads set [-datapath|-d <number:1-15>] [-cmdprocessor|-c <number:1-70>]",
        help: "Set how many threads serve clients",
        options: &[
            ("-datapath", "Threads that carry data"),
            ("-cmdprocessor", "Threads that work on commands"),
        ],
        roles: Role::OPERATOR,
        rest: &[ntls::SET_THREADS.resource()],
        known: Known::Documented("lunash/commands/ntls/ntls_threads_set.htm@7.2"),
        run: call::<SetThreads>(),
    },
    Command {
        syntax: "ntls threads show",
        help: "Show how many threads serve clients",
        options: &[],
        roles: Role::MONITOR,
        rest: &[ntls::THREADS.resource()],
        known: Known::Documented("lunash/commands/ntls/ntls_threads_show.htm@7.2"),
        run: call::<ShowThreads>(),
    },
    Command {
        syntax: "ntls timer set -timeout|-t <seconds:10-300>",
        help: "Set how long a client may take to connect",
        options: &[("-timeout", "Seconds allowed for setting up a connection")],
        roles: Role::OPERATOR,
        rest: &[ntls::SETTINGS.resource(), ntls::SET_SETTINGS.resource()],
        known: Known::Documented("lunash/commands/ntls/ntls_timer_set.htm@7.2"),
        run: call::<SetTimer>(),
    },
    Command {
        syntax: "ntls timer show",
        help: "Show how long a client may take to connect",
        options: &[],
        roles: Role::MONITOR,
        rest: &[ntls::SETTINGS.resource()],
        known: Known::Documented("lunash/commands/ntls/ntls_timer_show.htm@7.2"),
        run: call::<ShowTimer>(),
    },
];

#[derive(Deserialize)]
struct SetKeepalive {
    idle: u32,
    interval: u32,
    probes: u32,
}

impl Run<Session> for SetKeepalive {
    type View = Message;

    fn run(self, session: &mut Session) -> Result<Message, Failure> {
        let SetKeepalive { idle, interval, probes } = self;
        let new = ntls::Keepalive { idle, interval, probes };
        session.call(&ntls::SET_KEEPALIVE, &[], &new)?;
        Ok(Message::new(
            "NOTICE: The NTLS service must be restarted for new settings to take effect.",
        ))
    }
}

#[derive(Deserialize)]
struct ShowKeepalive {}

/// When a silent client is probed, and given up.
#[derive(Serialize)]
struct Keepalive {
    idle_seconds: u32,
    interval_seconds: u32,
    probes: u32,
}

impl Run<Session> for ShowKeepalive {
    type View = Keepalive;

    fn run(self, session: &mut Session) -> Result<Keepalive, Failure> {
        let ntls::Keepalive { idle, interval, probes } = session.get(&ntls::KEEPALIVE, &[])?;
        Ok(Keepalive { idle_seconds: idle, interval_seconds: interval, probes })
    }
}

impl Text for Keepalive {
    fn write(&self, page: &mut Page) {
        page.line("NTLS TCP keepalive is configured as follows :");
        page.blank();
        page.line(format!(" TCP_KEEPIDLE  : {}", self.idle_seconds));
        page.line(format!(" TCP_KEEPINTVL : {}", self.interval_seconds));
        page.line(format!(" TCP_KEEPCNT   : {}", self.probes));
        page.blank();
    }
}

#[derive(Deserialize)]
struct SetThreads {
    datapath: Option<u32>,
    cmdprocessor: Option<u32>,
}

impl Run<Session> for SetThreads {
    type View = Message;

    fn run(self, session: &mut Session) -> Result<Message, Failure> {
        let SetThreads { datapath, cmdprocessor } = self;
        if datapath.is_none() && cmdprocessor.is_none() {
            return Err(
                Failure::command("Nothing to set.").hint("give -datapath, -cmdprocessor, or both")
            );
        }
        let new = ntls::NewThreads { datapath, cmdprocessor };
        session.call(&ntls::SET_THREADS, &[], &new)?;
        Ok(Message::new(
            "NOTICE: The NTLS and STCD services must be restarted for new settings to take effect.",
        ))
    }
}

#[derive(Deserialize)]
struct ShowThreads {}

/// How many threads serve clients.
#[derive(Serialize)]
struct Threads {
    datapath: u32,
    cmdprocessor: u32,
}

impl Run<Session> for ShowThreads {
    type View = Threads;

    fn run(self, session: &mut Session) -> Result<Threads, Failure> {
        let ntls::Threads { datapath, cmdprocessor } = session.get(&ntls::THREADS, &[])?;
        Ok(Threads { datapath, cmdprocessor })
    }
}

impl Text for Threads {
    fn write(&self, page: &mut Page) {
        page.blank();
        page.line(format!(" Data path     : {} threads", self.datapath));
        page.line(format!(" CMD processor : {} threads", self.cmdprocessor));
        page.blank();
    }
}

#[derive(Deserialize)]
struct SetTimer {
    timeout: u32,
}

impl Run<Session> for SetTimer {
    type View = Untold<Message>;

    fn run(self, session: &mut Session) -> Result<Untold<Message>, Failure> {
        let seconds = self.timeout;
        let settings = session.get(&ntls::SETTINGS, &[])?;
        let new = ntls::NewSettings { receive_timeout_timer: seconds, ..settings.into() };
        session.call(&ntls::SET_SETTINGS, &[], &new)?;
        Ok(Untold(Message::new(format!("NTLS receive timeout set to {seconds} seconds."))))
    }
}

#[derive(Deserialize)]
struct ShowTimer {}

/// How long a client may take to connect.
#[derive(Serialize)]
struct Timer {
    receive_timeout_seconds: u32,
}

impl Run<Session> for ShowTimer {
    type View = Timer;

    fn run(self, session: &mut Session) -> Result<Timer, Failure> {
        let seconds = session.get(&ntls::SETTINGS, &[])?.receive_timeout_timer;
        Ok(Timer { receive_timeout_seconds: seconds })
    }
}

impl Text for Timer {
    fn write(&self, page: &mut Page) {
        let seconds = self.receive_timeout_seconds;
        // Assumed: what is said of another value than that of the factory.
        let of_factory = if seconds == ntls::RECEIVE_TIMEOUT { "to default at" } else { "to" };
        page.blank();
        page.line(format!("NTLS Receive timeout timer is set {of_factory} {seconds} seconds."));
        page.blank();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use luna_shell::View;

    /// The examples of the pages.
    #[test]
    fn settings_are_written_as_the_pages_have_them() {
        let keepalive = Keepalive { idle_seconds: 200, interval_seconds: 150, probes: 15 };
        assert_eq!(
            keepalive.text(),
            "NTLS TCP keepalive is configured as follows :\n\n TCP_KEEPIDLE  : 200\n \
             TCP_KEEPINTVL : 150\n TCP_KEEPCNT   : 15\n\n"
        );
        assert_eq!(
            Threads { datapath: 10, cmdprocessor: 40 }.text(),
            "\n Data path     : 10 threads\n CMD processor : 40 threads\n\n"
        );
        assert_eq!(
            Timer { receive_timeout_seconds: 20 }.text(),
            "\nNTLS Receive timeout timer is set to default at 20 seconds.\n\n"
        );
    }
}
