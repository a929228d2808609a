//! `sysconf ntp status`: whom the NTP service follows, in the words of ntpq and ntptime.

use luna_rest::ntp::{Association, Discipline, Peer, STATUS};
use time::{Duration, OffsetDateTime};

use crate::prelude::*;

#[derive(Deserialize)]
pub(super) struct ShowStatus {}

/// What the service knows.
#[derive(Serialize)]
pub(super) struct Status {
    running: bool,
    enabled: bool,
    peers: Vec<Peer>,
    associations: Vec<Association>,
    #[serde(skip_serializing_if = "Option::is_none")]
    clock: Option<Discipline>,
    /// Minutes ahead of UTC.
    #[serde(skip)]
    offset: i32,
}

impl Run<Session> for ShowStatus {
    type View = Status;

    fn run(self, session: &mut Session) -> Result<Status, Failure> {
        let status = session.get(&STATUS, &[])?;
        let time = session.get(&luna_rest::time::SHOW, &[])?;
        Ok(Status {
            running: status.is_running,
            enabled: status.is_enabled,
            peers: status.peers,
            associations: status.associations,
            clock: status.clock,
            offset: time.utc_offset,
        })
    }
}

impl Text for Status {
    fn write(&self, page: &mut Page) {
        page.line(format!("{}\n\n{}", running(self.running), enabled(self.enabled)));
        let rule = "=".repeat(78);
        page.line(format!("\nPeers:\n{rule}"));
        if self.running {
            page.line(
                "     remote           refid      st t when poll reach   delay   offset  jitter",
            );
            page.line(&rule);
            self.peers.iter().for_each(|peer| write_peer(page, peer));
        } else {
            page.line(NOBODY_ANSWERS);
        }
        page.line(format!("{rule}\n\nAssociations:\n{rule}\n"));
        match self.running {
            true => write_associations(page, &self.associations),
            false => page.line(NOBODY_ANSWERS),
        }
        page.line(&rule);
        if let Some(clock) = &self.clock {
            page.line(format!("\nNTP Time:\n{rule}"));
            write_clock(page, clock, self.offset);
            page.line(&rule);
        }
    }
}

/// What ntpq says where no service listens. Assumed: its error stands in the tables' place.
const NOBODY_ANSWERS: &str = "ntpq: read: Connection refused";

/// As `ntpq -p` writes it.
fn write_peer(page: &mut Page, peer: &Peer) {
    let tally = if peer.selected { '*' } else { ' ' };
    let when = peer.when.map_or("-".to_owned(), |when| when.to_string());
    let Peer { remote, refid, stratum, kind, poll, reach, .. } = peer;
    page.line(format!(
        "{tally}{remote:<15.15} {refid:<15.15} {stratum:2} {kind} {when:>4} {poll:4}  {reach:3o} \
         {:8.3} {:8.3} {:7.3}",
        peer.delay, peer.offset, peer.jitter
    ));
}

/// Seconds from 1900, where NTP begins to count, to 1970.
const ERA: i64 = 2_208_988_800;

/// As `ntptime` writes it.
fn write_clock(page: &mut Page, clock: &Discipline, offset: i32) {
    let (code, word, status) =
        if clock.synchronized { (0, "OK", "0x1 (PLL)") } else { (5, "ERROR", "0x41 (PLL,UNSYNC)") };
    let seconds = i64::try_from(clock.seconds).unwrap_or_default() - ERA;
    let local = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
        + Duration::minutes(offset.into());
    let (weekday, month) = (local.weekday().to_string(), local.month().to_string());
    // The fraction as far as microseconds carry it, rounded as ntptime does.
    let micros = u64::from(clock.microseconds);
    let fraction = ((micros << 32) / 1_000_000 + 0x800) & 0xffff_f000;
    let error = format!(
        "maximum error {} us, estimated error {} us",
        clock.maximum_error, clock.estimated_error
    );
    page.line(format!("ntp_gettime() returns code {code} ({word})"));
    page.line(format!(
        "  time {:08x}.{fraction:08x}  {}, {} {:2} {} {:2}:{:02}:{:02}.{:03}, (.{micros:06}),",
        clock.seconds & 0xffff_ffff,
        &weekday[..3],
        &month[..3],
        local.day(),
        local.year(),
        local.hour(),
        local.minute(),
        local.second(),
        micros / 1000
    ));
    page.line(format!("  {error}"));
    page.line(format!("ntp_adjtime() returns code {code} ({word})"));
    page.line("  modes 0x0 (),");
    page.line("  offset 0.000 us, frequency 0.000 ppm, interval 1 s,");
    page.line(format!("  {error},"));
    page.line(format!("  status {status},"));
    page.line(format!(
        "  time constant {}, precision 1.000 us, tolerance 512 ppm,",
        clock.time_constant
    ));
}

