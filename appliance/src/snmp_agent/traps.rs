//! Lines of the logs that need attention, as traps and informs of SAFENET-APPLIANCE-MIB.
//!
//! The notifications for fans, disks and NTLS have the numbers that public monitoring software knows,
//! and the reference the form of the vendor's page config_trap_notification.htm@7.2. Assumed: the
//! numbers for power supplies and the motherboard, which are those left between them, and which lines
//! belong to which notification.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use async_snmp::{AuthProtocol, Client, Oid, PrivProtocol, UdpHandle, UsmConfig, Value, VarBind};
use tokio::sync::{mpsc, watch};

use crate::core::logs::{Entry, Forward, RemoteHost};
use crate::core::random::from_hex;
use crate::core::snmp::{Settings, Target};
use crate::core::text::clock_text;
use crate::forward::Forwarder;

/// `ssTraps` in SAFENET-APPLIANCE-MIB.
const TRAPS: [u32; 11] = [1, 3, 6, 1, 4, 1, 23629, 1, 5, 2, 2];
/// `ssLogReference`, which every notification has.
const LOG_REFERENCE: u32 = 1;
const FAN: u32 = 2;
const POWER_SUPPLY: u32 = 3;
const MOTHERBOARD: u32 = 4;
const DISK_DRIVE: u32 = 5;
const NTLS: u32 = 6;

/// The most notifications that wait; what comes beyond is in the logs all the same.
const MOST_WAITING: usize = 64;
/// How long a target may take to confirm.
const PATIENCE: Duration = Duration::from_secs(5);

/// A line that needs attention.
#[derive(Debug, PartialEq)]
pub(super) struct Alarm {
    notification: u32,
    reference: String,
}

/// The notifications that wait to be sent.
pub(super) type Alarms = mpsc::Receiver<Alarm>;

/// Sends the lines of the logs on, and looks which of them need attention.
pub(crate) struct LogWatch {
    forwarder: Forwarder,
    address: IpAddr,
    alarms: mpsc::Sender<Alarm>,
}

pub(super) fn watch_logs(address: IpAddr) -> (LogWatch, Alarms) {
    let (alarms, waiting) = mpsc::channel(MOST_WAITING);
    (LogWatch { forwarder: Forwarder::default(), address, alarms }, waiting)
}

impl Forward for LogWatch {
    fn aim(&self, hosts: Vec<RemoteHost>) {
        self.forwarder.aim(hosts);
    }

    fn forward(&self, entry: &Entry) {
        self.forwarder.forward(entry);
        if let Some(alarm) = alarm(entry, self.address) {
            // A queue that is full, or an agent that does not run: the line is in the log.
            let _ = self.alarms.try_send(alarm);
        }
    }

    fn problem(&self, address: &str, port: u16) -> Option<String> {
        self.forwarder.problem(address, port)
    }
}

/// What a line is about, if it needs attention.
fn alarm(entry: &Entry, address: IpAddr) -> Option<Alarm> {
    let process = entry.process.split('[').next().unwrap_or(&entry.process);
    let says = |word: &str| entry.text.to_ascii_lowercase().contains(word);
    let notification = match process {
        "ipmievd" if says("fan") => FAN,
        "ipmievd" if says("psu") || says("power supply") => POWER_SUPPLY,
        "ipmievd" => MOTHERBOARD,
        "smartd" => DISK_DRIVE,
        "NTLS" => NTLS,
        _ => return None,
    };
    let asserted = u8::from(!says("deassert"));
    let Entry { host, log, time, process, .. } = entry;
    let month = &time.month().to_string()[..3];
    let (year, day, clock) = (time.year(), time.day(), clock_text(*time));
    let reference = format!(
        "[{host}:{address} / {log} / {year} {month} {day} {clock} / {process} / {asserted}]"
    );
    Some(Alarm { notification, reference })
}

