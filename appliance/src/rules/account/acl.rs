//! The access control list: `/acl`, a CSV file with the roles of accounts and the rules of roles.
//!
//! Documented is what `PUT` and `PATCH` do, and that fixed accounts and roles are not in it. Assumed is
//! the form: a line `user,NAME,ROLE` an account, `role,NAME,METHOD:PATH` a rule; what is empty ends
//! with the comma.

use std::collections::BTreeMap;

use luna_rest::Nothing;
use luna_rest::users::{ACL, PATCH_ACL, SET_ACL};

use crate::core::message::{Failure, Reply};
use crate::request::context::Context;
use crate::request::route::{ADMIN, FileKind, Ids, Routes, Upload};
use crate::rules::account::roles::{is_role_name, is_rule};
use crate::rules::account::users::forbidden;
use crate::state::roles::{BUILT_IN, RoleRow};

pub(crate) fn routes(r: &mut Routes) {
    r.on_file(&ACL, ADMIN, FileKind::OctetStream, show);
    r.on_file(&SET_ACL, ADMIN, FileKind::OctetStream, replace);
    r.on_file(&PATCH_ACL, ADMIN, FileKind::OctetStream, patch);
}

/// What a file says.
#[derive(Default)]
struct Acl {
    /// The role of each account; empty for none.
    users: BTreeMap<String, String>,
    /// The rules of each role.
    roles: BTreeMap<String, Vec<String>>,
}

impl Acl {
    fn read(content: &[u8]) -> Result<Acl, Failure> {
        let text = std::str::from_utf8(content)
            .map_err(|_| Failure::bad_request("The access control list is not text."))?;
        let mut acl = Acl::default();
        for (number, line) in (1..).zip(text.lines().map(str::trim)) {
            let wrong = |what: &str| Failure::bad_request(format!("Line {number}: {what}"));
            let parts: Vec<&str> = line.splitn(3, ',').collect();
            match parts[..] {
                [""] => {}
                ["user", name, role] => {
                    if acl.users.insert(name.to_owned(), role.to_owned()).is_some() {
                        return Err(wrong("the user has a role above already."));
                    }
                }
                ["role", name, rule] if rule.is_empty() || is_rule(rule) => {
                    let rules = acl.roles.entry(name.to_owned()).or_default();
                    rules.extend(Some(rule.to_owned()).filter(|rule| !rule.is_empty()));
                }
                _ => {
                    return Err(wrong("it is neither user,NAME,ROLE nor role,NAME,METHOD:/path."));
                }
            }
        }
        Ok(acl)
    }

    /// Whether the list may become so: of fixed accounts and roles nothing changes, and there is
    /// whatever it names. `stays` says which roles that are not in it stay.
    fn check(&self, cx: &Context<'_>, stays: impl Fn(&str) -> bool) -> Result<(), Failure> {
        for (name, role) in &self.users {
            let Some(row) = cx.state.users.users.get(name) else {
                return Err(Failure::bad_request(format!(
                    "There is no user '{name}'; create it with POST /users first."
                )));
            };
            if row.built_in {
                return Err(forbidden(format!("The role of the user '{name}' is fixed.")));
            }
            if !role.is_empty() && !self.roles.contains_key(role) && !stays(role) {
                return Err(Failure::bad_request(format!("There is no role '{role}'.")));
            }
        }
        for name in self.roles.keys() {
            if BUILT_IN.contains(&name.as_str()) {
                return Err(forbidden(format!("The role '{name}' is built in.")));
            }
            if !is_role_name(name) {
                return Err(Failure::bad_request(format!("'{name}' is no name of a role.")));
            }
        }
        Ok(())
    }

    fn apply(self, cx: &mut Context<'_>) {
        for (name, rules) in self.roles {
            let row = cx.state.roles.roles.get(&name).cloned().unwrap_or_default();
            cx.state.roles.roles.insert(name, RoleRow { rules, ..row });
        }
        for (name, role) in self.users {
            if let Some(row) = cx.state.users.users.get_mut(&name) {
                row.role = role;
            }
        }
    }
}

fn show(cx: &mut Context<'_>, _: &Ids<0>, _: Upload<'_>) -> Result<Reply<Nothing>, Failure> {
    let mut text = String::new();
    for (name, row) in cx.state.users.users.iter().filter(|(_, row)| !row.built_in) {
        text += &format!("user,{name},{}\n", row.role);
    }
    for (name, row) in cx.state.roles.roles.iter() {
        let none = [String::new()];
        let rules = if row.rules.is_empty() { &none[..] } else { &row.rules };
        rules.iter().for_each(|rule| text += &format!("role,{name},{rule}\n"));
    }
    Ok(Reply::octets(text.into_bytes()))
}

