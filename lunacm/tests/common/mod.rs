//! What several tests prepare at an emulated appliance.

use std::path::Path;

use luna_appliance::Own;
use luna_rest::{Client, hsm, partitions};

/// A session with the appliance of one's own in this folder.
pub(crate) fn client(data: &Path) -> Client {
    let own = Own::find(data).unwrap();
    let mut client = Client::connect(own.target).unwrap();
    client.login_locally(own.key.expose()).unwrap();
    client
}

/// Initializes the HSM and makes a partition.
pub(crate) fn make_partition(client: &Client, name: &str) {
    let id = client.get(&hsm::LIST, &[]).unwrap().hsms.remove(0).id;
    let password = || Some("so-Passw0rd".into());
    let (label, domain) = ("luna1".to_owned(), Some("domain-1".into()));
    let init = hsm::Init { label, password: password(), domain, ..Default::default() };
    client.call(&hsm::INIT, &[&id], &init).unwrap();
    let login = hsm::Login { role: "so".into(), password: password(), ped: "0".into() };
    client.call(&hsm::LOGIN, &[&id], &login).unwrap();
    let name = name.to_owned();
    let new = partitions::NewPartition { name, has_pso: true, ..Default::default() };
    client.call(&partitions::CREATE, &[&id], &new).unwrap();
}
