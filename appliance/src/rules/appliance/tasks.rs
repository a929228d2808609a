//! `/tasks`: what becomes of work that is answered later.
//!
//! A task is there for the user it came from, and for administrators (assumed): whoever may not
//! make a request must not start it, nor read its answer, by way of its task.

use luna_rest::Nothing;
use luna_rest::tasks::{
    ACT, ACTIONS, Actions, DELETE, DELETE_ALL, LIST, Link, RESPONSE, SHOW, Tasks,
};

use crate::core::message::{Failure, Reply, Response};
use crate::request::context::{Act, Context};
use crate::request::route::{EVERYONE, Ids, Routes};
use crate::request::task::{Task, TaskState};

pub(crate) fn routes(r: &mut Routes) {
    r.on(&LIST, EVERYONE, list);
    r.on(&DELETE_ALL, EVERYONE, delete_all);
    r.on(&SHOW, EVERYONE.linked(), show);
    r.on(&DELETE, EVERYONE.linked(), delete);
    r.on_response(&RESPONSE, EVERYONE.linked(), response);
    r.on(&ACTIONS, EVERYONE, actions);
    r.on(&ACT, EVERYONE.linked(), act);
}

fn number(id: &str) -> Result<u64, Failure> {
    id.parse().map_err(|_| Failure::bad_request(format!("'{id}' is no task number.")))
}

/// 410 is documented; that it goes with this identifier is assumed.
fn gone(number: u64) -> Failure {
    Failure::new(410, "FRAMEWORK_NO_RESOURCE", "The task does not exist.")
        .details(format!("There is no task {number}; its result may have been fetched."))
}

fn is_mine(cx: &Context<'_>, task: &Task) -> bool {
    let session = cx.session();
    session.role == "admin" || session.owner() == task.owner
}

fn find<'c>(cx: &'c Context<'_>, number: u64) -> Result<&'c Task, Failure> {
    let task = cx.tasks.tasks.get(&number).filter(|task| is_mine(cx, task));
    task.ok_or_else(|| gone(number))
}

fn take(cx: &mut Context<'_>, number: u64) -> Result<Task, Failure> {
    find(cx, number)?;
    cx.tasks.tasks.remove(&number).ok_or_else(|| gone(number))
}

