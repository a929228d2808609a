//! Bearer tokens: `/auth/jwt`. What opens with one is what opens with the account's password.

use luna_rest::Nothing;
use luna_rest::auth::{NewToken, REVOKE, TOKEN, Token};
use time::Duration;

use crate::core::message::{Failure, Reply};
use crate::request::auth::{check_basic, may_log_in, no_token};
use crate::request::context::Context;
use crate::request::route::{Ids, OPEN, Routes};

pub(crate) fn routes(r: &mut Routes) {
    r.on(&TOKEN, OPEN, make);
    r.on(&REVOKE, OPEN, revoke);
}

/// Seconds that a token is valid for unless others are given (documented), and at most (assumed).
const TOKEN_SECONDS: (u32, u32) = (600, 86_400);

fn make(cx: &mut Context<'_>, _: &Ids<0>, body: NewToken) -> Result<Reply<Token>, Failure> {
    let (usual, most) = TOKEN_SECONDS;
    let seconds = body.expires_in.unwrap_or(usual);
    if !(1..=most).contains(&seconds) {
        return Err(Failure::bad_request(format!("'expiresIn' is 1 to {most} seconds.")));
    }
    let user = check_basic(cx)?;
    may_log_in(cx, &user, TOKEN.resource())?;
    let lasting = Duration::seconds(seconds.into());
    let token = cx.sessions.tokens.issue(&user, lasting, cx.secret, cx.now);
    let token = token.map_err(|error| Failure::internal(error.to_string()))?;
    Ok(Reply::ok(Token { access_token: token.into() }))
}

fn revoke(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    let token = cx.request.bearer.as_ref().ok_or_else(no_token)?;
    match cx.sessions.tokens.revoke(token.expose(), cx.now) {
        true => Ok(Reply::done()),
        false => Err(no_token()),
    }
}

#[cfg(test)]
mod tests {
    use crate::test_machine::TestMachine;
    use serde_json::json;

    /// A bench with a token of jane, which it sends from now on.
    fn with_token(expires_in: serde_json::Value) -> (TestMachine, String) {
        let mut bench = TestMachine::new();
        bench.user("jane", "Abcdef12", "monitor");
        bench.basic("jane", "Abcdef12");
        let made = bench.post("/auth/jwt", expires_in).json();
        let token = made["accessToken"].as_str().unwrap().to_owned();
        bench.bearer(&token);
        (bench, token)
    }

    const NO_TOKEN: (u16, &str) = (401, "SERVERPLUGIN_USERID_NOT_AUTHORIZED");

    #[test]
    fn a_token_opens_what_its_account_may_until_it_ends() {
        let (mut bench, token) = with_token(json!({"expiresIn": 300}));
        assert_eq!(bench.get("/api/lunasa").status, 200);
        assert_eq!(bench.get("/users").error(), (401, "FRAMEWORK_NO_ACL_RULE"));
        let hsm = bench.hsm_path("/login");
        let private = bench.post(&hsm, json!({"role": "so", "password": "x"})).error();
        assert_eq!(private.0, 401, "{private:?}");
        bench.advance(299);
        bench.bearer(&token);
        assert_eq!(bench.get("/api/lunasa").status, 200);
        bench.advance(1);
        bench.bearer(&token);
        assert_eq!(bench.get("/api/lunasa").error(), NO_TOKEN);
    }

    #[test]
    fn a_token_has_the_documented_claims() {
        use base64::Engine;
        use base64::engine::general_purpose::URL_SAFE_NO_PAD;
        let (_, token) = with_token(json!({}));
        let parts: Vec<&str> = token.split('.').collect();
        let json = |part: &str| -> serde_json::Value {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
        };
        assert_eq!((parts.len(), &json(parts[0])["alg"]), (3, &json!("HS256")));
        let claims = json(parts[1]);
        assert_eq!((&claims["user"], &claims["exp"]), (&json!("jane"), &json!(1_735_787_645)));
        assert!(claims["jti"].is_string());
    }

    #[test]
    fn a_token_is_revoked_and_ends_with_its_password_and_the_process() {
        let (mut bench, token) = with_token(json!({}));
        assert_eq!(bench.delete("/auth/jwt").status, 204);
        assert_eq!(bench.delete("/auth/jwt").error(), NO_TOKEN);
        assert_eq!(bench.get("/api/lunasa").error(), NO_TOKEN);
        bench.basic("jane", "Abcdef12");
        assert_eq!(bench.delete("/auth/jwt").error(), NO_TOKEN, "no token was sent");
        let again = bench.post("/auth/jwt", json!({})).json();
        let again = again["accessToken"].as_str().unwrap().to_owned();
        assert_ne!(again, token);
        bench.local_login();
        let reset = json!({"password": "Abcdef13"});
        assert_eq!(bench.post("/users/jane/actions/changePassword", reset).status, 204);
        bench.bearer(&again);
        assert_eq!(bench.get("/api/lunasa").error(), NO_TOKEN);

        let (mut bench, token) = with_token(json!({}));
        bench.restart();
        bench.bearer(&token);
        assert_eq!(bench.get("/api/lunasa").error(), NO_TOKEN);
    }

    #[test]
    fn a_token_is_made_with_a_password_alone_and_cannot_be_made_up() {
        let (mut bench, token) = with_token(json!({}));
        assert_eq!(bench.post("/auth/jwt", json!({})).error().0, 401, "a token makes none");
        let (signed, tag) = token.rsplit_once('.').unwrap();
        let (header, _) = signed.split_once('.').unwrap();
        for forged in [
            "".to_owned(),
            "x".to_owned(),
            format!("{signed}."),
            format!("{header}.{header}.{tag}"),
            token.to_uppercase(),
        ] {
            bench.bearer(&forged);
            assert_eq!(bench.get("/api/lunasa").error(), NO_TOKEN, "{forged}");
        }
        bench.basic("jane", "wrong");
        assert_eq!(bench.post("/auth/jwt", json!({})).error(), NO_TOKEN);
        bench.basic("jane", "Abcdef12");
        for seconds in [0, 86_401] {
            let asked = bench.post("/auth/jwt", json!({"expiresIn": seconds}));
            assert_eq!(asked.error(), (400, "FRAMEWORK_BAD_REQUEST"));
        }
    }
}
