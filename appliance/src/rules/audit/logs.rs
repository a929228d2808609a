//! The files of the audit log: listed, shown, packed, removed, verified.

use std::io::Read;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use luna_rest::Nothing;
use luna_rest::audit::{
    CLEAR, LOGS, LogFile, Logs, NO_LOG, NOT_VERIFIED, PACK, Packed, TAIL, Tail, UNPACK, VERIFY,
    Verified, Verify,
};
use luna_rest::syslog::{Archive, Lines};

use crate::core::audit::{ARCHIVE, AuditFile, Flaw, verify as verify_records};
use crate::core::message::{Failure, Reply};
use crate::core::text::{clock_text, date_text};
use crate::request::audit_log::AuditLog;
use crate::request::context::Context;
use crate::request::route::{AUDIT, Ids, Routes};
use crate::rules::audit::auditor::require_auditor;
use crate::rules::audit::secrets::{imported, own};
use crate::state::audit::{LIMIT, file_name};

pub(crate) fn routes(r: &mut Routes) {
    r.on(&LOGS, AUDIT, list);
    r.on(&CLEAR, AUDIT, clear);
    r.on(&TAIL, AUDIT, tail);
    r.on(&PACK, AUDIT, pack);
    r.on(&UNPACK, AUDIT, unpack);
    r.on(&VERIFY, AUDIT.private(), verify);
}

/// The name of a file as the vendor's example has it: with its folder.
fn with_folder(file: &AuditFile) -> String {
    match file.archived {
        true => format!("{ARCHIVE}/{}", file.name),
        false => file.name.clone(),
    }
}

fn list(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Logs>, Failure> {
    let file = |file: AuditFile| LogFile {
        id: with_folder(&file),
        size: file.size,
        archived: file.archived,
    };
    Ok(Reply::ok(Logs { logs: cx.audit_log.list().into_iter().map(file).collect() }))
}

fn clear(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    cx.state.audit.forget_files();
    Ok(Reply::done())
}

/// A file of the log, by its name with or without the folder.
fn find(cx: &Context<'_>, name: &str) -> Option<AuditFile> {
    let bare = name.strip_prefix(ARCHIVE).and_then(|rest| rest.strip_prefix('/')).unwrap_or(name);
    cx.audit_log.list().into_iter().find(|file| file.name == bare)
}

fn no_log(name: &str) -> Failure {
    Failure::new(404, NO_LOG, "The log does not exist.").details(format!(
        "There is no '{name}', neither in the audit log nor among the files of the account."
    ))
}

fn tail(cx: &mut Context<'_>, _: &Ids<0>, body: Tail) -> Result<Reply<Lines>, Failure> {
    let files = match &body.file {
        Some(name) => vec![find(cx, name).ok_or_else(|| no_log(name))?],
        None => cx.audit_log.list(),
    };
    let wanted = |line: &&str| body.search.as_ref().is_none_or(|text| line.contains(text));
    let most = body.entries.unwrap_or(usize::MAX);
    let mut lines = Vec::new();
    for file in files.iter().rev() {
        let content = cx.audit_log.read(&file.name).unwrap_or_default();
        let content = String::from_utf8_lossy(&content);
        // Every other line has the MACs of the one before it.
        let records: Vec<&str> = content.lines().step_by(2).filter(wanted).collect();
        let room = most - lines.len();
        lines.extend(records.into_iter().rev().take(room).map(str::to_owned));
        if lines.len() == most {
            break;
        }
    }
    lines.reverse();
    Ok(Reply::ok(Lines { lines }))
}

/// A tgz of every file of the log.
fn packed(log: &AuditLog, now: i64) -> std::io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for file in log.list() {
        let content = log.read(&file.name).unwrap_or_default();
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o600);
        header.set_mtime(now.try_into().unwrap_or_default());
        archive.append_data(&mut header, with_folder(&file), content.as_slice())?;
    }
    archive.into_inner()?.finish()
}