/// Sends notifications to the targets of the settings, as long as there are settings.
pub(super) async fn report(
    mut alarms: Alarms,
    mut settings: watch::Receiver<Settings>,
    boots: PathBuf,
) {
    let begun = Instant::now();
    let mut sinks: Vec<Sink> = Vec::new();
    while let Some(alarm) = alarms.recv().await {
        let wanted = settings.borrow_and_update().clone();
        if sinks.iter().map(|sink| &sink.target).ne(&wanted.targets) {
            let sink = |target: &Target| Sink { target: target.clone(), client: None };
            sinks = wanted.targets.iter().map(sink).collect();
        }
        let own = super::own_engine(&wanted);
        for sink in &mut sinks {
            if let Err(error) = sink.send((&own, &boots), &alarm, begun).await {
                let Target { address, port, .. } = &sink.target;
                tracing::warn!(%error, address, port, "a notification was not sent");
                sink.client = None;
            }
        }
    }
}

/// A target, and the way to it once that is open.
struct Sink {
    target: Target,
    client: Option<Client<UdpHandle>>,
}

impl Sink {
    async fn send(
        &mut self,
        engine: (&[u8], &Path),
        alarm: &Alarm,
        begun: Instant,
    ) -> Result<(), super::Failed> {
        let client = match &mut self.client {
            Some(client) => client,
            none => none.insert(open(&self.target, engine).await?),
        };
        let below = |number| Oid::from_slice(&[&TRAPS[..], &[number]].concat());
        let reference = Value::OctetString(alarm.reference.clone().into());
        let values = vec![VarBind::new(below(LOG_REFERENCE), reference)];
        let (notification, up) = (below(alarm.notification), super::ticks(begun));
        match self.target.inform {
            true => drop(client.send_inform(&notification, up, values).await?),
            false => client.send_trap(&notification, up, values).await?,
        }
        Ok(())
    }
}

async fn open(
    target: &Target,
    (own, boots): (&[u8], &Path),
) -> Result<Client<UdpHandle>, super::Failed> {
    let user = &target.user;
    let security = UsmConfig::new(user.name.clone()).auth_priv(
        AuthProtocol::Sha1,
        user.authentication.expose(),
        PrivProtocol::Aes128,
        user.privacy.expose(),
    )?;
    let to = match target.address.contains(':') {
        true => format!("[{}]:{}", target.address, target.port),
        false => format!("{}:{}", target.address, target.port),
    };
    let client = Client::builder(to, security).request_timeout(PATIENCE).send_timeout(PATIENCE);
    let client = match target.inform {
        // The receiver's own engine counts; it is asked for it.
        true => client,
        false => {
            let id = match target.engine.as_str() {
                "" => own.to_vec(),
                digits => from_hex(digits).ok_or("the engine is not in hexadecimal digits")?,
            };
            client.local_authoritative_engine(super::engine(&id, boots)?)
        }
    };
    Ok(client.connect().await?)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::core::logs::{MESSAGES, Severity};

    fn alarm_of(process: &str, text: &str) -> Option<Alarm> {
        let entry = Entry {
            log: MESSAGES,
            severity: Severity::Notice,
            time: datetime!(2014-04-03 15:47:30 UTC),
            host: "myLUT".to_owned(),
            process: process.to_owned(),
            text: text.to_owned(),
        };
        alarm(&entry, IpAddr::from([192, 168, 0, 2]))
    }

    #[test]
    fn the_vendors_example_is_reported_as_on_its_page() {
        let line = "***TEST : SEQNO_10000 : Fan sensor Fan1A          . Lower Critical going low  \
                    (Reading 2000 .lt Threshold 2000 RPM)";
        let reference =
            "[myLUT:192.168.0.2 / messages / 2014 Apr 3 15:47:30 / ipmievd / 1]".to_owned();
        assert_eq!(alarm_of("ipmievd", line), Some(Alarm { notification: FAN, reference }));
    }

    #[test]
    fn a_line_is_told_by_its_process() {
        let number = |process, text| alarm_of(process, text).map(|alarm| alarm.notification);
        assert_eq!(number("smartd[12532]", "Temperature 45 Celsius"), Some(DISK_DRIVE));
        assert_eq!(number("ipmievd", "PSU1 deasserted"), Some(POWER_SUPPLY));
        assert_eq!(number("ipmievd", "Temp 1"), Some(MOTHERBOARD));
        assert_eq!(number("NTLS", "stopped"), Some(NTLS));
        assert_eq!(number("webserver", "fan"), None);
        let ended = alarm_of("ipmievd", "PSU1 deasserted").unwrap().reference;
        assert!(ended.ends_with(" / ipmievd / 0]"), "{ended}");
    }
}
