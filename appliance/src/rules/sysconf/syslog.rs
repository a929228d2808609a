//! The logs: `/api/lunasa/syslog`, `/api/lunasa/logs`, and what LunaSH needs beyond.

use flate2::Compression;
use flate2::write::GzEncoder;
use luna_rest::Nothing;
use luna_rest::syslog::{
    ACT, ACTIONS, ARCHIVE, Archive, CHANGE, CHANGE_LOG, ChangeLog, ChangeSyslog, EXPORT, HOSTS,
    LOG, LOGS, Lines, Log, LogFile, LogLine, Logs, NO_LOG, SHOW, Syslog as Settings, TAIL, TELL,
    Tail, Told, WRITE,
};
use luna_rest::tasks::{Actions, Link};
use time::OffsetDateTime;

use crate::core::logs::{self, LUNALOGS, MESSAGES, SEVERITIES, Severity, SharedLogs};
use crate::core::message::{Failure, Reply};
use crate::request::context::Context;
use crate::request::logs::Asker;
use crate::request::route::{EVERYONE, Ids, MONITOR, OPERATOR, Routes};
use crate::state::State;
use crate::state::syslog::PERIODS;

pub(crate) fn routes(r: &mut Routes) {
    r.on(&SHOW, MONITOR, show);
    r.on(&CHANGE, OPERATOR, change);
    r.on(&LOGS, MONITOR, list);
    r.on(&LOG, MONITOR, log);
    r.on(&CHANGE_LOG, OPERATOR, change_log);
    r.on(&ACTIONS, MONITOR, actions);
    r.on(&ACT, OPERATOR, act);
    r.on(&WRITE, EVERYONE, write);
    r.on(&TAIL, MONITOR, tail);
    r.on(&ARCHIVE, MONITOR, archive);
    r.on(&EXPORT, OPERATOR, export);
    r.on(&TELL, EVERYONE, tell);
}

/// The most older files of a log.
const MOST_ROTATIONS: u32 = 100;
/// What the archive of all logs is called.
const LOGS_TGZ: &str = "logs.tgz";
/// What the copy of the primary log is called.
const SYSLOG: &str = "syslog";
/// The most of a line that somebody else words.
const LONGEST_TEXT: usize = 512;

