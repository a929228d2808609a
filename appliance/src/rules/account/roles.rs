//! Roles and their access rules: `/roles`.

use luna_rest::Nothing;
use luna_rest::tasks::Link;
use luna_rest::users::{
    CREATE_ROLE, DELETE_ROLE, NewRole, OWN_COMMANDS, OwnCommands, ROLE, ROLES, RULES, Role,
    Roles as RoleList, SET_RULES,
};

use crate::core::message::{Failure, Reply};
use crate::core::text::is_name;
use crate::request::context::Context;
use crate::request::route::{ADMIN, EVERYONE, FileKind, Ids, Routes, Upload};
use crate::rules::account::files::no_file;
use crate::rules::account::users::forbidden;
use crate::state::roles::{BUILT_IN, RoleRow};

pub(crate) fn routes(r: &mut Routes) {
    r.on(&ROLES, ADMIN, list);
    r.on(&CREATE_ROLE, ADMIN, create);
    r.on(&ROLE, ADMIN, show);
    r.on(&DELETE_ROLE, ADMIN, delete);
    r.on(&OWN_COMMANDS, EVERYONE, own_commands);
    r.on_file(&RULES, ADMIN, FileKind::OctetStream, rules);
    r.on_file(&SET_RULES, ADMIN, FileKind::OctetStream, set_rules);
}

/// Assumed: the identifier was not found; its form is that of users.
fn no_role(role: &str) -> Failure {
    Failure::new(404, "SERVERPLUGIN_INVALID_ROLEID", "The role does not exist.")
        .details(format!("There is no role '{role}'."))
}

fn find<'c>(cx: &'c mut Context<'_>, role: &str) -> Result<&'c mut RoleRow, Failure> {
    if BUILT_IN.contains(&role) {
        return Err(forbidden(format!("The role '{role}' is built in.")));
    }
    cx.state.roles.roles.get_mut(role).ok_or_else(|| no_role(role))
}

