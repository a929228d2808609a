//! TLS of the appliance as a whole: its ciphers are kept and shown. NTLS and the web server, the only
//! ones that serve, have lists of their own.

use luna_rest::Nothing;
use luna_rest::tls::{CIPHERS, SET, SHOW, Tls};

use crate::core::message::{Failure, Reply};
use crate::request::context::Context;
use crate::request::route::{Ids, MONITOR, OPERATOR, Routes};
use crate::rules::ntls::settings::check_list;

pub(crate) fn routes(r: &mut Routes) {
    r.on(&SHOW, MONITOR, show);
    r.on(&SET, OPERATOR, set);
}

fn show(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Tls>, Failure> {
    Ok(Reply::ok(Tls { cipher_list: cx.state.sysconf.tls.get().ciphers.clone() }))
}

fn set(cx: &mut Context<'_>, _: &Ids<0>, new: Tls) -> Result<Reply<Nothing>, Failure> {
    cx.require_so_if_forced()?;
    let ciphers = check_list("cipherList", &new.cipher_list, CIPHERS)?;
    cx.state.sysconf.tls.get_mut().ciphers = ciphers;
    Ok(Reply::done())
}

#[cfg(test)]
mod tests {
    use crate::test_machine::TestMachine;
    use serde_json::json;

    const PATH: &str = "/emulator/lunash/sysconf/tls/ciphers";

    #[test]
    fn the_list_is_judged_and_kept_apart_from_that_of_the_web_server() {
        let mut bench = TestMachine::new();
        let all = bench.get("/api/lunasa/webServer").json()["cipherList"].clone();
        assert_eq!(bench.get(PATH).json()["cipherList"], all);
        let list = json!({"cipherList": "AES128-SHA256:tls_aes_128_gcm_sha256"});
        assert_eq!(bench.put(PATH, list).status, 204);
        bench.restart();
        let kept = json!({"cipherList": "AES128-SHA256:TLS_AES_128_GCM_SHA256"});
        assert_eq!(bench.get(PATH).json(), kept);
        assert_eq!(bench.get("/api/lunasa/webServer").json()["cipherList"], all);
        for list in ["", "RC4", "AES128-SHA256:AES128-SHA256"] {
            let refused = bench.put(PATH, json!({"cipherList": list}));
            assert_eq!(refused.error(), (400, "FRAMEWORK_BAD_REQUEST"), "{list}");
        }
        bench.user("jane", "Abcdef12", "monitor");
        bench.login("jane", "Abcdef12");
        assert_eq!(bench.get(PATH).json(), kept);
        assert_eq!(bench.put(PATH, kept).status, 401);
    }
}
