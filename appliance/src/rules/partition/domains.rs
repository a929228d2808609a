//! What ties a partition to others: cloning domains, the domain of an older HSM, its STC identity.
//!
//! Clients add and remove domains in the cryptographic API; here it has routes below `/emulator`.

use luna_rest::Nothing;
use luna_rest::link::{DomainChallenge, DomainProof, PROVE_DOMAIN};
use luna_rest::partitions::{
    ADD_DOMAIN, CHANGE_DOMAIN, ChangeDomain, DELETE_DOMAIN, DOMAINS, Domain, Domains,
    EXPORT_IDENTITY, FileName, LegacyDomain, NewDomain, SET_LEGACY_DOMAIN, refusal,
};

use crate::core::checks::check_domain;
use crate::core::message::{Failure, Reply};
use crate::core::password::PasswordHash;
use crate::core::random::hex;
use crate::core::text::is_name;
use crate::request::context::Context;
use crate::request::route::{Ids, MONITOR, OPERATOR, Routes};
use crate::rules::partition::access::{not_allowed, partition, partition_mut, require_initialized};
use crate::rules::partition::login::require_role;
use crate::rules::partition::stc::identity_of;
use crate::state::partition_policies::{EXTENDED_DOMAINS, policy};
use crate::state::partitions::{DomainRow, PartitionRow};

/// Cloning domains of a partition: the one of its initialization and two more.
const MAX_DOMAINS: usize = 3;

pub(crate) fn routes(r: &mut Routes) {
    r.on(&DOMAINS, MONITOR.linked(), domains);
    r.on(&ADD_DOMAIN, OPERATOR.private().linked(), add_domain);
    r.on(&CHANGE_DOMAIN, OPERATOR.private().linked(), change_domain);
    r.on(&DELETE_DOMAIN, OPERATOR.private().linked(), delete_domain);
    r.on(&PROVE_DOMAIN, OPERATOR.private().linked(), prove_domain);
    r.on(&SET_LEGACY_DOMAIN, OPERATOR.private(), set_legacy_domain);
    r.on(&EXPORT_IDENTITY, OPERATOR.private(), export_identity);
}

