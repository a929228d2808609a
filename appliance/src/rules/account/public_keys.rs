//! The SSH public keys of an account: `/emulator/lunash/users/{userid}/publicKeys`.
//!
//! The product has no REST resource for them; `my public-key` and `sysconf ssh publickey` show the
//! same keys.

use luna_rest::Nothing;
use luna_rest::users::{
    ADD_KEY, CLEAR_KEYS, DELETE_KEY, KEYS, NO_KEY, NewPublicKey, PublicKey, PublicKeys,
};

use crate::core::message::{Failure, Reply};
use crate::core::text::is_name;
use crate::request::context::Context;
use crate::request::route::{EVERYONE, Ids, Routes};
use crate::rules::account::ssh_key;
use crate::rules::account::users::{find, may_act_on};
use crate::state::users::PublicKeyRow;

pub(crate) fn routes(r: &mut Routes) {
    r.on(&KEYS, EVERYONE, list);
    r.on(&ADD_KEY, EVERYONE, add);
    r.on(&CLEAR_KEYS, EVERYONE, clear);
    r.on(&DELETE_KEY, EVERYONE, delete);
}

/// The keys of the account in the path, which must be one's own unless one is an administrator.
fn keys<'c>(cx: &'c mut Context<'_>, user: &str) -> Result<&'c mut Vec<PublicKeyRow>, Failure> {
    may_act_on(cx, user)?;
    Ok(&mut find(cx, user)?.public_keys)
}

fn shown(row: &PublicKeyRow) -> PublicKey {
    let PublicKeyRow { name, kind, bits, fingerprint } = row.clone();
    PublicKey { name, kind, bits, fingerprint }
}

fn list(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<PublicKeys>, Failure> {
    Ok(Reply::ok(PublicKeys { public_keys: keys(cx, &ids[0])?.iter().map(shown).collect() }))
}

fn add(
    cx: &mut Context<'_>,
    ids: &Ids<1>,
    body: NewPublicKey,
) -> Result<Reply<PublicKey>, Failure> {
    keys(cx, &ids[0])?;
    let text = match (body.key, &body.file) {
        (Some(key), None) => key,
        (None, Some(file)) => {
            let found = cx.state.files.get(&cx.session().user, file).ok_or_else(|| {
                Failure::new(404, "SERVERPLUGIN_FILEID_DOES_NOT_EXIST", "The file does not exist.")
                    .details(format!("There is no file '{file}'."))
            })?;
            String::from_utf8(found.content.clone()).unwrap_or_default()
        }
        _ => return Err(Failure::bad_request("Give either 'key' or 'file'.")),
    };
    let refuse = |why: String| {
        Failure::new(400, "LUNASH_PUBLIC_KEY_INVALID", "This is not a usable public key.")
            .details(why)
    };
    let read = ssh_key::read(&text).map_err(refuse)?;
    let name = body.name.unwrap_or_else(|| read.comment.to_owned());
    // A name becomes part of a path.
    if !is_name(&name, 64, |_, c| (' '..='~').contains(&c) && !"/\\".contains(c)) {
        return Err(refuse(
            "Its name, the comment behind the key, has to have 1 to 64 printable ASCII characters \
             without slashes."
                .to_owned(),
        ));
    }
    let key = PublicKeyRow {
        name,
        kind: read.kind.to_owned(),
        bits: read.bits,
        fingerprint: read.fingerprint,
    };
    let keys = keys(cx, &ids[0])?;
    if keys.iter().any(|known| known.name == key.name || known.fingerprint == key.fingerprint) {
        let id = "LUNASH_PUBLIC_KEY_ALREADY_EXISTS";
        return Err(Failure::new(409, id, "The public key exists already.").details(format!(
            "There is a public key '{}' or one with the same fingerprint already.",
            key.name
        )));
    }
    let answer = shown(&key);
    keys.push(key);
    keys.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Reply::ok(answer))
}

fn clear(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    keys(cx, &ids[0])?.clear();
    Ok(Reply::done())
}

fn delete(cx: &mut Context<'_>, ids: &Ids<2>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    let keys = keys(cx, &ids[0])?;
    let Some(place) = keys.iter().position(|key| key.name == ids[1]) else {
        return Err(Failure::new(404, NO_KEY, "The public key does not exist.")
            .details(format!("There is no public key '{}'.", &ids[1])));
    };
    keys.remove(place);
    Ok(Reply::done())
}

#[cfg(test)]
mod tests {
    use crate::rules::account::public_keys::NO_KEY;
    use crate::rules::account::ssh_key::tests::ED25519;
    use crate::test_machine::TestMachine;
    use serde_json::json;

    const KEYS: &str = "/emulator/lunash/users/admin/publicKeys";

    #[test]
    fn keys_are_added_by_text_or_file_and_removed() {
        let mut bench = TestMachine::new();
        assert_eq!(bench.post(KEYS, json!({"key": ED25519})).json()["name"], "root@pinky");
        let twice = bench.post(KEYS, json!({"key": ED25519, "name": "other"}));
        assert_eq!(twice.error(), (409, "LUNASH_PUBLIC_KEY_ALREADY_EXISTS"));
        bench.restart();
        let listed = bench.get(KEYS).json();
        assert_eq!(listed["publicKeys"][0]["type"], "ssh-ed25519");
        assert_eq!(listed["publicKeys"][0]["bits"], 256);
        assert_eq!(bench.delete(&format!("{KEYS}/root%40pinky")).status, 204);
        assert_eq!(bench.delete(&format!("{KEYS}/root%40pinky")).error(), (404, NO_KEY));
        bench.upload("/users/admin/files", "key.txt", ED25519.as_bytes());
        assert_eq!(bench.post(KEYS, json!({"file": "key.txt", "name": "me"})).status, 200);
        assert_eq!(bench.delete(KEYS).status, 204);
        assert_eq!(bench.get(KEYS).json(), json!({"publicKeys": []}));
    }

    #[test]
    fn garbage_and_nameless_keys_are_refused() {
        let mut bench = TestMachine::new();
        let invalid = (400, "LUNASH_PUBLIC_KEY_INVALID");
        assert_eq!(bench.post(KEYS, json!({"key": "hello"})).error(), invalid);
        let nameless = ED25519.trim_end_matches(" root@pinky");
        assert_eq!(bench.post(KEYS, json!({"key": nameless})).error(), invalid);
        assert_eq!(bench.post(KEYS, json!({"key": nameless, "name": "a/b"})).error(), invalid);
        let both = json!({"key": nameless, "file": "key.txt"});
        assert_eq!(bench.post(KEYS, both).error(), (400, "FRAMEWORK_BAD_REQUEST"));
        assert_eq!(bench.post(KEYS, json!({"file": "key.txt"})).status, 404);
    }

    #[test]
    fn one_sees_ones_own_keys_only() {
        let mut bench = TestMachine::new();
        bench.user("jane", "Abcdef12", "monitor");
        bench.login("jane", "Abcdef12");
        assert_eq!(bench.get(KEYS).error(), (401, "SERVERPLUGIN_USERID_NOT_AUTHORIZED"));
        let own = "/emulator/lunash/users/jane/publicKeys";
        assert_eq!(bench.post(own, json!({"key": ED25519})).status, 200);
    }
}
