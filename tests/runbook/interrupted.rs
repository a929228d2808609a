//! Runs of `lunash apply` whose way to an appliance breaks: the next run goes on from what is there, comes to the
//! same end, and does nothing a second time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use luna_rest::{Nothing, clusters, emulator, services};
use luna_shell::Status;
use luna_tests::{Break, NTLS, Proxy};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::clients::pair;
use super::clusters::{CLUSTER, OWN};
use super::examples::{Clocks, resource_of};
use super::{Bench, PARTITION};

/// Counts changes, and lets the way break at the one that is chosen.
struct Breaker {
    proxy: Proxy,
    clocks: Clocks,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    /// How often each was called.
    changes: BTreeMap<String, u32>,
    /// All of them, with sessions and logins.
    requests: Vec<String>,
    breaks: Option<(usize, Break)>,
    broken: Option<String>,
}

/// Whether it changes the appliance: not sessions, logins, questions, what is told to the log, and a file that is
/// put there in the place of itself.
fn is_change(resource: &str) -> bool {
    let none = [
        "/login",
        "/logout",
        "/auth/session",
        "/emulator/lunash/told",
        "/files",
        "/domain",
        "/objects/find",
    ];
    !resource.starts_with("GET ") && !none.iter().any(|end| resource.ends_with(end))
}

impl Subscriber for Breaker {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == luna_rest::CALLS
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let resource = resource_of(event);
        self.clocks.seen(&resource);
        if resource.starts_with("GET ") || resource.ends_with("/told") {
            return;
        }
        let mut seen = self.seen.lock().unwrap();
        let number = seen.requests.len();
        seen.requests.push(resource.clone());
        if is_change(&resource) {
            *seen.changes.entry(resource.clone()).or_default() += 1;
        }
        if let Some((at, when)) = seen.breaks
            && at == number
        {
            seen.broken = Some(resource);
            self.proxy.arm(when);
        }
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

impl Bench {
    /// Whose way to the appliance may break.
    fn breakable() -> Bench {
        let bench = Bench::new();
        let proxy = Proxy::to(bench.appliance.running().unwrap().address()).unwrap();
        Bench { proxies: vec![proxy], ..bench }
    }

    /// The same of several appliances, with the links of their clients: each is reached by an address of its
    /// own, whose number is the appliance's and four.
    pub(super) fn breakable_links(count: u8) -> Bench {
        let bench = Bench::several(count);
        let nowhere = Proxy::to((bench.appliance.address(9), 9).into()).unwrap();
        let way = |number: u8, port: u16| {
            let [from, to] = [number + 4, number].map(|one| bench.appliance.address(one));
            nowhere.and((from, port).into(), (to, port).into()).unwrap()
        };
        let port = |number: u8| bench.address(usize::from(number) - 1).port();
        let rest = (1..=count).map(|number| way(number, port(number)));
        let proxies = rest.chain((1..=count).map(|number| way(number, NTLS)));
        Bench { proxies: proxies.collect(), ..bench }
    }