fn list(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Tasks>, Failure> {
    let mine = cx.tasks.tasks.iter().filter(|(_, task)| is_mine(cx, task));
    Ok(Reply::ok(Tasks { tasks: mine.map(|(number, task)| task.show(*number)).collect() }))
}

fn delete_all(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    let mine = cx.tasks.tasks.iter().filter(|(_, task)| is_mine(cx, task));
    let numbers: Vec<u64> = mine.map(|(number, _)| *number).collect();
    numbers.iter().for_each(|number| drop(cx.tasks.tasks.remove(number)));
    Ok(Reply::done())
}

fn show(
    cx: &mut Context<'_>,
    ids: &Ids<1>,
    _: Nothing,
) -> Result<Reply<luna_rest::tasks::Task>, Failure> {
    let number = number(&ids[0])?;
    let task = find(cx, number)?;
    let status = if matches!(task.state, TaskState::Finished(..)) { 303 } else { 200 };
    Ok(Reply::ok(task.show(number)).status(status))
}

fn delete(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    let number = number(&ids[0])?;
    take(cx, number).map(|_| Reply::done())
}

fn response(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Response, Failure> {
    let number = number(&ids[0])?;
    let TaskState::Finished(_, response) = &find(cx, number)?.state else {
        return Err(Failure::no_resource(format!("Task {number} has not finished.")));
    };
    let response = Response::clone(response);
    cx.tasks.tasks.remove(&number);
    Ok(response)
}

fn actions(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Actions>, Failure> {
    let number = number(&ids[0])?;
    find(cx, number)?;
    let start = Link::below(&ACTIONS.path(&[&number.to_string()]), "start");
    Ok(Reply::ok(Actions { actions: vec![start] }))
}

fn act(cx: &mut Context<'_>, ids: &Ids<2>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    if &ids[1] != "start" {
        return Err(Failure::no_resource(format!("A task has no action '{}'.", &ids[1])));
    }
    let number = number(&ids[0])?;
    // Taken out while it runs: the work gets the whole context.
    let mut task = take(cx, number)?;
    task.started = task.started.or(Some(cx.now));
    if let TaskState::Waiting(work) = task.state {
        cx.act = Act::Of(task.method, task.source.clone(), None);
        let response = work(cx).unwrap_or_else(|failure| {
            let id = Some(failure.id().to_owned());
            cx.act = Act::Of(task.method, task.source.clone(), id);
            if !failure.keeps() {
                cx.state.undo();
            }
            failure.into_response()
        });
        task.state = TaskState::Finished(cx.now, Box::new(response));
    }
    cx.tasks.tasks.insert(number, task);
    Ok(Reply::done())
}

#[cfg(test)]
mod tests {
    use crate::core::message::{Failure, Reply};
    use crate::request::context::Context;
    use crate::request::route::{ADMIN, Ids, Routes};
    use crate::test_machine::TestMachine;
    use luna_rest::{Call, Nothing};
    use serde_json::json;

    const NOW: Call<Nothing, Nothing, 0> = Call::post("/test/now");
    const LATER: Call<Nothing, Nothing, 0> = Call::post("/test/later");
    const FAILS: Call<Nothing, Nothing, 0> = Call::post("/test/fails");

    fn routes(r: &mut Routes) {
        fn rename(cx: &mut Context<'_>) {
            cx.state.lunasa.settings.get_mut().version = "changed".into();
        }
        fn now(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
            rename(cx);
            cx.finished_task(Reply::ok(json!({"ids": [1]})))
        }
        fn later(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
            Ok(cx.waiting_task(|cx| {
                rename(cx);
                Ok(Reply::ok(json!({"ids": [2]})))
            }))
        }
        fn fails(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
            Ok(cx.waiting_task(|cx| -> Result<Reply<Nothing>, _> {
                rename(cx);
                Err(Failure::bad_request("no"))
            }))
        }
        r.on(&NOW, ADMIN, now);
        r.on(&LATER, ADMIN, later);
        r.on(&FAILS, ADMIN, fails);
    }

    #[test]
    fn a_finished_task_gives_its_answer_once() {
        let mut bench = TestMachine::with(routes);
        let task = bench.post("/test/now", json!({})).created();
        assert_eq!(task, "/tasks/0");
        let shown = bench.get(&task);
        assert_eq!((shown.status, &shown.json()["state"]), (303, &json!("Finished")));
        assert_eq!(shown.json()["sourceUrl"], "/test/now");
        assert_eq!(shown.json()["finishTime"], "2025-01-02T03:04:05Z");
        assert_eq!(bench.get("/tasks/0/response").json(), json!({"ids": [1]}));
        assert_eq!(bench.get("/tasks/0/response").status, 410);
        assert_eq!(bench.get("/tasks/0").status, 410);
    }

    #[test]
    fn a_waiting_task_changes_nothing_before_it_is_started() {
        let mut bench = TestMachine::with(routes);
        let version = |bench: &mut TestMachine| bench.get("/api/lunasa").json()["version"].clone();
        let task = bench.post("/test/later", json!({})).created();
        let shown = bench.get(&task);
        assert_eq!((shown.status, &shown.json()["state"]), (200, &json!("Waiting")));
        assert_eq!(bench.get("/tasks/0/response").status, 404);
        assert_eq!(version(&mut bench), "7.8.5-20");
        let action = bench.get("/tasks/0/actions").json()["actions"][0]["url"].clone();
        assert_eq!(bench.post(action.as_str().unwrap(), json!({})).status, 204);
        assert_eq!(version(&mut bench), "changed");
        assert_eq!(bench.get("/tasks/0/response").json(), json!({"ids": [2]}));
    }

    #[test]
    fn a_failing_task_takes_its_changes_back() {
        let mut bench = TestMachine::with(routes);
        bench.post("/test/fails", json!({}));
        assert_eq!(bench.post("/tasks/0/actions/start", json!({})).status, 204);
        assert_eq!(bench.get("/api/lunasa").json()["version"], "7.8.5-20");
        assert_eq!(bench.get("/tasks/0/response").error(), (400, "FRAMEWORK_BAD_REQUEST"));
    }

    #[test]
    fn a_task_is_hidden_from_other_users() {
        let mut bench = TestMachine::with(routes);
        bench.post("/test/later", json!({})).created();
        bench.user("jane", "Abcdef12", "monitor");
        bench.login("jane", "Abcdef12");
        assert_eq!(bench.get("/tasks").json(), json!({"tasks": []}));
        assert_eq!(bench.get("/tasks/0").status, 410);
        assert_eq!(bench.post("/tasks/0/actions/start", json!({})).status, 410);
        assert_eq!(bench.delete("/tasks").status, 204);
        bench.local_login();
        assert_eq!(bench.get("/tasks/0").status, 200);
    }

    #[test]
    fn tasks_are_listed_and_deleted() {
        let mut bench = TestMachine::with(routes);
        for _ in 0..3 {
            bench.post("/test/later", json!({}));
        }
        assert_eq!(bench.delete("/tasks/1").status, 204);
        let tasks = bench.get("/tasks").json();
        assert_eq!(tasks["tasks"].as_array().unwrap().len(), 2);
        assert_eq!(bench.delete("/tasks").status, 204);
        assert_eq!(bench.get("/tasks").json(), json!({"tasks": []}));
    }
}
