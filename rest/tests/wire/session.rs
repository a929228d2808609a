//! Requests of a client (sessions, content types, bodies, files) and how it reads answers.

use luna_rest::keyrings::ClientSession;
use luna_rest::{Call, Client, Error, Nothing};
use serde::{Deserialize, Serialize};

use crate::server::{Reply, Server, answer, located};

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Named {
    name: String,
}

const SHOW: Call<Nothing, Named, 1> = Call::get("/things/{id}");
const MAKE: Call<Named, Named, 0> = Call::post("/things");
const RUN: Call<Nothing, Nothing, 1> = Call::post("/things/{id}/actions/run");
const DROP: Call<Nothing, Nothing, 1> = Call::delete("/things/{id}");
const DROP_SOME: Call<Named, Nothing, 0> = Call::delete("/things");

fn logged_in(server: &Server) -> Client {
    let mut client = server.client();
    client.login("admin", &"PASSWORD".to_owned().into()).unwrap();
    client
}

#[test]
fn a_login_uses_basic_authentication_once_and_a_cookie_afterwards() {
    let server = Server::start(|seen| match seen.line.as_str() {
        "POST /auth/session" => {
            located(204, "Set-Cookie: sid=1; Path=/; Secure\r\nSet-Cookie: route=b;HttpOnly", "")
        }
        _ => answer(200, "{}"),
    });
    let mut client = logged_in(&server);
    assert_eq!(client.user(), Some("admin"));
    client.get(&SHOW, &["1"]).unwrap();
    client.logout();
    assert_eq!(client.user(), None);
    client.get(&SHOW, &["2"]).unwrap();

    let [login, get, logout, after] = [(); 4].map(|()| server.seen.recv().unwrap());
    assert_eq!(login.header("authorization"), Some("Basic YWRtaW46UEFTU1dPUkQ="));
    assert_eq!((login.text().as_str(), login.header("cookie")), ("{}", None));
    assert_eq!((get.header("authorization"), get.header("cookie")), (None, Some("route=b; sid=1")));
    assert_eq!(
        (logout.line.as_str(), logout.header("cookie")),
        ("DELETE /auth/session", Some("route=b; sid=1"))
    );
    assert_eq!(after.header("cookie"), None);
    assert!([&login, &get, &logout, &after].iter().all(|seen| seen.connection == login.connection));
}

