//! The files of the audit log: listed, shown, packed, removed, verified.

use std::io::Read;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use luna_rest::Nothing;
use luna_rest::audit::{
    CLEAR, LOGS, LogFile, Logs, NO_LOG, NOT_VERIFIED, PACK, Packed, PackedLogs, TAIL, Tail, UNPACK,
    VERIFY, Verified, Verify,
};
use luna_rest::syslog::Lines;

use crate::core::audit::{
    ARCHIVE, AuditFile, ENDS, Flaw, last_time, messages, verify as verify_records,
};
use crate::core::message::{Failure, Reply};
use crate::request::context::Context;
use crate::request::logs::printable;
use crate::request::route::{AUDIT, Ids, Routes};
use crate::rules::audit::auditor::require_auditor;
use crate::rules::audit::secrets::{effective, imported};
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
        modified: last_time(&cx.audit_log.read(&file.name).unwrap_or_default()),
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
    let most = body.entries.unwrap_or(usize::MAX);
    let mut lines = Vec::new();
    for file in files.iter().rev() {
        let content = cx.audit_log.read(&file.name).unwrap_or_default();
        lines.extend(messages(&content).rev().take(most - lines.len()));
        if lines.len() == most {
            break;
        }
    }
    // As documented, the text is looked for within the entries that are wanted.
    lines.retain(|line| body.search.as_ref().is_none_or(|text| line.contains(text)));
    lines.reverse();
    Ok(Reply::ok(Lines { lines }))
}

/// A file or, without content, a folder of an archive, by its path there.
type Entry = (String, Option<Vec<u8>>);

/// What an archive of the log holds: below a folder named after the HSM its files, and its log secret
/// where that was exported. The order is that of the vendor's example.
fn entries(cx: &Context<'_>) -> Vec<Entry> {
    let serial = cx.state.hsm.hsm.get().serial;
    let mut files = cx.audit_log.list();
    files.sort_by_key(|file| !file.archived);
    let file = |file: AuditFile| {
        let content = cx.audit_log.read(&file.name).unwrap_or_default();
        (format!("{serial}/{}", with_folder(&file)), Some(content))
    };
    let folders = [format!("{serial}/"), format!("{serial}/{ARCHIVE}/")];
    let secret = format!("{serial}.lws");
    let exported = cx.state.files.get(&cx.session().user, &secret);
    let secret = exported.map(|row| (format!("{serial}/{secret}"), Some(row.content.clone())));
    folders
        .map(|folder| (folder, None))
        .into_iter()
        .chain(files.into_iter().map(file))
        .chain(secret)
        .collect()
}

/// A tgz of it.
fn packed(entries: &[Entry], now: i64) -> std::io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, content) in entries {
        let mut header = tar::Header::new_gnu();
        let (kind, mode) = match content {
            Some(_) => (tar::EntryType::Regular, 0o600),
            None => (tar::EntryType::Directory, 0o700),
        };
        header.set_entry_type(kind);
        header.set_mode(mode);
        let content = content.as_deref().unwrap_or_default();
        header.set_size(content.len() as u64);
        header.set_mtime(now.try_into().unwrap_or_default());
        archive.append_data(&mut header, path, content)?;
    }
    archive.into_inner()?.finish()
}

fn pack(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<PackedLogs>, Failure> {
    let failed = |error: std::io::Error| Failure::internal(error.to_string());
    let entries = entries(cx);
    let content = packed(&entries, cx.now.unix_timestamp()).map_err(failed)?;
    let file = format!("audit-{}.tgz", cx.state.hsm.hsm.get().serial);
    let user = cx.session().user.clone();
    cx.state.files.put(&user, &file, content, cx.now);
    let entries = entries.into_iter().map(|(path, _)| path).collect();
    Ok(Reply::ok(PackedLogs { file, entries }))
}

/// Whether a file of an archive is one that [`pack`] puts there.
fn is_known(name: &str) -> bool {
    let serial = name.strip_suffix(".lws");
    name.starts_with("hsm_") && name.ends_with(".log")
        || serial.is_some_and(|serial| serial.parse::<u64>().is_ok())
}

/// The logs of an archive, with its folders.
fn unpacked(archive: &[u8]) -> std::io::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    let mut room = 2 * LIMIT;
    for entry in tar::Archive::new(GzDecoder::new(archive)).entries()? {
        let entry = entry?;
        let path = printable(&entry.path()?.to_string_lossy());
        if entry.header().entry_type().is_dir() {
            entries.push((path, None));
            continue;
        }
        if !is_known(base_name(&path)) {
            continue;
        }
        let mut content = Vec::new();
        room -= entry.take(room).read_to_end(&mut content)? as u64;
        if room == 0 {
            return Err(std::io::Error::other("it holds more than a log can"));
        }
        entries.push((path, Some(content)));
    }
    Ok(entries)
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

/// Assumed: an account's files have no folders, so that logs are found there by their names.
fn unpack(cx: &mut Context<'_>, _: &Ids<0>, body: Packed) -> Result<Reply<PackedLogs>, Failure> {
    let user = cx.session().user.clone();
    let row = cx.state.files.get(&user, &body.file).ok_or_else(|| no_log(&body.file))?;
    let has_log = |entries: &Vec<Entry>| entries.iter().any(|(_, content)| content.is_some());
    let found = unpacked(&row.content).ok().filter(has_log).ok_or_else(|| {
        Failure::bad_request(format!("'{}' is no archive of an audit log.", body.file))
    })?;
    let mut entries = Vec::new();
    for (path, content) in found {
        if let Some(content) = content {
            cx.state.files.put(&user, base_name(&path), content, cx.now);
        }
        entries.push(path);
    }
    Ok(Reply::ok(PackedLogs { file: body.file, entries }))
}

/// The serial number in the name of a log.
fn source_of(file: &str) -> Option<&str> {
    base_name(file).strip_prefix("hsm_")?.split('_').next()
}

/// Where a log of the account lies, as the product shows it.
fn place(user: &str, file: &str, content: &[u8]) -> String {
    let closed = messages(content).next_back().is_some_and(|last| last.contains(ENDS));
    let folder = if closed { format!("{ARCHIVE}/") } else { String::new() };
    let serial = source_of(file).map(|serial| format!("{serial}/")).unwrap_or_default();
    format!("/home/{user}/lush_files/{serial}{folder}{file}")
}

fn verify(cx: &mut Context<'_>, _: &Ids<0>, body: Verify) -> Result<Reply<Verified>, Failure> {
    require_auditor(cx)?;
    let user = cx.session().user.clone();
    let serial = cx.state.hsm.hsm.get().serial.to_string();
    let external = body.external || body.source.as_ref().is_some_and(|source| *source != serial);
    let secret = if external { imported(cx, body.source.as_deref())? } else { effective(cx)? };
    let found = find(cx, &body.file).filter(|_| !external);
    let (file, content) = match &found {
        Some(file) => (Some(with_folder(file)), cx.audit_log.read(&file.name)),
        None => (None, cx.state.files.get(&user, &body.file).map(|row| row.content.clone())),
    };
    let content = content.ok_or_else(|| no_log(&body.file))?;
    let file = file.unwrap_or_else(|| place(&user, &body.file, &content));
    let source = body.source.as_deref().or(source_of(&body.file)).unwrap_or(&serial).to_owned();
    let refuse = |flaw: Flaw| {
        Failure::new(400, NOT_VERIFIED, "The log is not verified.")
            .details(format!("{}: {flaw}.", body.file))
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
    Ok(Reply::ok(Verified { file, source, first, last, complete }))
}
