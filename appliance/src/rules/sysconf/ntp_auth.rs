//! How NTP servers are authenticated: symmetric keys, and AutoKey. No value of a key is ever shown.

use luna_rest::Nothing;
use luna_rest::ntp::{
    ADD_KEY, Autokey, CLEAR_KEYS, CLEAR_TRUST, DELETE_KEY, DISTRUST_KEY, GENERATE_AUTOKEY,
    INSTALL_SCHEME, KEY_EXISTS, KEYS, Key, Keys, NO_KEY, NewKey, Scheme, TRUST_KEY,
};

use crate::core::message::{Failure, Reply};
use crate::core::random;
use crate::core::random::from_hex;
use crate::request::context::Context;
use crate::request::route::{EVERYONE, Ids, OPERATOR, Routes};
use crate::state::sysconf::{NtpKeyRow, SchemeRow, key_name};

pub(crate) fn routes(r: &mut Routes) {
    r.on(&KEYS, EVERYONE, keys);
    r.on(&ADD_KEY, OPERATOR, add_key);
    r.on(&CLEAR_KEYS, OPERATOR, clear_keys);
    r.on(&DELETE_KEY, OPERATOR, delete_key);
    r.on(&TRUST_KEY, OPERATOR, trust_key);
    r.on(&DISTRUST_KEY, OPERATOR, distrust_key);
    r.on(&CLEAR_TRUST, OPERATOR, clear_trust);
    r.on(&GENERATE_AUTOKEY, OPERATOR, generate_autokey);
    r.on(&INSTALL_SCHEME, OPERATOR, install_scheme);
}

fn key_of(id: &str) -> Result<String, Failure> {
    let number = id.parse().ok().filter(|number| *number > 0);
    number
        .map(key_name)
        .ok_or_else(|| Failure::bad_request(format!("'{id}' is not one of 1 to 65535.")))
}

fn no_key(id: &str, what: &str) -> Failure {
    let id = id.trim_start_matches('0');
    Failure::new(404, NO_KEY, "The NTP key does not exist.").details(format!("{what} {id}."))
}