fn replace(cx: &mut Context<'_>, _: &Ids<0>, file: Upload<'_>) -> Result<Reply<Nothing>, Failure> {
    let acl = Acl::read(file.content)?;
    acl.check(cx, |role| BUILT_IN.contains(&role))?;
    let users = cx.state.users.users.iter().filter(|(_, row)| !row.built_in);
    let users: Vec<String> = users.map(|(name, _)| name.to_owned()).collect();
    for user in users.iter().filter(|user| !acl.users.contains_key(*user)) {
        if let Some(row) = cx.state.users.users.get_mut(user) {
            row.role.clear();
        }
    }
    cx.state.roles.roles.retain(|name, _| acl.roles.contains_key(name));
    acl.apply(cx);
    Ok(Reply::done())
}

fn patch(cx: &mut Context<'_>, _: &Ids<0>, file: Upload<'_>) -> Result<Reply<Nothing>, Failure> {
    let acl = Acl::read(file.content)?;
    acl.check(cx, |role| cx.state.roles.exists(role))?;
    acl.apply(cx);
    Ok(Reply::done())
}

#[cfg(test)]
mod tests {
    use crate::test_machine::TestMachine;
    use luna_rest::Method;
    use serde_json::json;

    const PATH: &str = "/acl";

    fn bench() -> TestMachine {
        let mut bench = TestMachine::new();
        for role in ["watch", "empty"] {
            bench.post("/roles", json!({"roleId": role, "fullName": "Made before"})).created();
        }
        bench.put_text("/roles/watch/resources", "POST:/auth/session\nGET:/api/lunasa\n");
        bench.user("jane", "Abcdef12", "watch");
        bench.user("joe", "Abcdef12", "operator");
        bench
    }

    fn list(bench: &mut TestMachine) -> String {
        bench.get_octets(PATH).text()
    }

    #[test]
    fn the_list_that_is_shown_can_be_put_back() {
        let mut bench = bench();
        let all = "user,jane,watch\nuser,joe,operator\nrole,empty,\nrole,watch,POST:/auth/session\n\
                   role,watch,GET:/api/lunasa\n";
        assert_eq!(list(&mut bench), all);
        assert_eq!(bench.put_text(PATH, all).status, 204);
        bench.restart();
        assert_eq!(list(&mut bench), all);
        assert_eq!(bench.get("/roles/watch").json()["fullName"], "Made before");
    }

    #[test]
    fn what_is_put_replaces_all_and_what_is_patched_itself_alone() {
        let mut bench = bench();
        let patched = "user,jane,reader\nrole,reader,POST:/auth/session\nrole,watch,GET:/api\n";
        assert_eq!(bench.send_text(Method::Patch, PATH, patched).status, 204);
        assert_eq!(bench.login("jane", "Abcdef12").status, 204);
        assert_eq!(bench.get("/api/lunasa").error(), (401, "FRAMEWORK_NO_ACL_RULE"));
        bench.local_login();
        let joined = "user,jane,reader\nuser,joe,operator\nrole,empty,\n\
                      role,reader,POST:/auth/session\nrole,watch,GET:/api\n";
        assert_eq!(list(&mut bench), joined);
        let put = "user,joe,monitor\nrole,watch,GET:/\n";
        assert_eq!(bench.put_text(PATH, put).status, 204);
        assert_eq!(list(&mut bench), "user,jane,\nuser,joe,monitor\nrole,watch,GET:/\n");
        assert_eq!(bench.get("/roles/reader").status, 404);
    }

    #[test]
    fn a_list_that_is_refused_changes_nothing() {
        let mut bench = bench();
        let before = list(&mut bench);
        for (text, status) in [
            ("user,admin,monitor\n", 403),
            ("role,monitor,GET:/api\n", 403),
            ("user,nobody,monitor\n", 400),
            ("user,jane,nonsense\n", 400),
            ("user,jane,watch\nuser,jane,monitor\n", 400),
            ("role,watch,FETCH:/api\n", 400),
            ("role,a b,GET:/api\n", 400),
            ("role,fine,GET:/api\ngroup,x,y\n", 400),
            ("user,jane,watch\n", 400),
        ] {
            assert_eq!(bench.put_text(PATH, text).error().0, status, "{text}");
        }
        assert_eq!(list(&mut bench), before);
        assert_eq!(bench.put(PATH, json!({"a": 1})).error().0, 400);
        bench.login("joe", "Abcdef12");
        assert_eq!(bench.get_octets(PATH).error(), (401, "FRAMEWORK_NO_ACL_RULE"));
    }
}
