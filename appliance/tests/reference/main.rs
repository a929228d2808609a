//! The vendor's REST reference, held against a well-filled appliance over the wire.
//!
//! `data/reference.tsv` has its resources, with the names and types of what a GET answers.
//! `data/differences.tsv` has where our answers differ, with the reason; it may only shrink.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

#[path = "../common/mod.rs"]
mod common;
mod crawl;
mod filled;
mod shape;

use std::collections::BTreeSet;

use common::Process;
use crawl::Crawl;
use filled::Filled;
use luna_rest::{Method, Resource};
use serde_json::Value;

const REFERENCE: &str = include_str!("../data/reference.tsv");
const DIFFERENCES: &str = include_str!("../data/differences.tsv");
/// How many lines `differences.tsv` has: fewer are welcome, more are not.
const KNOWN: usize = 13;

/// Resources with a GET that no link leads to, and why.
const UNLINKED: [(&str, &str); 12] = [
    (
        "/api/clusters/{clusterid}/members/{memberid}",
        "a cluster's answers have UUIDs for paths, as the documented one of GET /api/clusters",
    ),
    ("/api/keyrings/{keyringid}", "the same"),
    ("/api/lunasa/user/config", "the recorded answer of its parent is of an API without it"),
    ("/api/lunasa/user/config/login", "the same"),
    ("/api/lunasa/user/config/login/actions", "the same"),
    ("/api/lunasa/user/config/password", "the same"),
    ("/api/lunasa/user/config/password/actions", "the same"),
    (
        "/api/lunasa/hsms/{hsmid}/partitions/{partitionid}/objects",
        "the path of API 4 to 12; the partition names the one of today",
    ),
    (
        "/api/lunasa/hsms/{hsmid}/partitions/{partitionid}/roles/{roleid}/actions",
        "not among the documented fields of a role",
    ),
    (
        "/api/lunasa/hsms/{hsmid}/roles/{roleid}/actions",
        "not among the documented fields of a role",
    ),
    ("/tasks/{taskid}/actions", "not among the documented fields of a task"),
    ("/tasks/{taskid}/response", "it is linked, and whoever reads it takes the task away"),
];

/// A resource of the reference.
struct Documented {
    method: &'static str,
    template: &'static str,
    /// What a GET answers, where that is known.
    answer: Option<Value>,
}

fn rows(text: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split('\t').collect())
}

fn reference() -> Vec<Documented> {
    let documented = |row: Vec<&'static str>| Documented {
        method: row[0],
        template: row[1],
        answer: row.get(2).map(|shape| serde_json::from_str(shape).unwrap()),
    };
    rows(REFERENCE).map(documented).collect()
}

/// Whether a path, or another template, is one of `template`.
fn fits(path: &str, template: &str) -> bool {
    let parts = |text: &str| text.split('/').count();
    let same = |(given, own): (&str, &str)| own.starts_with('{') || given == own;
    parts(path) == parts(template) && path.split('/').zip(template.split('/')).all(same)
}

/// The template of the resource that a path is one of.
fn template_of(path: &str) -> Option<&'static str> {
    let fitting = luna_rest::resources().filter(|own| own.method == Method::Get);
    let fitting = fitting.map(|own| own.template).filter(|template| fits(path, template));
    fitting.min_by_key(|template| template.matches('{').count())
}

fn unlinked() -> Vec<&'static str> {
    UNLINKED.iter().map(|(template, _)| *template).collect()
}

#[test]
fn every_resource_of_the_reference_is_answered() {
    let answered: Vec<Resource> = luna_rest::resources().collect();
    let is_missing = |row: &Documented| {
        let same =
            |own: &Resource| row.method == own.method.name() && fits(row.template, own.template);
        !answered.iter().any(same)
    };
    let missing = reference().into_iter().filter(is_missing);
    let missing: Vec<String> =
        missing.map(|row| format!("{} {}", row.method, row.template)).collect();
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn every_link_leads_somewhere_and_to_every_resource() {
    let appliance = Filled::start();
    let mut crawl = Crawl::from_root(&appliance.client);
    let reached: BTreeSet<_> = crawl.answers.keys().map(|path| template_of(path)).collect();
    let is_unreached = |resource: &Resource| {
        resource.method == Method::Get
            && !resource.template.starts_with("/emulator/")
            && !reached.contains(&Some(resource.template))
    };
    let unreached = luna_rest::resources().filter(is_unreached);
    let unreached: BTreeSet<&str> = unreached.map(|resource| resource.template).collect();
    assert_eq!(unreached, BTreeSet::from_iter(unlinked()));
    crawl.go_on(&appliance.client, &unlinked());
    assert_eq!(crawl.dead_links(), Vec::<&str>::new());
}

#[test]
fn a_fresh_appliance_has_no_dead_link_either() {
    let folder = tempfile::tempdir().unwrap();
    let process = Process::start(folder.path());
    let client = process.client(folder.path());
    let mut crawl = Crawl::from_root(&client);
    crawl.go_on(&client, &unlinked());
    assert!(crawl.answers.len() > 100, "{}", crawl.answers.len());
    assert_eq!(crawl.dead_links(), Vec::<&str>::new());
    process.kill();
}

/// How the answers of a resource differ from what the reference shows; one of them must have the
/// entries of its lists.
fn differences(expected: &Value, answers: &[Value]) -> BTreeSet<String> {
    let each = answers.iter().map(|answer| shape::differences(expected, answer));
    let each: Vec<BTreeSet<String>> = each.map(BTreeSet::from_iter).collect();
    let is_in_all = |found: &String| each.iter().all(|one| one.contains(found));
    let counts = |found: &&String| !found.ends_with(shape::EMPTY) || is_in_all(found);
    match answers {
        [] => BTreeSet::from(["no answer".to_owned()]),
        _ => each.iter().flatten().filter(counts).cloned().collect(),
    }
}

#[test]
fn answers_have_the_fields_of_the_reference() {
    let appliance = Filled::start();
    let mut crawl = Crawl::from_root(&appliance.client);
    crawl.go_on(&appliance.client, &unlinked());
    let mut found = BTreeSet::new();
    for Documented { template, answer, .. } in reference() {
        let Some(expected) = answer else { continue };
        let mut answers = crawl.of(template);
        answers.extend(appliance.asked(template));
        let differing = differences(&expected, &answers);
        found.extend(differing.into_iter().map(|text| format!("{template}\t{text}")));
    }
    let listed = rows(DIFFERENCES).map(|row| format!("{}\t{}", row[0], row[1]));
    let listed: BTreeSet<String> = listed.collect();
    let faults: Vec<&String> = found.symmetric_difference(&listed).collect();
    assert!(faults.is_empty(), "not as listed: {faults:#?}");
    assert_eq!(listed.len(), KNOWN, "the list may only shrink");
    assert!(rows(DIFFERENCES).all(|row| row.len() == 3 && !row[2].is_empty()), "a reason each");
}
