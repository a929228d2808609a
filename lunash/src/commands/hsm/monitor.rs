//! `hsm information monitor`: what the HSM did in a time that this command waits for.

use std::time::Duration;

use luna_rest::{hsm, users};
use time::OffsetDateTime;
use time::macros::format_description;

use super::own_hsm;
use crate::prelude::*;

pub(in super::super) const COMMANDS: &[Command] = &[Command {
    syntax: "hsm information monitor [-serial|-se <serialnum>] [-interval|-i <seconds:5-999>] [-rounds|-r <rounds:1-65535>] [-noheader|-n] [-save|-sa]",
    help: "Measure how busy the HSM is",
    options: &[
        ("-interval", "Seconds between two readings, 5 without it"),
        ("-rounds", "How many times to measure, once without it"),
        ("-noheader", "Show the figures alone"),
        ("-save", "Write it to the end of a file of yours, too"),
    ],
    roles: Role::MONITOR,
    rest: &[
        hsm::COUNTER.resource(),
        hsm::UTILIZATION.resource(),
        hsm::UP_TIME.resource(),
        users::FILES.resource(),
        users::DOWNLOAD.resource(),
        users::UPLOAD.resource(),
    ],
    known: Known::Documented("lunash/commands/hsm/hsm_information_monitor.htm@7.2"),
    run: call::<Monitor>(),
}];

#[derive(Deserialize)]
struct Monitor {
    serial: Option<String>,
    interval: Option<u32>,
    rounds: Option<u32>,
    noheader: bool,
    save: bool,
}

/// What one round found. The use of the HSM is in per cent; REST has one figure of it, which stands
/// in both columns.
#[derive(Serialize)]
struct Round {
    /// Missing where the appliance does not tell it.
    up_seconds: Option<u64>,
    commands: u64,
    commands_in_round: u64,
    utilization: f64,
}

/// All rounds.
#[derive(Serialize)]
struct Monitored {
    rounds: Vec<Round>,
    average_utilization: f64,
    /// Seconds since 1970; missing where the appliance does not tell it.
    last_reset: Option<i64>,
    file: Option<String>,
    #[serde(skip)]
    table: String,
}

/// A reading: commands so far, per cent, seconds since the HSM was started and when that was.
struct Reading {
    commands: u64,
    utilization: f64,
    up: Option<hsm::UpTime>,
}

impl Reading {
    fn take(session: &Session) -> Result<Reading, Failure> {
        let id = [session.hsm()?];
        Ok(Reading {
            commands: session.get(&hsm::COUNTER, &id)?.operation_requests,
            utilization: session.get(&hsm::UTILIZATION, &id)?.utilization.into(),
            up: session.client().get(&hsm::UP_TIME, &[]).ok(),
        })
    }
}

/// How many seconds to wait at most between two calls, so that the session does not time out.
const CALLS: u32 = 60;

impl Reading {
    fn after(seconds: u32, session: &Session) -> Result<Reading, Failure> {
        let mut left = seconds;
        loop {
            let time = left.min(CALLS);
            if !session.client().wait(Duration::from_secs(time.into())) {
                return Err(Failure::command("The measurement was cancelled."));
            }
            left -= time;
            let reading = Reading::take(session)?;
            if left == 0 {
                return Ok(reading);
            }
        }
    }
}

const BAR: &str =
    "-------------------|-----------------|---------------|-----------------|---------------";

/// The head of the table, for rounds of so many seconds.
fn head(seconds: u32) -> String {
    format!(
        "-------------------|---------------------------------|---------------------------------\n\
         \x20                  |       HSM Command Counts        |        HSM Utilization (%)\n\
         \x20HSM Uptime (Secs) |-----------------|---------------|-----------------|---------------\n\
         \x20                  | Since HSM Reset | Last {seconds:>3} Secs | Since HSM Reset | Last {seconds:>3} Secs\n\
         {BAR}\n"
    )
}

impl Round {
    fn line(&self) -> String {
        let up = self.up_seconds.map_or("Unknown".to_owned(), grouped);
        format!(
            "{up:>18} |{:>16} |{:>14} |{2:>16.2} |{2:>14.2}\n",
            grouped(self.commands),
            grouped(self.commands_in_round),
            self.utilization
        )
    }
}

/// `57,468,854`
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

impl Run<Session> for Monitor {
    type View = Monitored;