/// Assumed: the vendor's script fetches `audit-*.tgz`; here the HSM's serial number and the time stand
/// for the star.
fn pack(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Archive>, Failure> {
    let failed = |error: std::io::Error| Failure::internal(error.to_string());
    let content = packed(cx.audit_log, cx.now.unix_timestamp()).map_err(failed)?;
    let time = format!("{}{}", date_text(cx.now), clock_text(cx.now)).replace(['-', ':'], "");
    let file = format!("audit-{}-{time}.tgz", cx.state.hsm.hsm.get().serial);
    let user = cx.session().user.clone();
    cx.state.files.put(&user, &file, content, cx.now);
    Ok(Reply::ok(Archive { file }))
}

/// The logs of an archive: name and content.
fn unpacked(archive: &[u8]) -> std::io::Result<Vec<(String, Vec<u8>)>> {
    let mut files = Vec::new();
    let mut room = 2 * LIMIT;
    for entry in tar::Archive::new(GzDecoder::new(archive)).entries()? {
        let entry = entry?;
        let path = entry.path()?.into_owned();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !(name.starts_with("hsm_") && name.ends_with(".log")) {
            continue;
        }
        let mut content = Vec::new();
        room -= entry.take(room).read_to_end(&mut content)? as u64;
        if room == 0 {
            return Err(std::io::Error::other("it holds more than a log can"));
        }
        files.push((name, content));
    }
    Ok(files)
}

/// Assumed: logs are unpacked into the files of the account.
fn unpack(cx: &mut Context<'_>, _: &Ids<0>, body: Packed) -> Result<Reply<Logs>, Failure> {
    let user = cx.session().user.clone();
    let row = cx.state.files.get(&user, &body.file).ok_or_else(|| no_log(&body.file))?;
    let files = unpacked(&row.content).ok().filter(|files| !files.is_empty()).ok_or_else(|| {
        Failure::bad_request(format!("'{}' is no archive of an audit log.", body.file))
    })?;
    let mut logs = Vec::new();
    for (id, content) in files {
        logs.push(LogFile { id: id.clone(), size: content.len() as u64, archived: true });
        cx.state.files.put(&user, &id, content, cx.now);
    }
    Ok(Reply::ok(Logs { logs }))
}

fn verify(cx: &mut Context<'_>, _: &Ids<0>, body: Verify) -> Result<Reply<Verified>, Failure> {
    require_auditor(cx)?;
    let user = cx.session().user.clone();
    let secret = if body.external { imported(cx, body.source.as_deref())? } else { own(cx)? };
    let found = find(cx, &body.file).filter(|_| !body.external);
    let (file, content) = match &found {
        Some(file) => (with_folder(file), cx.audit_log.read(&file.name)),
        None => (
            body.file.clone(),
            cx.state.files.get(&user, &body.file).map(|row| row.content.clone()),
        ),
    };
    let content = content.ok_or_else(|| no_log(&body.file))?;
    let refuse = |flaw: Flaw| {
        Failure::new(400, NOT_VERIFIED, "The log is not verified.")
            .details(format!("{file}: {flaw}."))
    };
    let verified = verify_records(&*secret, &content, (body.start, body.end)).map_err(refuse)?;
    let chain = cx.state.audit.chain.get();
    let current = file_name(cx.state.hsm.hsm.get().serial, chain.file);
    let own = found.as_ref().map(|file| file.name == current);
    let complete = match own {
        _ if body.end.is_some() => true,
        // The HSM knows how far its log came.
        Some(true) if verified.last < chain.number => {
            return Err(refuse(Flaw::CutAfter(verified.last)));
        }
        Some(true) => true,
        Some(false) if !verified.closed => return Err(refuse(Flaw::CutAfter(verified.last))),
        _ => verified.closed,
    };
    let (first, last) = (verified.first, verified.last);
    Ok(Reply::ok(Verified { file, first, last, complete }))
}