fn domains(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Domains>, Failure> {
    let row = partition(cx, &ids[0])?;
    let domain = |(place, domain): (usize, &DomainRow)| Domain {
        id: domain.number.to_string(),
        label: domain.label.clone(),
        primary: place == 0,
    };
    Ok(Reply::ok(Domains { domains: row.domains.iter().enumerate().map(domain).collect() }))
}

fn prove_domain(
    cx: &mut Context<'_>,
    ids: &Ids<1>,
    body: DomainChallenge,
) -> Result<Reply<DomainProof>, Failure> {
    partition(cx, &ids[0])?;
    require_role(cx, &ids[0], &["co"])?;
    if body.challenge.is_empty() || body.challenge.len() > 255 {
        return Err(Failure::bad_request("'challenge' has 1 to 255 characters."));
    }
    let row = partition(cx, &ids[0])?;
    let domain = row.domains.first();
    let domain = domain.ok_or_else(|| not_allowed("The partition has no cloning domain."))?;
    let text = format!("{} {}", domain.hash.domain_mark(), body.challenge);
    let proof = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    Ok(Reply::ok(DomainProof { proof: hex(proof.as_ref()) }))
}

fn check_domain_label(label: &str) -> Result<(), Failure> {
    let allowed = |_, c: char| c.is_ascii_graphic() || c == ' ';
    if label.is_empty() || is_name(label, 32, allowed) {
        return Ok(());
    }
    Err(Failure::bad_request("A domain's label takes 1 to 32 printable characters."))
}

fn add_domain(
    cx: &mut Context<'_>,
    ids: &Ids<1>,
    body: NewDomain,
) -> Result<Reply<Nothing>, Failure> {
    let serial = &ids[0];
    let label = body.label.unwrap_or_default();
    partition(cx, serial)?;
    require_role(cx, serial, &["so"])?;
    check_domain(body.domain.expose())?;
    check_domain_label(&label)?;
    let row = partition(cx, serial)?;
    if policy(row, EXTENDED_DOMAINS) == 0 {
        return Err(not_allowed(format!(
            "Partition policy {EXTENDED_DOMAINS} (Allow Extended Domain Management) is off."
        )));
    }
    if row.domains.len() >= MAX_DOMAINS {
        return Err(not_allowed(format!("The partition has {MAX_DOMAINS} domains already.")));
    }
    let number = row.domains.iter().map(|domain| domain.number + 1).max().unwrap_or(0);
    let hash = PasswordHash::of_domain(body.domain.expose());
    let row = partition_mut(cx, serial)?;
    let place = if body.primary { 0 } else { row.domains.len() };
    row.domains.insert(place, DomainRow { number, label, hash });
    let parent = DOMAINS.path(&[serial]);
    Ok(Reply::created(format!("{parent}/{number}")))
}

fn place_of(row: &PartitionRow, id: &str) -> Result<usize, Failure> {
    row.domains.iter().position(|domain| domain.number.to_string() == id).ok_or_else(|| {
        Failure::new(404, refusal::INVALID_OBJECT, "The domain does not exist.")
            .details(format!("The partition has no domain {id}."))
    })
}

fn change_domain(
    cx: &mut Context<'_>,
    ids: &Ids<2>,
    body: ChangeDomain,
) -> Result<Reply<Nothing>, Failure> {
    let place = place_of(partition(cx, &ids[0])?, &ids[1])?;
    require_role(cx, &ids[0], &["so"])?;
    let row = partition_mut(cx, &ids[0])?;
    if let Some(label) = body.label {
        check_domain_label(&label)?;
        row.domains[place].label = label;
    }
    if body.primary {
        row.domains[..=place].rotate_right(1);
    }
    Ok(Reply::done())
}

fn delete_domain(
    cx: &mut Context<'_>,
    ids: &Ids<2>,
    _: Nothing,
) -> Result<Reply<Nothing>, Failure> {
    let place = place_of(partition(cx, &ids[0])?, &ids[1])?;
    require_role(cx, &ids[0], &["so"])?;
    if place == 0 {
        return Err(not_allowed("The primary domain cannot be deleted."));
    }
    partition_mut(cx, &ids[0])?.domains.remove(place);
    Ok(Reply::done())
}

/// Who may do it is assumed: the HSM SO, or whoever manages the partition.
fn set_legacy_domain(
    cx: &mut Context<'_>,
    ids: &Ids<1>,
    body: LegacyDomain,
) -> Result<Reply<Nothing>, Failure> {
    let serial = &ids[0];
    require_initialized(partition(cx, serial)?)?;
    if !cx.session().is_so() {
        require_role(cx, serial, &["so", "co"])?;
    }
    check_domain(body.domain.expose())?;
    if partition(cx, serial)?.legacy_domain.is_some() {
        return Err(not_allowed("The partition has a legacy domain already; it stays for good."));
    }
    let hash = cx.hash(body.domain.expose());
    partition_mut(cx, serial)?.legacy_domain = Some(hash);
    Ok(Reply::done())
}

fn export_identity(
    cx: &mut Context<'_>,
    ids: &Ids<1>,
    _: Nothing,
) -> Result<Reply<FileName>, Failure> {
    let serial = &ids[0];
    partition(cx, serial)?;
    cx.require_so()?;
    let (user, file) = (cx.session().user.clone(), format!("{serial}.pid"));
    cx.state.files.put(&user, &file, identity_of(serial), cx.now);
    Ok(Reply::ok(FileName { file }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::partition::lifecycle::tests::{SO, bench, initialized};
    use crate::test_machine::TestMachine;
    use serde_json::json;

    fn serial(path: &str) -> &str {
        path.rsplit('/').next().unwrap()
    }

    #[test]
    fn further_domains_need_their_policy() {
        let mut bench = bench();
        let path = initialized(&mut bench, 0);
        let login = json!({"role": "so", "password": SO, "ped": "0"});
        bench.post(&format!("{path}/login"), login).created();
        let domains = format!("/emulator/partitions/{}/domains", serial(&path));
        let body = json!({"domain": "second", "label": "two", "primary": true});
        assert_eq!(bench.post(&domains, body.clone()).error(), (422, refusal::NOT_ALLOWED));
        let task = bench.put(&format!("{path}/policies/44"), json!({"value": 1})).created();
        bench.post(&format!("{task}/actions/start"), json!({}));
        assert_eq!(bench.post(&domains, body.clone()).created(), format!("{domains}/1"));
        bench.post(&domains, body.clone()).created();
        assert_eq!(
            bench.post(&domains, body).error(),
            (422, refusal::NOT_ALLOWED),
            "three at most"
        );
        let order = |bench: &mut TestMachine| {
            let listed = bench.get(&domains).json();
            let ids: Vec<_> = listed["domains"].as_array().unwrap().iter().collect();
            ids.iter().map(|domain| domain["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(order(&mut bench), ["2", "1", "0"]);
        bench.patch(&format!("{domains}/0"), json!({"label": "first", "primary": true}));
        assert_eq!(order(&mut bench), ["0", "2", "1"]);
        assert_eq!(bench.delete(&format!("{domains}/0")).error(), (422, refusal::NOT_ALLOWED));
        assert_eq!(bench.delete(&format!("{domains}/1")).status, 204);
        assert_eq!(order(&mut bench), ["0", "2"]);
    }

    #[test]
    fn a_legacy_domain_is_set_once() {
        let mut bench = bench();
        let path = initialized(&mut bench, 0);
        let set = format!("/emulator/lunash/partitions/{}/legacyDomain", serial(&path));
        assert_eq!(bench.put(&set, json!({"domain": "old"})).status, 204);
        assert_eq!(bench.get(&path).json()["legacyDomainSet"], true);
        assert_eq!(bench.put(&set, json!({"domain": "x"})).error(), (422, refusal::NOT_ALLOWED));
    }

    #[test]
    fn the_identity_becomes_a_file_of_the_user() {
        let mut bench = bench();
        let path = initialized(&mut bench, 0);
        let export = format!("/emulator/lunash/partitions/{}/stcIdentity", serial(&path));
        let file = format!("{}.pid", serial(&path));
        assert_eq!(bench.post(&export, json!({})).json()["file"], file);
        assert_eq!(bench.get(&format!("/users/admin/files/{file}")).status, 200);
    }
}