    fn run(self, session: &mut Session) -> Result<Monitored, Failure> {
        own_hsm(self.serial.as_deref(), session)?;
        let seconds = self.interval.unwrap_or(5);
        let mut table = if self.noheader { String::new() } else { head(seconds) };
        session.ui().show(&table);
        let mut before = Reading::take(session)?;
        let mut rounds = Vec::new();
        for _ in 0..self.rounds.unwrap_or(1) {
            let now = Reading::after(seconds, session)?;
            let round = Round {
                up_seconds: now.up.as_ref().map(|up| up.seconds),
                commands: now.commands,
                commands_in_round: now.commands.saturating_sub(before.commands),
                utilization: now.utilization,
            };
            let line = round.line();
            session.ui().show(&line);
            table.push_str(&line);
            rounds.push(round);
            before = now;
        }
        let sum: f64 = rounds.iter().map(|round| round.utilization).sum();
        let mut monitored = Monitored {
            average_utilization: sum / rounds.len() as f64,
            rounds,
            last_reset: before.up.map(|up| up.started),
            file: None,
            table: String::new(),
        };
        let foot = if self.noheader { String::new() } else { monitored.foot() };
        if self.save {
            monitored.file = Some(save(session, &format!("{table}{foot}"))?);
        }
        monitored.table = foot;
        Ok(monitored)
    }
}

/// Writes the text to the end of the file. Assumed: the number in the file's name is the HSM's.
fn save(session: &Session, text: &str) -> Result<String, Failure> {
    let (user, name) =
        (session.connection().user.clone(), format!("hsm_monitor_{}.txt", session.hsm()?));
    let files = session.get(&users::FILES, &[&user])?.files;
    let mut content = match files.iter().any(|file| file.id == name) {
        true => session.client().download(&user, &name).map_err(refused)?,
        false => Vec::new(),
    };
    content.extend_from_slice(text.as_bytes());
    session.client().upload(&user, &name, content).map_err(refused)?;
    Ok(name)
}

impl Monitored {
    fn foot(&self) -> String {
        let average = self.average_utilization;
        let mut text =
            format!("{BAR}\n\n    Average HSM Utilization In This Period  :  {average:.2}%\n");
        let up = self.rounds.last().and_then(|round| round.up_seconds);
        let started = self.last_reset.and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok());
        let format = format_description!(
            "[weekday repr:short] [month repr:short] [day padding:space] [hour]:[minute]:[second] [year]"
        );
        if let (Some(up), Some(Ok(started))) = (up, started.map(|at| at.format(format))) {
            let (days, hours, minutes, seconds) =
                (up / 86_400, up / 3600 % 24, up / 60 % 60, up % 60);
            text.push_str(&format!(
                "\n    HSM Last Reset       :  {started}\n\
                 \x20   HSM Has Been Up For  :  {days} day(s), {hours:02}:{minutes:02}:{seconds:02}\n"
            ));
        }
        text
    }
}

/// What comes after the rounds, which were shown one by one.
impl Text for Monitored {
    fn write(&self, page: &mut Page) {
        if !self.table.is_empty() {
            page.line(self.table.trim_end_matches('\n'));
        }
        if let Some(file) = &self.file {
            page.line(format!(
                "\n\nThe output has been saved to a file named `{file}`.\n\
                 Output is appended if the file already exists.\n\
                 Use `my file delete {file}` to remove the file.\n\
                 Use `scp` to retrieve the file to an external workstation for further analysis.\n"
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use luna_shell::View;

    /// From the product's page of the command.
    #[test]
    fn a_round_is_shown_in_the_layout_of_the_product() {
        let round = Round {
            up_seconds: Some(859_370),
            commands: 103_545_072,
            commands_in_round: 241,
            utilization: 1.46,
        };
        assert_eq!(
            format!("{}{}", head(6), round.line()),
            "\
-------------------|---------------------------------|---------------------------------
                   |       HSM Command Counts        |        HSM Utilization (%)
 HSM Uptime (Secs) |-----------------|---------------|-----------------|---------------
                   | Since HSM Reset | Last   6 Secs | Since HSM Reset | Last   6 Secs
-------------------|-----------------|---------------|-----------------|---------------
           859,370 |     103,545,072 |           241 |            1.46 |          1.46
"
        );
        let mut monitored = Monitored {
            rounds: vec![round],
            average_utilization: 0.57,
            last_reset: Some(1_467_643_401),
            file: Some("hsm_monitor_56726.txt".to_owned()),
            table: String::new(),
        };
        monitored.table = monitored.foot();
        assert_eq!(
            monitored.text(),
            "\
-------------------|-----------------|---------------|-----------------|---------------

    Average HSM Utilization In This Period  :  0.57%

    HSM Last Reset       :  Mon Jul  4 14:43:21 2016
    HSM Has Been Up For  :  9 day(s), 22:42:50


The output has been saved to a file named `hsm_monitor_56726.txt`.
Output is appended if the file already exists.
Use `my file delete hsm_monitor_56726.txt` to remove the file.
Use `scp` to retrieve the file to an external workstation for further analysis.

"
        );
    }
}
