//! Follows every link from the root.

use std::collections::BTreeMap;

use luna_rest::{Client, Error};
use serde_json::Value;

use crate::filled::get;
use crate::{fits, template_of};

/// What a link led to.
#[derive(Debug)]
pub(crate) enum Answer {
    Json(Value),
    /// With this status; 0 for what is no JSON.
    Refused(u16),
}

/// Everything that links lead to.
#[derive(Default)]
pub(crate) struct Crawl {
    /// By path.
    pub(crate) answers: BTreeMap<String, Answer>,
}

impl Crawl {
    pub(crate) fn from_root(client: &Client) -> Crawl {
        let mut crawl = Crawl::default();
        crawl.follow(client, vec!["/".to_owned()]);
        crawl
    }

    /// Goes on from the resources that no link leads to, below the parents that were found.
    pub(crate) fn go_on(&mut self, client: &Client, templates: &[&str]) {
        for template in templates {
            let (parent, name) = template.rsplit_once('/').unwrap();
            let found = self.answers.iter().filter(|(path, _)| fits(path, parent));
            let mut paths = Vec::new();
            for (path, answer) in found {
                let names = if name.starts_with('{') { uuids_in(answer) } else { vec![name] };
                paths.extend(names.into_iter().map(|name| format!("{path}/{name}")));
            }
            if !template.contains('{') {
                paths.push((*template).to_owned());
            }
            self.follow(client, paths);
        }
    }

    fn follow(&mut self, client: &Client, mut ahead: Vec<String>) {
        while let Some(path) = ahead.pop() {
            // Whoever reads a task's response takes the task away.
            let takes = path.starts_with("/tasks/") && path.ends_with("/response");
            if takes || self.answers.contains_key(&path) {
                continue;
            }
            let answer = match get(client, &path) {
                Ok(body) => {
                    links_in(&body, &mut ahead);
                    Answer::Json(body)
                }
                Err(Error::Answered { status, .. }) => Answer::Refused(status),
                Err(_) => Answer::Refused(0),
            };
            self.answers.insert(path, answer);
        }
    }

    /// Links that lead nowhere. An action is linked to be run, not to be read.
    pub(crate) fn dead_links(&self) -> Vec<&str> {
        let is_dead = |(path, answer): &(&String, &Answer)| match answer {
            Answer::Refused(404 | 410) => true,
            Answer::Refused(405) => !path.contains("/actions/"),
            _ => false,
        };
        self.answers.iter().filter(is_dead).map(|(path, _)| path.as_str()).collect()
    }

    /// The answers of a resource.
    pub(crate) fn of(&self, template: &str) -> Vec<Value> {
        let is_one = |path: &str| template_of(path).is_some_and(|own| fits(template, own));
        let fitting = self.answers.iter().filter(|(path, _)| is_one(path));
        let body = |(_, answer): (&String, &Answer)| match answer {
            Answer::Json(body) => Some(body.clone()),
            Answer::Refused(_) => None,
        };
        fitting.filter_map(body).collect()
    }
}

/// The UUIDs of the entries of a list.
fn uuids_in(answer: &Answer) -> Vec<&str> {
    let Answer::Json(body) = answer else { return Vec::new() };
    let entries = body["data"].as_array().into_iter().flatten();
    let fields = entries.filter_map(Value::as_object).flatten();
    fields.filter(|(name, _)| name.ends_with("UUID")).filter_map(|(_, id)| id.as_str()).collect()
}

/// A text that begins as a path of the API is a link; the reference leaves out a leading slash now
/// and then.
fn links_in(body: &Value, found: &mut Vec<String>) {
    match body {
        Value::String(text) => {
            let path = if text.starts_with("api/") { format!("/{text}") } else { text.clone() };
            let roots = ["/acl/", "/api/", "/roles/", "/tasks/", "/users/"];
            let is_below = |root: &&str| format!("{path}/").starts_with(*root);
            if roots.iter().any(is_below) {
                found.push(path);
            }
        }
        Value::Array(entries) => entries.iter().for_each(|entry| links_in(entry, found)),
        Value::Object(fields) => fields.values().for_each(|field| links_in(field, found)),
        _ => {}
    }
}