pub(super) fn enabled(enabled: bool) -> &'static str {
    if enabled { "NTP is enabled" } else { "NTP is disabled" }
}

pub(super) fn running(running: bool) -> &'static str {
    if running { "NTP is running" } else { "NTP is not running" }
}

/// As `ntpq -c associations` writes them.
pub(super) fn write_associations(page: &mut Page, associations: &[Association]) {
    page.line("ind assid status  conf reach auth condition  last_event cnt");
    page.line("=".repeat(59));
    let yes = |yes: bool| if yes { "yes" } else { "no" };
    for (number, peer) in (1..).zip(associations) {
        page.line(format!(
            "{number:3} {:5}  {:04x}   {:>3}  {:>4}  {:>4} {:>9} {:>11}  {}",
            peer.id,
            peer.status,
            yes(peer.configured),
            yes(peer.reachable),
            peer.authentication,
            peer.condition,
            peer.last_event,
            peer.count
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use luna_shell::View;

    /// Transcript 21, from a Luna SA 5.1.3.
    const RECORDED: &str = "\
NTP is running

NTP is enabled

Peers:
==============================================================================
     remote           refid      st t when poll reach   delay   offset  jitter
==============================================================================
*LOCAL(0)        .LOCL.          10 l   42   64  377    0.000    0.000   0.001
 54.208.217.148  .INIT.          16 u    - 1024    0    0.000    0.000   0.000
==============================================================================

Associations:
==============================================================================

ind assid status  conf reach auth condition  last_event cnt
===========================================================
  1 48268  963a   yes   yes  none  sys.peer    sys_peer  3
  2 48269  8011   yes    no  none    reject    mobilize  1
==============================================================================

NTP Time:
==============================================================================
ntp_gettime() returns code 0 (OK)
  time d63616fd.db500000  Tue, Nov 19 2013 11:57:33.856, (.856689),
  maximum error 42672 us, estimated error 0 us
ntp_adjtime() returns code 0 (OK)
  modes 0x0 (),
  offset 0.000 us, frequency 0.000 ppm, interval 1 s,
  maximum error 42672 us, estimated error 0 us,
  status 0x1 (PLL),
  time constant 2, precision 1.000 us, tolerance 512 ppm,
==============================================================================
";

    fn association(id: u16, reachable: bool) -> Association {
        let chosen = |yes: &str, no: &str| (if reachable { yes } else { no }).to_owned();
        Association {
            id,
            status: if reachable { 0x963a } else { 0x8011 },
            configured: true,
            reachable,
            authentication: "none".into(),
            condition: chosen("sys.peer", "reject"),
            last_event: chosen("sys_peer", "mobilize"),
            count: if reachable { 3 } else { 1 },
        }
    }

    #[test]
    fn the_status_is_that_of_the_recorded_session() {
        let own = Peer {
            selected: true,
            remote: "LOCAL(0)".into(),
            refid: ".LOCL.".into(),
            stratum: 10,
            kind: "l".into(),
            when: Some(42),
            poll: 64,
            reach: 255,
            jitter: 0.001,
            ..Peer::default()
        };
        let server = Peer {
            remote: "54.208.217.148".into(),
            refid: ".INIT.".into(),
            stratum: 16,
            kind: "u".into(),
            poll: 1024,
            ..Peer::default()
        };
        let clock = Discipline {
            seconds: 0xd636_16fd,
            microseconds: 856_689,
            synchronized: true,
            maximum_error: 42_672,
            estimated_error: 0,
            time_constant: 2,
        };
        let mut status = Status {
            running: true,
            enabled: true,
            peers: vec![own, server],
            associations: vec![association(48268, true), association(48269, false)],
            clock: Some(clock),
            // It stood in the east of North America: the count is UTC's.
            offset: -300,
        };
        assert_eq!(status.text(), RECORDED);
        status.running = false;
        status.enabled = false;
        let text = status.text();
        assert!(text.starts_with("NTP is not running\n\nNTP is disabled\n\nPeers:\n"), "{text}");
        let (_, rest) = RECORDED.split_once("NTP Time:").unwrap();
        assert!(text.contains("\nAssociations:\n") && text.ends_with(rest), "{text}");
    }

    #[test]
    fn a_fraction_is_rounded_as_it_was_recorded() {
        let clock = Discipline {
            seconds: 0xd99b_331b,
            microseconds: 833_055,
            synchronized: true,
            ..Discipline::default()
        };
        let mut page = Page::new();
        write_clock(&mut page, &clock, 0);
        let text = page.into_text();
        assert!(
            text.contains("time d99b331b.d5431000  Wed, Sep  9 2015 22:37:15.833, (.833055),"),
            "{text}"
        );
    }
}