fn show(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Settings>, Failure> {
    let row = cx.state.syslog.settings.get();
    Ok(Reply::ok(Settings {
        actions: ACTIONS.template().to_owned(),
        logs: LOGS.template().to_owned(),
        period: row.period.clone(),
        remote_hosts: HOSTS.template().to_owned(),
        rotations: row.rotations,
    }))
}

fn change(cx: &mut Context<'_>, _: &Ids<0>, body: ChangeSyslog) -> Result<Reply<Nothing>, Failure> {
    let row = cx.state.syslog.settings.get_mut();
    if let Some(period) = body.period {
        let periods = PERIODS.map(|(name, _)| name);
        if !periods.contains(&&*period) {
            let known = periods.join(", ");
            return Err(Failure::bad_request(format!("The period is one of {known}.")));
        }
        row.period = period;
    }
    if let Some(rotations) = body.rotations {
        if !(1..=MOST_ROTATIONS).contains(&rotations) {
            let details = format!("The number of rotations is one of 1 to {MOST_ROTATIONS}.");
            return Err(Failure::bad_request(details));
        }
        row.rotations = rotations;
    }
    Ok(Reply::done())
}

fn list(_: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Logs>, Failure> {
    let link = |log| Link::below(LOGS.template(), log);
    Ok(Reply::ok(Logs { logs: logs::LOGS.into_iter().map(link).collect() }))
}

/// The log of this name.
fn known(name: &str) -> Result<&'static str, Failure> {
    logs::LOGS.into_iter().find(|log| *log == name).ok_or_else(|| {
        Failure::new(404, NO_LOG, "The log does not exist.")
            .details(format!("The logs are {}.", logs::LOGS.join(", ")))
    })
}

fn log(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Log>, Failure> {
    let log = known(&ids[0])?;
    let file = |file: logs::LogFile| LogFile { id: file.name, size: file.size };
    let severity = cx.state.syslog.severity(log);
    Ok(Reply::ok(Log {
        files: files_of(cx.logs, log).into_iter().map(file).collect(),
        id: log.to_owned(),
        severity: SEVERITIES[severity as usize].to_owned(),
    }))
}

/// The files of a log, the newest first.
fn files_of(logs: &SharedLogs, log: &str) -> Vec<logs::LogFile> {
    let number = |file: &logs::LogFile| {
        let (name, number) = file.name.split_once('.').unwrap_or((&file.name, "0"));
        (name == log).then(|| number.parse::<u32>().ok()).flatten()
    };
    let files = logs.lock().files();
    let mut files: Vec<_> =
        files.into_iter().filter_map(|file| Some((number(&file)?, file))).collect();
    files.sort_by_key(|(number, _)| *number);
    files.into_iter().map(|(_, file)| file).collect()
}

fn change_log(
    cx: &mut Context<'_>,
    ids: &Ids<1>,
    body: ChangeLog,
) -> Result<Reply<Nothing>, Failure> {
    let log = known(&ids[0])?;
    let Some(severity) = Severity::of_level(&body.severity) else {
        let known = SEVERITIES.join(", ");
        return Err(Failure::bad_request(format!("The severity is one of {known}.")));
    };
    let severity = SEVERITIES[severity as usize].to_owned();
    cx.state.syslog.settings.get_mut().severities.insert(log.to_owned(), severity);
    Ok(Reply::done())
}

fn actions(_: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Actions>, Failure> {
    let link = |id: &&str| Link::below(ACTIONS.template(), id);
    Ok(Reply::ok(Actions { actions: ["cleanup", "rotate"].iter().map(link).collect() }))
}

fn act(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    let what = match ids[0].as_str() {
        "rotate" => {
            cx.logs.lock().rotate(cx.state.syslog.settings.get().rotations);
            "The log files were rotated"
        }
        "cleanup" => {
            cx.logs.lock().clear();
            "The log files were deleted"
        }
        _ => {
            let id = "SYSLOG_ACTION_INVALID";
            return Err(Failure::new(404, id, "The action does not exist.")
                .details("The logs have the actions cleanup and rotate."));
        }
    };
    // The first line of the new file says who took the old ones away.
    let by = Asker::of(cx).text(cx.request.from);
    cx.log(MESSAGES, Severity::Warning, "rsyslogd", &format!("{what} : {by}"));
    Ok(Reply::done())
}

/// What somebody else wants in a log, short enough for a line.
fn cut(text: &str) -> String {
    text.chars().take(LONGEST_TEXT).collect()
}

fn write(cx: &mut Context<'_>, _: &Ids<0>, body: LogLine) -> Result<Reply<Nothing>, Failure> {
    let by = Asker::of(cx).text(cx.request.from);
    let text = format!("info : 0 : {} : {by}", cut(&body.message));
    cx.log(LUNALOGS, Severity::Info, "webserver", &text);
    Ok(Reply::done())
}

fn tail(cx: &mut Context<'_>, ids: &Ids<1>, body: Tail) -> Result<Reply<Lines>, Failure> {
    let log = known(&ids[0])?;
    let most = body.entries.unwrap_or(usize::MAX);
    let wanted = |line: &&str| body.search.as_ref().is_none_or(|text| line.contains(text));
    let mut lines = Vec::new();
    for file in files_of(cx.logs, log) {
        let content = cx.logs.lock().read(&file.name).unwrap_or_default();
        let content = String::from_utf8_lossy(&content);
        let room = most - lines.len();
        lines.extend(content.lines().rev().filter(wanted).take(room).map(str::to_owned));
        if lines.len() == most {
            break;
        }
    }
    lines.reverse();
    Ok(Reply::ok(Lines { lines }))
}

fn archive(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Archive>, Failure> {
    let packed = pack(cx.logs, cx.now).map_err(|error| Failure::internal(error.to_string()))?;
    keep(cx, LOGS_TGZ, packed)
}

fn export(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Archive>, Failure> {
    let text = cx.logs.lock().read(MESSAGES).unwrap_or_default();
    keep(cx, SYSLOG, text)
}

fn keep(cx: &mut Context<'_>, file: &str, content: Vec<u8>) -> Result<Reply<Archive>, Failure> {
    let user = cx.session().user.clone();
    cx.state.files.put(&user, file, content, cx.now);
    Ok(Reply::ok(Archive { file: file.to_owned() }))
}

/// A tgz of every file of every log.
fn pack(logs: &SharedLogs, now: OffsetDateTime) -> std::io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    let files = logs.lock().files();
    for file in files {
        let content = logs.lock().read(&file.name).unwrap_or_default();
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o600);
        header.set_mtime(now.unix_timestamp().try_into().unwrap_or_default());
        archive.append_data(&mut header, format!("logs/{}", file.name), content.as_slice())?;
    }
    archive.into_inner()?.finish()
}

fn tell(cx: &mut Context<'_>, _: &Ids<0>, body: Told) -> Result<Reply<Nothing>, Failure> {
    let by = Asker::of(cx).text(cx.request.from);
    let text = match body.command {
        Some(command) => format!("info : {} : Command: {}  : {by}", body.code, cut(&command)),
        None => format!("info : {} : Lush user login : {by}", body.code),
    };
    cx.log(LUNALOGS, Severity::Info, "lunash", &text);
    Ok(Reply::done())
}

/// Begins new files when the period is over.
pub(crate) fn rotate_when_due(state: &mut State, logs: &SharedLogs, now: OffsetDateTime) {
    let row = state.syslog.settings.get();
    let days = PERIODS.iter().find(|(name, _)| *name == row.period).map_or(7, |(_, days)| *days);
    let now = now.unix_timestamp();
    // A clock that was set back begins a new period.
    let passed = now.saturating_sub(row.rotated);
    if (0..days * 86_400).contains(&passed) {
        return;
    }
    if row.rotated != 0 {
        logs.lock().rotate(row.rotations);
    }
    state.syslog.settings.get_mut().rotated = now;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_machine::TestMachine;
    use luna_rest::Method;
    use serde_json::json;

    fn lines(bench: &mut TestMachine, log: &str, search: &str) -> Vec<String> {
        let wanted = Tail { search: Some(search.to_owned()), ..Tail::default() };
        bench.call(&TAIL, &[log], &wanted).lines
    }

    /// The lines that calls leave, as the web server writes them.
    fn line_of(bench: &mut TestMachine, method: Method, path: &str) -> Option<String> {
        let mut request = crate::core::message::Request::new(method, path);
        request.from = Some(([192, 0, 2, 7], 40847).into());
        let answered = bench.machine.handle(&request, OffsetDateTime::UNIX_EPOCH);
        answered.log.map(|entry| entry.line())
    }

    #[test]
    fn what_lunash_tells_is_a_line_of_the_product() {
        let mut bench = TestMachine::new();
        bench.call(&TELL, &[], &Told::default());
        let command = Some("hsm show".to_owned());
        bench.call(&TELL, &[], &Told { command, code: 65535 });
        assert_eq!(
            lines(&mut bench, LUNALOGS, "lunash"),
            [
                "2025 Jan 02 03:04:05 local_host  local5 info  lunash [1234]: info : 0 : Lush user login : admin : Console",
                "2025 Jan 02 03:04:05 local_host  local5 info  lunash [1234]: info : 65535 : Command: hsm show  : admin : Console",
            ]
        );
    }

    #[test]
    fn changes_and_refusals_leave_a_line_and_reads_where_everything_is_kept() {
        let mut bench = TestMachine::new();
        let refused = line_of(&mut bench, Method::Delete, "/users/jane").unwrap();
        let end = "webserver [1234]: warn : 401 : DELETE /users/jane : - : 192.0.2.7/40847";
        assert!(refused.ends_with(end), "{refused}");
        assert_eq!(line_of(&mut bench, Method::Get, "/nowhere"), None);
        let debug = ChangeLog { severity: "debug".to_owned() };
        bench.call(&CHANGE_LOG, &[LUNALOGS], &debug);
        bench.local_login();
        assert!(line_of(&mut bench, Method::Get, "/users/%1b[2J").is_some());
        bench.call(&CHANGE_LOG, &[LUNALOGS], &ChangeLog { severity: "error".to_owned() });
        assert_eq!(line_of(&mut bench, Method::Delete, "/users/jane"), None);
    }

    #[test]
    fn what_somebody_else_words_stays_one_line() {
        let mut bench = TestMachine::new();
        let message = format!("one\n2025 forged\x1b[2J\u{202e}{}", "x".repeat(1000));
        bench.call(&WRITE, &[], &LogLine { message });
        let found = lines(&mut bench, LUNALOGS, "one");
        assert!(found.len() == 1 && found[0].contains("one?2025 forged?[2J?x"), "{found:?}");
        assert!(found[0].len() < 700);
    }

    #[test]
    fn wrong_passwords_of_the_so_are_in_the_log_until_it_is_stopped() {
        let mut bench = TestMachine::new();
        bench.hsm_init().created();
        (0..2).for_each(|_| drop(bench.so_login("wrong-password")));
        let login = "HSM Admin Login";
        assert_eq!(lines(&mut bench, LUNALOGS, login).len(), 2);
        bench.post("/api/lunasa/services/syslog/actions/stop", json!({}));
        bench.so_login("wrong-password");
        let found = lines(&mut bench, LUNALOGS, login);
        assert_eq!(found.len(), 2, "{found:?}");
        bench.post("/api/lunasa/services/syslog/actions/start", json!({}));
        assert_eq!(lines(&mut bench, MESSAGES, "syslog started").len(), 1);
    }

    #[test]
    fn the_period_begins_new_files_and_the_clock_cannot_stop_it() {
        let mut bench = TestMachine::new();
        let change = ChangeSyslog { period: Some("daily".to_owned()), rotations: Some(2) };
        bench.call(&CHANGE, &[], &change);
        let files = |bench: &TestMachine| bench.machine.logs.lock().files().len();
        let at = |bench: &mut TestMachine, days: i64| {
            bench.call(&TELL, &[], &Told::default());
            let now = OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000 + days);
            let logs = bench.machine.logs.clone();
            rotate_when_due(&mut bench.machine.state, &logs, now);
            bench.store();
            files(bench)
        };
        assert_eq!(at(&mut bench, 0), 1, "the first period begins");
        assert_eq!(at(&mut bench, 0), 1);
        assert_eq!(at(&mut bench, 1), 1, "the one file is an older one now");
        assert_eq!(at(&mut bench, 2), 2);
        assert_eq!(at(&mut bench, 3), 2, "two are kept");
        assert_eq!(at(&mut bench, -300), 2, "set back");
        assert_eq!(at(&mut bench, -300), 3);
    }

    #[test]
    fn settings_are_judged() {
        let mut bench = TestMachine::new();
        for bad in [json!({"period": "hourly"}), json!({"rotations": 0}), json!({"rotations": 101})]
        {
            assert_eq!(bench.patch(SHOW.template(), bad).error().0, 400);
        }
        let log = |name: &str| LOG.path(&[name]);
        assert_eq!(bench.patch(&log(LUNALOGS), json!({"severity": "loud"})).error().0, 400);
        assert_eq!(bench.get(&log("secure")).error().1, NO_LOG);
        assert_eq!(bench.post(&ACT.path(&["shred"]), json!({})).error().0, 404);
    }

    #[test]
    fn an_archive_holds_every_file() {
        let mut bench = TestMachine::new();
        bench.call(&TELL, &[], &Told::default());
        bench.post(&ACT.path(&["rotate"]), json!({}));
        assert_eq!(bench.call(&ARCHIVE, &[], &Nothing {}).file, LOGS_TGZ);
        let packed = bench.machine.state.files.get("admin", LOGS_TGZ).unwrap().content.clone();
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(packed.as_slice()));
        let names = archive
            .entries()
            .unwrap()
            .map(|entry| entry.unwrap().path().unwrap().to_str().unwrap().to_owned());
        assert_eq!(names.collect::<Vec<_>>(), ["logs/lunalogs.1", "logs/messages"]);
    }
}
