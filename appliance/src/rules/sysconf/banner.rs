//! The text that is shown at every login. It is kept as it is in its file; who shows it makes what
//! would command a terminal visible.

use luna_rest::Nothing;
use luna_rest::sysconf::{CLEAR_BANNER, NewBanner, SET_BANNER};

use crate::core::message::{Failure, Reply};
use crate::request::context::Context;
use crate::request::route::{ADMIN, Ids, Routes};

pub(crate) fn routes(r: &mut Routes) {
    r.on(&SET_BANNER, ADMIN, set);
    r.on(&CLEAR_BANNER, ADMIN, clear);
}

/// The longest banner, in bytes.
const LONGEST: usize = 8 << 10;

fn set(cx: &mut Context<'_>, _: &Ids<0>, body: NewBanner) -> Result<Reply<Nothing>, Failure> {
    cx.require_so()?;
    let user = &cx.session().user;
    let Some(file) = cx.state.files.get(user, &body.file) else {
        let id = "SERVERPLUGIN_FILEID_DOES_NOT_EXIST";
        return Err(Failure::new(404, id, "The file does not exist.")
            .details(format!("There is no file '{}'.", body.file)));
    };
    let ascii = std::str::from_utf8(&file.content).ok().filter(|text| text.is_ascii());
    let text =
        ascii.ok_or_else(|| Failure::bad_request(format!("'{}' is not ASCII text.", body.file)))?;
    if text.trim().is_empty() || text.len() > LONGEST {
        return Err(Failure::bad_request(format!(
            "A banner has 1 to {LONGEST} bytes of text; '{}' has {}.",
            body.file,
            text.trim().len()
        )));
    }
    let text = text.to_owned();
    cx.state.sysconf.banner.set(text);
    Ok(Reply::done())
}

fn clear(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    cx.require_so()?;
    cx.state.sysconf.banner.set(String::new());
    Ok(Reply::done())
}

#[cfg(test)]
mod tests {
    use crate::test_machine::TestMachine;
    use serde_json::json;

    const BANNER: &str = "/emulator/lunash/banner";

    fn log_in_so(bench: &mut TestMachine) {
        for session in bench.machine.sessions.iter_mut() {
            session.hsm_logins.insert("so".into());
        }
    }

    #[test]
    fn a_banner_comes_from_a_file_and_stays_without_it() {
        let mut bench = TestMachine::new();
        let refused = bench.put(BANNER, json!({"file": "banner.txt"}));
        assert_eq!(refused.error(), (400, "APPLIANCE_REQUIRE_SO_LOGIN"));
        log_in_so(&mut bench);
        let missing = bench.put(BANNER, json!({"file": "banner.txt"}));
        assert_eq!(missing.error(), (404, "SERVERPLUGIN_FILEID_DOES_NOT_EXIST"));
        bench.upload("/users/admin/files", "banner.txt", b"Keep\nout.\n");
        assert_eq!(bench.put(BANNER, json!({"file": "banner.txt"})).status, 204);
        assert_eq!(bench.delete("/users/admin/files/banner.txt").status, 204);
        bench.restart();
        assert_eq!(bench.get("/api/lunasa").json()["banner"], json!(["Keep", "out."]));
        log_in_so(&mut bench);
        assert_eq!(bench.delete(BANNER).status, 204);
        assert_eq!(bench.get("/api/lunasa").json().get("banner"), None);
    }

    #[test]
    fn what_is_no_text_is_no_banner() {
        let mut bench = TestMachine::new();
        log_in_so(&mut bench);
        let long = vec![b'x'; (8 << 10) + 1];
        for content in ["café".as_bytes(), b" \n", &long] {
            bench.upload("/users/admin/files", "banner.txt", content);
            let refused = bench.put(BANNER, json!({"file": "banner.txt"}));
            assert_eq!(refused.error(), (400, "FRAMEWORK_BAD_REQUEST"));
            assert_eq!(bench.delete("/users/admin/files/banner.txt").status, 204);
        }
    }
}
