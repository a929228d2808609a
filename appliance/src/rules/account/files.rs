//! The files of an account: `/users/{userid}/files`. A user sees his own files only, whatever his role.

use std::borrow::Cow;

use flate2::{Compression, GzBuilder};
use luna_rest::Nothing;
use luna_rest::tasks::Link;
use luna_rest::users::{
    CLEAR_FILES, DELETE_FILE, DOWNLOAD, FILE, FILES, File, Files as FileList, UPLOAD,
};
use time::OffsetDateTime;

use crate::core::message::{Failure, Reply};
use crate::core::text::{clock_text, date_text, is_name};
use crate::request::context::Context;
use crate::request::route::{EVERYONE, FileKind, Ids, Routes, Upload};
use crate::rules::account::users::not_reserved;
use crate::state::files::FileRow;

pub(crate) fn routes(r: &mut Routes) {
    r.on(&FILES, EVERYONE, list);
    r.on_file(&UPLOAD, EVERYONE, FileKind::Multipart, upload);
    r.on(&CLEAR_FILES, EVERYONE, clear);
    r.on(&FILE, EVERYONE, show);
    r.on(&DELETE_FILE, EVERYONE, delete);
    r.on(&DOWNLOAD, EVERYONE, download);
}

/// The user in the path, who must be the one that asks.
fn own<'i>(cx: &Context<'_>, user: &'i str) -> Result<&'i str, Failure> {
    not_reserved(user, "used")?;
    if !cx.state.users.users.contains(user) {
        return Err(Failure::new(
            404,
            "SERVERPLUGIN_USERID_DOES_NOT_EXIST",
            "The user does not exist.",
        )
        .details(format!("There is no user '{user}'.")));
    }
    if cx.session().user != user {
        return Err(Failure::new(
            403,
            "SERVERPLUGIN_USERID_NOT_AUTHORIZED",
            "The user is not authorized.",
        )
        .details(format!("'{}' may not reach the files of '{user}'.", cx.session().user)));
    }
    Ok(user)
}

/// The appliance's own certificate, which is among the files of every administrator and operator.
/// It stays there when the files are cleared.
pub(crate) const SERVER: &str = "server.pem";

fn has_server_certificate(cx: &Context<'_>, user: &str) -> bool {
    let role = cx.state.users.users.get(user).map(|row| row.role.as_str());
    matches!(role, Some("admin" | "operator")) && !cx.state.ntls.server_certificate().is_empty()
}

/// A file of a user, or the appliance's certificate.
fn find<'a>(cx: &'a Context<'_>, user: &str, name: &str) -> Result<Cow<'a, FileRow>, Failure> {
    if name == SERVER && has_server_certificate(cx, user) {
        let server = cx.state.ntls.server.get();
        let content = server.certificate.clone().into_bytes();
        return Ok(Cow::Owned(FileRow { content, updated: server.made }));
    }
    cx.state.files.get(user, name).map(Cow::Borrowed).ok_or_else(|| no_file(name))
}

pub(crate) fn no_file(name: &str) -> Failure {
    Failure::new(404, "SERVERPLUGIN_FILEID_DOES_NOT_EXIST", "The file does not exist.")
        .details(format!("There is no file '{name}'."))
}

/// Bytes that the files of an account may have. Assumed: the product's disk is far larger, but an
/// emulated appliance shares one with others, and keeps all files in memory.
const QUOTA: u64 = if cfg!(test) { 64 << 10 } else { 256 << 20 };

/// Extensions that may be uploaded.
const EXTENSIONS: [&str; 11] =
    [".pem", ".spkg", ".auth", ".lic", ".lws", ".tar.gz", ".log", ".txt", ".tgz", ".pid", ".bin"];

/// `as_by_scp`: whether the file comes over SSH, or from the owner of the data folder in its place. Scp has no
/// list of extensions: `id_rsa.pub`, a role's file without any.
fn check_name(name: &str, as_by_scp: bool) -> Result<(), Failure> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._ ".contains(c);
    let fits = is_name(name, 64, |place, c| allowed(c) && !(place == 0 && c == '.'))
        && !name.ends_with(' ')
        && (as_by_scp
            || EXTENSIONS
                .iter()
                .any(|extension| name.len() > extension.len() && name.ends_with(extension)));
    if !fits {
        let id = "SERVERPLUGIN_INVALID_PATTERN_DETECTED";
        return Err(Failure::new(400, id, "The file name is not allowed.").details(format!(
            "A name has up to 64 letters, digits, dots, dashes, underscores and blanks, does not \
             begin with a dot, and ends with one of {}.",
            EXTENSIONS.join(" ")
        )));
    }
    if name == SERVER {
        let id = "SERVERPLUGIN_SERVER.PEM_CANNOT_BE_OVERWRITTEN";
        return Err(Failure::new(403, id, "server.pem cannot be overwritten."));
    }
    Ok(())
}