fn list(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<RoleList>, Failure> {
    let custom = cx.state.roles.roles.keys();
    let link = |role| Link::below(ROLES.template(), role);
    Ok(Reply::ok(RoleList { roles: BUILT_IN.into_iter().chain(custom).map(link).collect() }))
}

/// Whether a role may have this name.
pub(crate) fn is_role_name(name: &str) -> bool {
    is_name(name, 64, |_, c| c.is_ascii_alphanumeric() || c == '_')
}

/// Whether a line is an access rule, `METHOD:/path`.
pub(crate) fn is_rule(line: &str) -> bool {
    let known = ["GET", "POST", "PUT", "PATCH", "DELETE"];
    line.split_once(':')
        .is_some_and(|(method, path)| known.contains(&method) && path.starts_with('/'))
}

fn create(cx: &mut Context<'_>, _: &Ids<0>, body: NewRole) -> Result<Reply<Nothing>, Failure> {
    let role = body.role_id;
    if !is_role_name(&role) {
        return Err(Failure::bad_request(
            "'roleId' takes 1 to 64 letters, digits and underscores.",
        ));
    }
    if cx.state.roles.exists(&role) {
        // Assumed: a conflict, the identifier was not found.
        return Err(Failure::new(
            409,
            "SERVERPLUGIN_ROLEID_ALREADY_EXISTS",
            "The role exists already.",
        )
        .details(format!("There is a role '{role}' already.")));
    }
    let full_name = body.full_name.unwrap_or_default();
    let allowed = |place, c: char| {
        c.is_ascii_alphabetic() || place > 0 && (c.is_ascii_digit() || "_ -".contains(c))
    };
    if !full_name.is_empty() && !is_name(&full_name, 32, allowed) {
        return Err(Failure::bad_request(
            "'fullName' takes 1 to 32 letters, digits, underscores, blanks and dashes, and begins \
             with a letter.",
        ));
    }
    let file = body.file.unwrap_or_default();
    let commands = if file.is_empty() { Vec::new() } else { commands_of(cx, &file)? };
    let row = RoleRow { full_name, file, commands, rules: Vec::new() };
    let location = ROLE.path(&[&role]);
    cx.state.roles.roles.insert(role, row);
    Ok(Reply::created(location))
}

/// The lines of a file of the account that asks. Assumed: that it must be there, and the answer.
fn commands_of(cx: &Context<'_>, file: &str) -> Result<Vec<String>, Failure> {
    let user = &cx.session().user;
    let row = cx.state.files.get(user, file).ok_or_else(|| no_file(file))?;
    let text = std::str::from_utf8(&row.content)
        .map_err(|_| Failure::bad_request(format!("The file '{file}' is not text.")))?;
    Ok(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

fn own_commands(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    _: Nothing,
) -> Result<Reply<OwnCommands>, Failure> {
    let role = cx.state.roles.roles.get(&cx.session().role);
    let commands = role.filter(|row| !row.file.is_empty()).map(|row| row.commands.clone());
    Ok(Reply::ok(OwnCommands { commands }))
}

fn show(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Role>, Failure> {
    let role = &ids[0];
    let row = cx.state.roles.roles.get(role);
    if row.is_none() && !BUILT_IN.contains(&role.as_str()) {
        return Err(no_role(role));
    }
    Ok(Reply::ok(Role {
        changeable: row.is_some(),
        full_name: row.map(|row| row.full_name.clone()).unwrap_or_default(),
        resources: RULES.path(&[role]),
        role_id: role.to_owned(),
    }))
}

fn delete(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    let role = &ids[0];
    find(cx, role)?;
    if let Some((user, _)) = cx.state.users.users.iter().find(|(_, row)| row.role == *role) {
        return Err(forbidden(format!("User '{user}' has the role '{role}'.")));
    }
    cx.state.roles.roles.remove(role);
    Ok(Reply::done())
}

fn rules(cx: &mut Context<'_>, ids: &Ids<1>, _: Upload<'_>) -> Result<Reply<Nothing>, Failure> {
    let mut text = find(cx, &ids[0])?.rules.join("\n");
    if !text.is_empty() {
        text.push('\n');
    }
    Ok(Reply::octets(text.into_bytes()))
}

fn set_rules(
    cx: &mut Context<'_>,
    ids: &Ids<1>,
    file: Upload<'_>,
) -> Result<Reply<Nothing>, Failure> {
    let text = std::str::from_utf8(file.content)
        .map_err(|_| Failure::bad_request("The rules are not text."))?;
    let mut rules = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if !is_rule(line) {
            let number = rules.len() + 1;
            let details = format!("Rule {number} is not of the form METHOD:/path.");
            return Err(Failure::bad_request(details));
        }
        rules.push(line.to_owned());
    }
    find(cx, &ids[0])?.rules = rules;
    Ok(Reply::done())
}

#[cfg(test)]
mod tests {
    use crate::test_machine::TestMachine;
    use serde_json::json;

    #[test]
    fn rules_come_back_as_they_were_set() {
        let mut bench = TestMachine::new();
        assert_eq!(bench.post("/roles", json!({"roleId": "watch"})).created(), "/roles/watch");
        assert_eq!(
            bench.put_text("/roles/watch/resources", "GET:/api\r\n\nGET:/users/{userid}").status,
            204
        );
        bench.restart();
        assert_eq!(
            bench.get_octets("/roles/watch/resources").text(),
            "GET:/api\nGET:/users/{userid}\n"
        );
        assert_eq!(
            bench.get("/roles/watch/resources").error(),
            (400, "FRAMEWORK_HEADER_DOES_NOT_MATCH_MEDIA_TYPE_TEMPLATE")
        );
        assert_eq!(bench.put_text("/roles/watch/resources", "FETCH:/api").status, 400);
    }

    #[test]
    fn a_role_keeps_the_commands_of_its_file() {
        let mut bench = TestMachine::new();
        let watch = json!({"roleId": "watch", "file": "watch.txt"});
        assert_eq!(
            bench.post("/roles", watch.clone()).error(),
            (404, "SERVERPLUGIN_FILEID_DOES_NOT_EXIST")
        );
        bench.upload("/users/admin/files", "watch.txt", b"client list\r\n\nexit\n");
        bench.post("/roles", watch).created();
        bench.post("/roles", json!({"roleId": "rest"})).created();
        for (role, listed) in
            [("watch", json!({"commands": ["client list", "exit"]})), ("rest", json!({}))]
        {
            let rules = "POST:/auth/session\nGET:/emulator/lunash/commands\n";
            bench.put_text(&format!("/roles/{role}/resources"), rules);
            bench.user(role, "Abcdef12", role);
            bench.login(role, "Abcdef12");
            assert_eq!(bench.get("/emulator/lunash/commands").json(), listed, "{role}");
            bench.local_login();
        }
        assert_eq!(bench.get("/emulator/lunash/commands").json(), json!({}), "an administrator");
    }

    #[test]
    fn built_in_roles_are_fixed_and_used_ones_stay() {
        let mut bench = TestMachine::new();
        assert_eq!(
            bench.put_text("/roles/admin/resources", "GET:/").error(),
            (403, "OPERATION_RESTRICTED")
        );
        assert_eq!(bench.delete("/roles/monitor").status, 403);
        bench.post("/roles", json!({"roleId": "watch", "fullName": "Watch 1"})).created();
        bench.user("jane", "Abcdef12", "watch");
        assert_eq!(bench.delete("/roles/watch").status, 403);
        bench.delete("/users/jane");
        assert_eq!(bench.delete("/roles/watch").status, 204);
        assert_eq!(bench.get("/roles/watch").status, 404);
        assert_eq!(bench.get("/roles").json()["roles"].as_array().unwrap().len(), 4);
    }
}
