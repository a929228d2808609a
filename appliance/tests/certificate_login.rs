//! The login with a certificate, as a script with curl and openssl does it.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::process::Command;

use common::Process;
use luna_rest::Secret;
use luna_rest::users::{self, UserAction};
use tempfile::tempdir;

const LOGIN: &str = r#"
set -eu
call() { # METHOD PATH BODY [OPTION…], with the cookies of this folder
    method=$1 path=$2 body=$3
    shift 3
    curl --silent --show-error --fail-with-body --cacert appliance.pem \
        --cookie cookies --cookie-jar cookies \
        --header 'Content-Type: application/vnd.safenetinc.lunasa+json;version=' \
        --request "$method" --data "$body" "$@" "$URL$path"
}
member() { sed -n 's/.*"'"$1"'": *"\([^"]*\)".*/\1/p' challenge.json; }
bytes() { od -An -v -tu1 "$1" | tr -s ' \n' '\n\n' | sed '/^$/d'; }

openssl x509 -in "$DATA/web.pem" -out appliance.pem
openssl req -x509 -newkey rsa:3072 -nodes -subj /CN=admin -keyout key.pem -out own.pem 2> made
own=$(sed 's/$/\\n/' own.pem | tr -d '\n')
call POST /users/admin/certificates "{\"certificate\": \"$own\"}" --user admin:Abcdef12

call POST /auth/login/challenge "{\"username\": \"admin\", \"certificate\": \"$own\"}" > challenge.json
member challenge | openssl base64 -d -A > challenge
member nonce | openssl base64 -d -A > nonce
printf '%b' "$(member certificate)" > server.pem
openssl pkeyutl -decrypt -inkey key.pem -pkeyopt rsa_padding_mode:pkcs1 -in challenge -out secret
bytes secret > secret.numbers
bytes nonce > nonce.numbers
paste secret.numbers nonce.numbers | while read -r a b; do
    printf "\\$(printf %03o $((a ^ b)))"
done > answer
answer=$(openssl pkeyutl -encrypt -certin -inkey server.pem -pkeyopt rsa_padding_mode:pkcs1 \
    -in answer | openssl base64 -A)
call POST /auth/login/basic "{\"challengeResponse\": \"$answer\"}"
call GET /users/admin '' | grep --quiet '"userId"'
"#;

#[test]
fn curl_and_openssl_log_in_with_a_certificate() {
    let data = tempdir().unwrap();
    let process = Process::start(data.path());
    let password = |text: &str| Some(Secret::from(text));
    let change =
        UserAction { password: password("Abcdef12"), current_password: password("PASSWORD") };
    let client = process.client(data.path());
    client.call(&users::ACT, &["admin", "changePassword"], &change).unwrap();
    let scripts = tempdir().unwrap();
    let mut script = Command::new("sh");
    script.args(["-c", LOGIN]).current_dir(scripts.path());
    script.env("DATA", data.path()).env("URL", format!("https://{}", process.address));
    let done = script.output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}{}", String::from_utf8_lossy(&done.stdout));
    process.kill();
}