fn list(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<FileList>, Failure> {
    let user = own(cx, &ids[0])?;
    let mut names: Vec<&str> = cx.state.files.names(user).collect();
    if has_server_certificate(cx, user) {
        names.push(SERVER);
        names.sort_unstable();
    }
    let link = |name: &str| Link { id: name.to_owned(), url: FILE.path(&[user, name]) };
    Ok(Reply::ok(FileList { files: names.into_iter().map(link).collect() }))
}

fn upload(cx: &mut Context<'_>, ids: &Ids<1>, file: Upload<'_>) -> Result<Reply<Nothing>, Failure> {
    let user = own(cx, &ids[0])?;
    let session = cx.session();
    check_name(file.name, session.local || session.over_ssh_from.is_some())?;
    let replaced = cx.state.files.get(user, file.name).map_or(0, |row| row.content.len() as u64);
    let others = cx.state.files.size_of(user) - replaced;
    if others + file.content.len() as u64 > QUOTA {
        let id = "SERVER_FILE_UPLOAD_LIMIT_EXCEED";
        return Err(Failure::new(400, id, "There is no space for the file.").details(format!(
            "The files of '{user}' have {others} bytes of the {QUOTA} that an account may have; \
             delete some first.",
        )));
    }
    cx.state.files.put(user, file.name, file.content.to_vec(), cx.now);
    Ok(Reply::done())
}

fn clear(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    let user = own(cx, &ids[0])?;
    cx.state.files.clear(user);
    Ok(Reply::done())
}

fn show(cx: &mut Context<'_>, ids: &Ids<2>, _: Nothing) -> Result<Reply<File>, Failure> {
    let (user, name) = (own(cx, &ids[0])?, &ids[1]);
    Ok(Reply::ok(view(user, name, &*find(cx, user, name)?)))
}

/// A file as it is shown.
pub(crate) fn view(user: &str, name: &str, row: &FileRow) -> File {
    let updated = OffsetDateTime::from_unix_timestamp(row.updated);
    let text = |time| format!("{} {}", date_text(time), clock_text(time));
    File {
        download: DOWNLOAD.path(&[user, name]),
        last_updated: updated.map(text).unwrap_or_default(),
        size: row.content.len() as u64,
    }
}

fn delete(cx: &mut Context<'_>, ids: &Ids<2>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    let (user, name) = (own(cx, &ids[0])?, &ids[1]);
    if name == SERVER && has_server_certificate(cx, user) {
        check_name(name, false)?;
    }
    if cx.state.files.remove(user, name) { Ok(Reply::done()) } else { Err(no_file(name)) }
}

fn download(cx: &mut Context<'_>, ids: &Ids<2>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    let (user, name) = (own(cx, &ids[0])?, &ids[1]);
    let row = find(cx, user, name)?;
    pack(name, &row).map(Reply::octets).map_err(|error| Failure::internal(error.to_string()))
}

/// A tgz that holds the one file.
fn pack(name: &str, row: &FileRow) -> std::io::Result<Vec<u8>> {
    let gzip = GzBuilder::new().write(Vec::new(), Compression::default());
    let mut archive = tar::Builder::new(gzip);
    let mut header = tar::Header::new_gnu();
    header.set_size(row.content.len() as u64);
    header.set_mode(0o600);
    header.set_mtime(row.updated.try_into().unwrap_or_default());
    archive.append_data(&mut header, name, row.content.as_slice())?;
    archive.into_inner()?.finish()
}

#[cfg(test)]
mod tests {
    use crate::test_machine::TestMachine;
    use std::io::Read;

    const FILES: &str = "/users/admin/files";

    #[test]
    fn a_file_comes_back_as_it_went_in() {
        let mut bench = TestMachine::new();
        assert_eq!(bench.upload(FILES, "my cert.pem", b"\x00\xff text").status, 204);
        bench.restart();
        let listed = bench.get(FILES).json();
        assert_eq!(listed["files"][0]["id"], "my cert.pem");
        assert_eq!(listed["files"][0]["url"], "/users/admin/files/my%20cert.pem");
        let shown = bench.get("/users/admin/files/my%20cert.pem").json();
        assert_eq!(shown["size"], 7);
        assert_eq!(shown["lastUpdated"], "2025-01-02 03:04:05");
        let packed = bench.get(shown["download"].as_str().unwrap()).body;
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(packed.as_slice()));
        let mut entry = archive.entries().unwrap().next().unwrap().unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        assert_eq!(entry.path().unwrap().to_str(), Some("my cert.pem"));
        assert_eq!(content, b"\x00\xff text");
    }

    #[test]
    fn an_account_has_so_much_space_and_no_more() {
        let mut bench = TestMachine::new();
        let half = vec![0; super::QUOTA as usize / 2];
        assert_eq!(bench.upload(FILES, "a.bin", &half).status, 204);
        assert_eq!(bench.upload(FILES, "b.bin", &half).status, 204);
        let full = bench.upload(FILES, "c.bin", b"x");
        assert_eq!(full.error(), (400, "SERVER_FILE_UPLOAD_LIMIT_EXCEED"));
        assert!(full.text().contains("delete some first"), "{}", full.text());
        // A file takes its own place.
        assert_eq!(bench.upload(FILES, "b.bin", &half).status, 204);
        bench.delete("/users/admin/files/a.bin");
        assert_eq!(bench.upload(FILES, "c.bin", b"x").status, 204);
    }

    #[test]
    fn administrators_and_operators_find_the_appliances_certificate() {
        let mut bench = TestMachine::new();
        let shown = bench.get("/users/admin/files/server.pem").json();
        assert_eq!(shown["lastUpdated"], "2025-01-02 03:04:05");
        let pem = bench.machine.state.ntls.server_certificate();
        assert_eq!(shown["size"], pem.len());
        assert_eq!(bench.get(shown["download"].as_str().unwrap()).status, 200);
        let delete = bench.delete("/users/admin/files/server.pem");
        assert_eq!(delete.error(), (403, "SERVERPLUGIN_SERVER.PEM_CANNOT_BE_OVERWRITTEN"));
        for (user, role, count) in [("olga", "operator", 1), ("mona", "monitor", 0)] {
            bench.user(user, "Abcdef12", role);
            bench.login(user, "Abcdef12");
            let files = bench.get(&format!("/users/{user}/files")).json();
            assert_eq!(files["files"].as_array().unwrap().len(), count, "{role}");
        }
        let none = bench.get("/users/mona/files/server.pem");
        assert_eq!(none.error(), (404, "SERVERPLUGIN_FILEID_DOES_NOT_EXIST"));
    }

    #[test]
    fn names_are_judged_and_one_file_comes_at_a_time() {
        let mut bench = TestMachine::new();
        let pattern = (400, "SERVERPLUGIN_INVALID_PATTERN_DETECTED");
        for name in ["", ".pem", ".x.pem", "a/b.pem", "x.pem ", "../x.pem"] {
            assert_eq!(bench.upload(FILES, name, b"x").error(), pattern, "{name}");
        }
        assert_eq!(bench.upload(FILES, "id_rsa.pub", b"x").status, 204, "as with scp");
        bench.user("jane", "Abcdef12", "operator");
        bench.login("jane", "Abcdef12");
        for name in ["x", "x.exe", ".pem"] {
            let refused = bench.upload("/users/jane/files", name, b"x");
            assert_eq!(refused.error(), pattern, "{name}");
        }
        bench.local_login();
        let server = bench.upload(FILES, "server.pem", b"x");
        assert_eq!(server.error(), (403, "SERVERPLUGIN_SERVER.PEM_CANNOT_BE_OVERWRITTEN"));
        let plain = bench.post(FILES, serde_json::json!({}));
        assert_eq!(plain.error(), (400, "SERVER_REQUEST_NOT_APPROPRIATE"));
    }

    #[test]
    fn files_are_deleted_one_by_one_or_all_and_only_by_their_owner() {
        let mut bench = TestMachine::new();
        for name in ["a.txt", "b.txt", "c.txt"] {
            bench.upload(FILES, name, b"x");
        }
        assert_eq!(bench.delete("/users/admin/files/a.txt").status, 204);
        let again = bench.delete("/users/admin/files/a.txt");
        assert_eq!(again.error(), (404, "SERVERPLUGIN_FILEID_DOES_NOT_EXIST"));
        bench.user("jane", "Abcdef12", "admin");
        bench.login("jane", "Abcdef12");
        assert_eq!(bench.get(FILES).error(), (403, "SERVERPLUGIN_USERID_NOT_AUTHORIZED"));
        let system = (403, "SERVERPLUGIN_USERID_RESERVED_FOR_SYSTEM_USE");
        assert_eq!(bench.get("/users/sshd/files").error(), system);
        bench.local_login();
        assert_eq!(bench.delete(FILES).status, 204);
        let left = bench.get(FILES).json();
        assert_eq!(left["files"][0]["id"], "server.pem");
        assert_eq!(left["files"].as_array().unwrap().len(), 1);
    }
}