    /// Applies the runbook while the way breaks at this one of the requests that are no reading.
    fn apply_broken(&self, breaks: Option<(usize, Break)>) -> (Status, String, Seen) {
        let seen = Arc::new(Mutex::new(Seen { breaks, ..Seen::default() }));
        let breaker = Breaker {
            proxy: self.proxies[0].clone(),
            clocks: self.clocks(),
            seen: Arc::clone(&seen),
        };
        let (status, screen) = tracing::subscriber::with_default(breaker, || self.apply());
        let seen = std::mem::take(&mut *seen.lock().unwrap());
        (status, screen, seen)
    }
}

/// What two runs changed, without what did not reach the appliance and had to be sent again.
fn together(first: Seen, second: Seen, when: Break) -> BTreeMap<String, u32> {
    let mut twice = first.changes;
    for (resource, count) in second.changes {
        *twice.entry(resource).or_default() += count;
    }
    let broken = first.broken.unwrap_or_default();
    if when == Break::BeforeRequest && is_change(&broken) {
        *twice.get_mut(&broken).unwrap() -= 1;
    }
    twice
}

/// Each change and each login is interrupted in turn, in runs that begin in factory state.
fn interrupted(when: Break) {
    let whole = Bench::breakable();
    whole.write(PARTITION);
    let (status, screen, all) = whole.apply_broken(None);
    assert_eq!(status, Status::Success, "{screen}");
    let attempts = whole.attempts();
    for at in 0..all.requests.len() {
        let bench = Bench::breakable();
        bench.write(PARTITION);
        let (status, screen, first) = bench.apply_broken(Some((at, when)));
        let broken = first.broken.clone().unwrap();
        let told = format!("{when:?} {at}: {broken}\n{screen}");
        assert!(status != Status::Success || !is_change(&broken), "{told}");
        let (status, screen, second) = bench.apply_broken(None);
        let told = format!("{told}\n{screen}");
        assert_eq!(status, Status::Success, "{told}");
        assert_eq!(together(first, second, when), all.changes, "{told}");
        assert_eq!(bench.attempts(), attempts, "{told}");
        assert_eq!(
            bench.apply().1,
            "Nothing to do: the appliance is as the file says.\n",
            "{told}"
        );
    }
}

#[test]
fn a_run_that_was_stopped_before_any_request_is_gone_on_with() {
    interrupted(Break::BeforeRequest);
}

#[test]
fn a_run_that_was_stopped_before_any_answer_is_gone_on_with() {
    interrupted(Break::BeforeAnswer);
}

/// The steps that concern several appliances, which come one after the other. The first of each kind of request
/// that is no reading is interrupted, changes, sessions, logins and questions; the appliances are as they are to be
/// before. `covered` are the kinds of changes that there are, and what the end is like, the last function says.
fn interrupted_steps(
    when: Break,
    covered: &[&str],
    begun: impl Fn() -> Bench,
    end: impl Fn(&Bench) -> String,
) {
    let whole = begun();
    let (status, screen, all) = whole.apply_broken(None);
    assert_eq!(status, Status::Success, "{screen}");
    let (attempts, file) = (whole.attempts(), end(&whole));
    assert_eq!(all.changes.keys().collect::<Vec<_>>(), covered);
    let mut kinds = BTreeSet::new();
    for (at, request) in all.requests.iter().enumerate() {
        if !kinds.insert(request) {
            continue;
        }
        let bench = begun();
        let (_, screen, first) = bench.apply_broken(Some((at, when)));
        let told = format!("{when:?} {at}: {request}\n{screen}");
        assert_eq!(first.broken.as_ref(), Some(request), "{told}");
        // A member goes on joining after the answer.
        for appliance in [&bench.appliance, &bench.others[0]] {
            appliance.client().unwrap().call(&emulator::SETTLE, &[], &Nothing {}).unwrap();
        }
        let (status, screen, second) = bench.apply_broken(None);
        let told = format!("{told}\n{screen}");
        assert_eq!(status, Status::Success, "{told}");
        assert_eq!(together(first, second, when), all.changes, "{told}");
        assert_eq!(bench.attempts(), attempts, "{told}");
        assert_eq!(end(&bench), file, "{told}");
        let nothing = "Nothing to do: 2 appliances are as the file says.\n";
        assert_eq!(bench.apply().1, nothing, "{told}");
    }
}

fn interrupted_client(when: Break) {
    let begun = || {
        let bench = Bench::breakable_links(2);
        bench.write(pair().split("[client]").next().unwrap());
        let (status, screen) = bench.apply();
        assert_eq!(status, Status::Success, "{screen}");
        bench.write(&format!("{}standby = [\"hsm2\"]\n", pair()));
        bench
    };
    // The lines of HA groups change the client's own file alone.
    let covered =
        ["POST /api/lunasa/ntls/clients", "POST /api/lunasa/ntls/clients/{clientid}/links"];
    interrupted_steps(when, &covered, begun, Bench::client_file);
}

/// Two members that are as they are to be but for the cluster, and the file that has it.
fn two_members() -> (Bench, String) {
    let bench = Bench::clustered("1.0.4-122", Bench::breakable_links(2));
    let (one, cluster) = CLUSTER.split_once("[cluster]").unwrap();
    let members = format!("{one}{}", one.replace("hsm1", "hsm2"));
    bench.write(&members);
    let (status, screen) = bench.apply();
    assert_eq!(status, Status::Success, "{screen}");
    let [first, second] = [1, 2].map(|number| bench.appliance.address(number));
    let text = format!(
        "{members}[cluster]{cluster}[cluster.keyrings.payment]\npassword = {{ file = \"first\" }}\n\
         [cluster.members]\nhsm1 = {{ ip = \"{first}\", group = \"east\" }}\n\
         hsm2 = {{ ip = \"{second}\", group = \"west\" }}\n"
    );
    bench.write(&text);
    (bench, text)
}

#[test]
fn a_member_that_is_out_of_reach_of_the_others_is_gone_on_with_once_it_is_back() {
    let (bench, text) = two_members();
    let (status, screen) = bench.with_clocks(|| bench.apply());
    assert_eq!(status, Status::Success, "{screen}");
    let link = |action: &str| {
        let action = action.to_owned();
        let change = emulator::ChangeLink { action, ..Default::default() };
        for appliance in [&bench.appliance, &bench.others[0]] {
            appliance.client().unwrap().call(&emulator::CHANGE_LINK, &[], &change).unwrap();
        }
    };
    let keyring =
        |label: &str| format!("[cluster.keyrings.{label}]\npassword = {{ file = \"first\" }}\n");
    let nothing = "Nothing to do: 2 appliances are as the file says.\n";

    // The primary member goes on alone, and says what that means.
    link("cut");
    let text = text + &keyring("second");
    bench.write(&text);
    let (status, screen) = bench.apply();
    assert_eq!(status, Status::Success, "{screen}");
    assert!(screen.contains("The primary member reaches no other member."), "{screen}");

    // The other one takes no change until it is back.
    let text = text.replace("first = \"hsm1\"", "first = \"hsm2\"") + &keyring("third");
    bench.write(&text);
    let (status, screen) = bench.apply();
    assert_eq!(status, Status::Failed, "{screen}");
    assert!(screen.contains("hsm2: failed: keyring create -label second "), "{screen}");
    link("heal");
    let (status, screen) = bench.apply();
    assert_eq!(status, Status::Success, "{screen}");
    assert!(!screen.contains("-label second "), "{screen}");
    assert_eq!(bench.apply().1, nothing);
}

fn interrupted_cluster(when: Break) {
    let begun = || two_members().0;
    let members = |bench: &Bench| {
        let client = bench.others[0].client().unwrap();
        let cluster = &client.get(&clusters::LIST, &[]).unwrap().data[0].cluster_uuid;
        let members = client.get(&clusters::MEMBERS, &[cluster]).unwrap().data;
        let shown = |one: &clusters::Member| format!("{} {}\n", one.member_active, one.group);
        members.iter().map(shown).collect()
    };
    let covered = [
        "POST /api/clusters",
        "POST /api/keyrings",
        "POST /api/lunasa/packageFiles",
        "POST /api/lunasa/services/{serviceid}/actions/{actionid}",
        "PUT /api/cluster/config",
        // Joining.
        "PUT /api/clusters/{clusterid}",
        // Authorizing, and the affinity group.
        "PUT /api/clusters/{clusterid}/members/{memberid}",
    ];
    interrupted_steps(when, &covered, begun, members);
}

#[test]
fn a_cluster_whose_way_breaks_before_a_request_is_gone_on_with() {
    interrupted_cluster(Break::BeforeRequest);
}

#[test]
fn a_cluster_whose_way_breaks_before_an_answer_is_gone_on_with() {
    interrupted_cluster(Break::BeforeAnswer);
}

impl Bench {
    /// The client's configuration, without what differs from run to run.
    fn client_file(&self) -> String {
        let text = self.chrystoki();
        let text = text.replace(&self.appliance.folder().display().to_string(), "/luna");
        (5..=6).fold(text, |text, number| {
            text.replace(&self.appliance.address(number).to_string(), &format!("hsm{}", number - 4))
        })
    }
}

#[test]
fn a_client_whose_way_breaks_before_a_request_is_gone_on_with() {
    interrupted_client(Break::BeforeRequest);
}

#[test]
fn a_client_whose_way_breaks_before_an_answer_is_gone_on_with() {
    interrupted_client(Break::BeforeAnswer);
}

/// The registration with a cluster: whether the member heard of it is not known, and the key that it may know is
/// the one that the next run registers.
#[test]
fn a_registration_that_ended_unclear_is_gone_on_with() {
    let register = luna_rest::keyrings::REGISTER.resource().to_string();
    for when in [Break::BeforeRequest, Break::BeforeAnswer] {
        let mut bench = Bench::clustered("1.0.4-122", Bench::several(1));
        bench.write_cluster("", "");
        let (status, screen) = bench.with_clocks(|| bench.apply());
        assert_eq!(status, Status::Success, "{screen}");
        // Clients come to a port that the member does not use itself.
        let admin = clusters::Configure {
            service: "admin".to_owned(),
            port: Some(50_075),
            ..Default::default()
        };
        bench.client().call(&clusters::CONFIGURE, &[], &admin).unwrap();
        let nothing = services::ServiceAction::default();
        bench.client().call(&services::ACT, &["cluster", "restart"], &nothing).unwrap();
        bench.appliance.advance(60).unwrap();
        let ip = bench.appliance.address(1);
        let nowhere = Proxy::to((ip, 9).into()).unwrap();
        let rest = Proxy::and(&nowhere, (ip, 0).into(), bench.address(0)).unwrap();
        let clients = nowhere.and((ip, 50_070).into(), (ip, 50_075).into()).unwrap();
        bench.proxies = vec![rest, clients];
        bench.write_cluster("", OWN);
        // The member whose service was started again is authorized before.
        let (status, screen, first) = bench.apply_broken(Some((1, when)));
        assert_eq!(first.broken.as_ref(), Some(&register), "{:?}", first.requests);
        assert_eq!(status, Status::Unclear, "{screen}");
        let known = bench.client_ids("web1");
        assert_eq!(known.len(), usize::from(when == Break::BeforeAnswer), "{screen}");
        let screen = bench.settles();
        let now = bench.client_ids("web1");
        assert!(now.len() == 1 && (known.is_empty() || known == now), "{screen}");
        // Once more, with another key in the place of one that is known.
        bench.write_cluster("", &OWN.replace("label = \"web\"", "label = \"other\""));
        let (status, screen, first) = bench.apply_broken(Some((0, when)));
        assert_eq!(first.broken.as_ref(), Some(&register), "{:?}", first.requests);
        assert_eq!(status, Status::Unclear, "{screen}");
        let screen = bench.settles();
        assert_eq!(bench.client_ids("web1"), now, "{screen}");
        let own = bench.appliance.client_folder().join("cert/client");
        let own = std::fs::read_dir(own).unwrap().next().unwrap().unwrap().path();
        let names = std::fs::read_dir(own).unwrap().map(|entry| entry.unwrap().file_name());
        let wanted = ["web1.pem", "web1.pem.old1", "web1Key.pem", "web1Key.pem.old1"];
        assert_eq!(names.collect::<BTreeSet<_>>(), wanted.map(Into::into).into());
    }
}