#[test]
fn a_refused_login_says_who_and_why() {
    let server = Server::start(|_| answer(401, r#"{"id":"X","message":"no"}"#));
    let mut client = server.client();
    match client.login("monitor", &"PASSWORD".to_owned().into()) {
        Err(Error::LoginRefused { user, answer }) => {
            assert_eq!(
                (user.as_str(), answer.id.as_str(), answer.message.as_str()),
                ("monitor", "X", "no")
            );
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(client.user(), None);
}

#[test]
fn a_login_without_a_cookie_fails() {
    let server = Server::start(|_| answer(200, "<html>"));
    let error = server.client().login("admin", &"PASSWORD".to_owned().into()).unwrap_err();
    assert!(matches!(&error, Error::Unreachable { .. }), "{error:?}");
    assert!(!error.unclear());
}

#[test]
fn a_login_to_a_cluster_sends_a_signature() {
    let server = Server::start(|seen| match seen.line.as_str() {
        "POST /emulator/clusters/c%201/session" => located(
            200,
            "Set-Cookie: sid=1",
            r#"{"clusterLabel":"prod","members":[{"address":"10.0.0.1","port":50052}]}"#,
        ),
        _ => answer(403, r#"{"id":"X","message":"no"}"#),
    });
    let session = ClientSession { common_name: "app".into(), signature: "c2ln".into() };
    let mut client = server.client();
    let entry = client.login_to_cluster("c 1", &session).unwrap();
    assert_eq!((entry.cluster_label.as_str(), entry.members[0].port), ("prod", 50052));
    assert_eq!(client.user(), Some("app"));
    let seen = server.seen.recv().unwrap();
    assert_eq!(seen.text(), r#"{"commonName":"app","signature":"c2ln"}"#);
    assert_eq!((seen.header("authorization"), seen.header("cookie")), (None, None));
    match client.login_to_cluster("c2", &session) {
        Err(Error::LoginRefused { user, .. }) => assert_eq!(user, "app"),
        other => panic!("{other:?}"),
    }
    assert_eq!(client.user(), None);
    assert_eq!(server.seen.recv().unwrap().header("cookie"), None);
}

#[test]
fn a_local_login_sends_the_key() {
    let server = Server::start(|_| located(204, "Set-Cookie: sid=1", ""));
    let mut client = server.client();
    client.login_locally("k3y").unwrap();
    assert_eq!(client.user(), Some("admin"));
    let seen = server.seen.recv().unwrap();
    assert_eq!(
        (seen.line.as_str(), seen.header("x-local-key")),
        ("POST /emulator/session", Some("k3y"))
    );
}

#[test]
fn the_body_depends_on_the_method() {
    let server = Server::start(|_| answer(200, "{}"));
    let client = server.client();
    let some = Named { name: "a b".to_owned() };
    client.get(&SHOW, &["my thing"]).unwrap();
    client.call(&RUN, &["1"], &Nothing {}).unwrap();
    client.call(&MAKE, &[], &some).unwrap();
    client.call(&DROP, &["1"], &Nothing {}).unwrap();
    client.call(&DROP_SOME, &[], &some).unwrap();
    let sent: Vec<_> = server.seen.try_iter().collect();
    let json = Some("application/vnd.safenetinc.lunasa+json;version=");
    assert!(sent.iter().all(|seen| seen.header("content-type") == json));
    let sent: Vec<_> = sent.iter().map(|seen| format!("{} {}", seen.line, seen.text())).collect();
    assert_eq!(
        sent,
        [
            "GET /things/my%20thing ",
            "POST /things/1/actions/run {}",
            r#"POST /things {"name":"a b"}"#,
            "DELETE /things/1 ",
            r#"DELETE /things {"name":"a b"}"#,
        ]
    );
}

#[test]
fn ids_that_change_the_meaning_of_a_path_are_refused() {
    let server = Server::start(|_| answer(204, ""));
    let client = server.client();
    for id in ["", ".", ".."] {
        let error = client.call(&DROP, &[id], &Nothing {}).unwrap_err();
        assert!(matches!(&error, Error::Unsendable { .. }) && !error.unclear(), "{error:?}");
    }
    assert!(server.lines().is_empty());
}

#[test]
fn answers_are_read_with_status_and_location() {
    let server = Server::start(|seen| match seen.line.as_str() {
        "GET /things/1" => answer(200, r#"{"name":"n","newer":[1]}"#),
        "GET /things/none" => answer(204, ""),
        "GET /things/text" => answer(200, "hello"),
        "GET /things/shape" => answer(200, r#"{"name":["SECRET"]}"#),
        "GET /things/moved" => located(301, "Location: /elsewhere", ""),
        "GET /things/odd" => answer(418, "I'm a teapot"),
        _ => located(201, "Location: /things/7", ""),
    });
    let client = server.client();
    assert_eq!(client.get(&SHOW, &["1"]).unwrap(), Named { name: "n".to_owned() });
    for id in ["none", "text", "shape", "moved"] {
        let error = client.get(&SHOW, &[id]).unwrap_err();
        assert!(
            matches!(&error, Error::Protocol { .. }) && !error.to_string().contains("SECRET"),
            "{error:?}"
        );
    }
    match client.get(&SHOW, &["odd"]) {
        Err(Error::Answered { status: 418, path, answer, .. }) => {
            assert_eq!((path.as_str(), answer.message.as_str()), ("/things/odd", "I'm a teapot"));
        }
        other => panic!("{other:?}"),
    }
    let answer = client.send(&MAKE, &[], &Named::default()).unwrap();
    assert_eq!((answer.status, answer.location.as_deref()), (201, Some("/things/7")));
}

#[test]
fn files_are_sent_and_received_unchanged() {
    let mut header = tar::Header::new_gnu();
    header.set_size(3);
    let gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut tgz = tar::Builder::new(gzip);
    tgz.append_data(&mut header, "app.pem", &b"PEM"[..]).unwrap();
    let tgz = tgz.into_inner().unwrap().finish().unwrap();
    let server = Server::start(move |seen| match seen.line.as_str() {
        "GET /users/admin/files/app.pem/download" => Reply::Answer(200, "", tgz.clone()),
        "GET /roles/r/resources" => answer(200, "GET:/"),
        _ => answer(204, ""),
    });
    let client = server.client();
    client.upload("admin", "app.pem", b"PEM\0".to_vec()).unwrap();
    client.call_with_file(&DROP_SOME, &[], b"DER\0".to_vec()).unwrap();
    assert_eq!(client.download("admin", "app.pem").unwrap(), b"PEM");
    const RULES: Call<Nothing, Nothing, 1> = Call::get("/roles/{roleid}/resources");
    assert_eq!(client.get_file(&RULES, &["r"]).unwrap(), b"GET:/");

    let [form, file, _, rules] = [(); 4].map(|()| server.seen.recv().unwrap());
    assert_eq!(form.line, "POST /users/admin/files");
    let kind = form.header("content-type").unwrap();
    let boundary = kind
        .strip_prefix("application/vnd.safenetinc.lunasa+multipart;version=;boundary=")
        .unwrap();
    assert_eq!(
        form.text(),
        format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"app.pem\"\r\n\r\n\
             PEM\0\r\n--{boundary}--\r\n"
        )
    );
    assert_eq!(form.headers.iter().filter(|(name, _)| name == "content-type").count(), 1);
    let octets = Some("application/vnd.safenetinc.lunasa+octet-stream;version=");
    assert_eq!((file.header("content-type"), file.text().as_str()), (octets, "DER\0"));
    assert_eq!(
        (rules.header("content-type"), rules.header("accept")),
        (octets, Some("application/octet-stream"))
    );
}