fn keys(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Keys>, Failure> {
    let key = |(id, row): (&str, &NtpKeyRow)| Key {
        id: id.parse().unwrap_or_default(),
        kind: row.kind.clone(),
        trusted: row.trusted,
    };
    Ok(Reply::ok(Keys { keys: cx.state.sysconf.ntp_keys.iter().map(key).collect() }))
}

/// Algorithms of software 7.9.0 and newer.
const ALGORITHMS: [&str; 9] = [
    "SHA256", "SHA384", "SHA512", "SHA3-224", "SHA3-256", "SHA3-384", "SHA3-512", "AES128",
    "AES256",
];

/// Whether a value fits its type. The value itself is in no message.
fn check_value(kind: &str, value: &str) -> Result<(), Failure> {
    let plain = value.bytes().all(|c| c.is_ascii_graphic() && c != b'#');
    let fits = match kind {
        "M" => plain && (1..=31).contains(&value.len()),
        "A" => plain && (1..=8).contains(&value.len()),
        // Eight bytes of odd parity, whichever bit of them is the one of parity.
        "S" | "N" => {
            let odd = |bytes: Vec<u8>| bytes.iter().all(|byte| byte.count_ones() % 2 == 1);
            value.len() == 16 && from_hex(value).is_some_and(odd)
        }
        // Assumed: text as for M, or up to 4096 bits in hexadecimal.
        _ => plain && (1..=1024).contains(&value.len()),
    };
    if fits {
        return Ok(());
    }
    Err(Failure::bad_request(match kind {
        "M" => "A key of type M has 1 to 31 ASCII characters without blanks and '#'.",
        "A" => "A key of type A has 1 to 8 ASCII characters without blanks and '#'.",
        "S" | "N" => "A key of type S or N has 16 hexadecimal digits, each byte of odd parity.",
        _ => "The key has 1 to 1024 ASCII characters without blanks and '#'.",
    }))
}

fn add_key(cx: &mut Context<'_>, _: &Ids<0>, body: NewKey) -> Result<Reply<Nothing>, Failure> {
    if body.id == 0 {
        return Err(Failure::bad_request("'id' is 1 to 65535."));
    }
    let old = ["M", "S", "A", "N"].contains(&body.kind.as_str());
    if !old && !ALGORITHMS.contains(&body.kind.as_str()) {
        return Err(Failure::bad_request(format!(
            "'type' is one of M, S, A, N, {}.",
            ALGORITHMS.join(", ")
        )));
    }
    let value = match (body.value, body.length) {
        (Some(value), None) => {
            check_value(&body.kind, value.expose())?;
            value
        }
        (None, Some(length)) if !old && (128..=4096).contains(&length) && length % 8 == 0 => {
            let mut bytes = Vec::new();
            while bytes.len() < usize::from(length / 8) {
                bytes.extend(cx.random().block());
            }
            bytes.truncate(usize::from(length / 8));
            random::hex(&bytes).into()
        }
        (None, Some(_)) => {
            return Err(Failure::bad_request(
                "'length' is 128 to 4096, in whole bytes, and goes with an algorithm.",
            ));
        }
        _ => return Err(Failure::bad_request("Give either 'value' or 'length'.")),
    };
    let name = key_name(body.id);
    if cx.state.sysconf.ntp_keys.contains(&name) {
        return Err(Failure::new(400, KEY_EXISTS, "The NTP key exists already.")
            .details(format!("There is a symmetric key {} already.", body.id)));
    }
    cx.state.sysconf.ntp_keys.insert(name, NtpKeyRow { kind: body.kind, value, trusted: false });
    Ok(Reply::done())
}

fn clear_keys(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    cx.state.sysconf.ntp_keys.retain(|_, _| false);
    Ok(Reply::done())
}

fn delete_key(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    let key = key_of(&ids[0])?;
    let gone = cx.state.sysconf.ntp_keys.remove(&key);
    gone.map(|_| Reply::done()).ok_or_else(|| no_key(&key, "There is no symmetric key"))
}

fn trust_key(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    let key = key_of(&ids[0])?;
    let row = cx.state.sysconf.ntp_keys.get_mut(&key);
    row.ok_or_else(|| no_key(&key, "There is no symmetric key"))?.trusted = true;
    Ok(Reply::done())
}

fn distrust_key(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    let key = key_of(&ids[0])?;
    let row = cx.state.sysconf.ntp_keys.get_mut(&key).filter(|row| row.trusted);
    row.ok_or_else(|| no_key(&key, "There is no trusted key"))?.trusted = false;
    Ok(Reply::done())
}

fn clear_trust(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    let keys: Vec<String> = cx.state.sysconf.ntp_keys.keys().map(str::to_owned).collect();
    for key in keys {
        if let Some(row) = cx.state.sysconf.ntp_keys.get_mut(&key) {
            row.trusted = false;
        }
    }
    Ok(Reply::done())
}

/// The password would protect the key; the emulated key does nothing, so it is not kept.
fn generate_autokey(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    body: Autokey,
) -> Result<Reply<Nothing>, Failure> {
    if body.password.is_empty() {
        return Err(Failure::bad_request("'password' is empty."));
    }
    cx.state.sysconf.ntp.get_mut().autokey = Some(cx.now.unix_timestamp());
    Ok(Reply::done())
}

fn install_scheme(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    body: Scheme,
) -> Result<Reply<Nothing>, Failure> {
    if !["IFF", "GQ", "MV"].contains(&body.scheme.as_str()) {
        return Err(Failure::bad_request("'scheme' is one of IFF, GQ, MV."));
    }
    let user = &cx.session().user;
    if cx.state.files.get(user, &body.file).is_none() {
        let id = "SERVERPLUGIN_FILEID_DOES_NOT_EXIST";
        return Err(Failure::new(404, id, "The file does not exist.")
            .details(format!("There is no file '{}'.", body.file)));
    }
    let schemes = &mut cx.state.sysconf.ntp.get_mut().schemes;
    schemes.retain(|known| known.scheme != body.scheme);
    schemes.push(SchemeRow { scheme: body.scheme, file: body.file });
    Ok(Reply::done())
}

#[cfg(test)]
mod tests {
    use crate::test_machine::TestMachine;
    use serde_json::json;

    const SERVERS: &str = "/api/lunasa/ntp/servers";
    const KEYS: &str = "/emulator/lunash/ntp/keys";

    #[test]
    fn a_key_counts_once_it_is_trusted_and_never_shows() {
        let mut bench = TestMachine::new();
        let key = json!({"id": 7, "type": "M", "value": "s3cret-value"});
        assert_eq!(bench.post(KEYS, key.clone()).status, 204);
        assert_eq!(bench.post(KEYS, key).error(), (400, "NTP_KEY_ALREADY_EXISTS"));
        let shown = bench.get(KEYS);
        assert!(!shown.text().contains("s3cret"));
        assert_eq!(shown.json()["keys"], json!([{"id": 7, "type": "M", "trusted": false}]));
        let server = json!({"address": "x", "keyId": 7});
        assert_eq!(
            bench.post(SERVERS, server.clone()).error(),
            (400, "NTP_INVALID_AUTHENTICATION")
        );
        let trust = |id| format!("/emulator/lunash/ntp/trustedKeys/{id}");
        assert_eq!(bench.put(&trust(8), json!({})).error(), (404, "NTP_KEY_DOES_NOT_EXIST"));
        assert_eq!(bench.put(&trust(7), json!({})).status, 204);
        bench.post(SERVERS, server).created();
        bench.restart();
        assert_eq!(bench.get(KEYS).json()["keys"][0]["trusted"], true);
        assert_eq!(bench.delete(&trust(7)).status, 204);
        assert_eq!(bench.delete(&trust(7)).error(), (404, "NTP_KEY_DOES_NOT_EXIST"));
        assert_eq!(bench.delete(&format!("{KEYS}/7")).status, 204);
        assert_eq!(bench.get(KEYS).json()["keys"], json!([]));
    }

    #[test]
    fn values_fit_their_type() {
        let mut bench = TestMachine::new();
        let mut id = 0;
        let mut add = |kind: &str, value: &str| {
            id += 1;
            let answer = bench.post(KEYS, json!({"id": id, "type": kind, "value": value}));
            assert!(value.is_empty() || !answer.text().contains(value), "{}", answer.text());
            answer.status
        };
        assert_eq!(add("M", &"x".repeat(31)), 204);
        assert_eq!(add("M", &"x".repeat(32)), 400);
        assert_eq!(add("M", "with blank"), 400);
        assert_eq!(add("A", "12345678"), 204);
        assert_eq!(add("A", "123456789"), 400);
        assert_eq!(add("S", "0123456789abcdef"), 204);
        assert_eq!(add("S", "0123456789abcdee"), 400, "parity of the last byte");
        assert_eq!(add("N", "0101010101010101"), 204);
        assert_eq!(add("SHA256", "anything"), 204);
        assert_eq!(add("MD5", "anything"), 400);
        let made = bench.post(KEYS, json!({"id": 99, "type": "AES128", "length": 128}));
        assert_eq!(made.status, 204);
        let row = bench.machine.state.sysconf.ntp_keys.get("00099").unwrap();
        assert_eq!(row.value.expose().len(), 32);
        assert!(!format!("{row:?}").contains(row.value.expose()));
        let both = json!({"id": 98, "type": "AES128", "length": 128, "value": "x"});
        assert_eq!(bench.post(KEYS, both).status, 400);
    }

    #[test]
    fn autokey_needs_its_key_and_its_file() {
        let mut bench = TestMachine::new();
        let path = "/emulator/lunash/ntp/autokey";
        assert_eq!(bench.put(path, json!({"password": "Secret99"})).status, 204);
        assert_eq!(bench.get("/api/lunasa/ntp").json()["isAutokeyConfigured"], true);
        bench.post(SERVERS, json!({"address": "x", "isAutokeyEnabled": true})).created();
        let schemes = format!("{path}/schemes");
        let scheme = json!({"scheme": "IFF", "file": "iff.txt"});
        let missing = bench.post(&schemes, scheme.clone());
        assert_eq!(missing.error(), (404, "SERVERPLUGIN_FILEID_DOES_NOT_EXIST"));
        bench.upload("/users/admin/files", "iff.txt", b"key");
        assert_eq!(bench.post(&schemes, scheme).status, 204);
        assert_eq!(bench.post(&schemes, json!({"scheme": "XX", "file": "iff.txt"})).status, 400);
    }
}
