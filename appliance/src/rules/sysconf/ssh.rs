//! The SSH server: `/api/lunasa/ssh`, and from where accounts may log in. Logins are in `ssh_login.rs`.

use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use luna_rest::Nothing;
use luna_rest::ssh::{
    ACT, ACTIONS, ADD_CLIENTS, BAD_ADDRESS, BAD_CIPHERS, BIND_ADDRESS, BindAddress, CHANGE,
    CIPHERS, CLEAR_CLIENTS, CLIENTS, ChangeSsh, Client, Clients, HOST_KEYS, HostKey, HostKeys,
    Hosts, MACS, NO_CLIENT, NO_USER, REGENERATE_KEY, REJECTED, REMOVE_CLIENTS, RESET_CIPHERS,
    Rejected, RejectedClient, SHOW, Ssh,
};
use luna_rest::tasks::{Actions, Link};
use ring::digest::{SHA256, digest};
use ring::signature::{Ed25519KeyPair, KeyPair};

use crate::core::message::{Failure, Reply};
use crate::core::random::from_hex;
use crate::request::context::Context;
use crate::request::route::{EVERYONE, Ids, OPERATOR, Routes};
use crate::rules::network::devices::check_binding;
use crate::rules::sysconf::ssh_login::seconds_text;
use crate::state::State;
use crate::state::sysconf::{HostKeyRow, RejectedRow, default_ciphers};

/// The public half of the host key as it is shown.
fn show_host_key(row: &HostKeyRow) -> Result<HostKey, Failure> {
    let fault = || Failure::internal("The SSH host key cannot be read.");
    let seed = from_hex(row.seed.expose()).ok_or_else(fault)?;
    let pair = Ed25519KeyPair::from_seed_unchecked(&seed);
    let pair = pair.map_err(|_| fault())?;
    let kind = "ssh-ed25519";
    let mut blob = Vec::new();
    for field in [kind.as_bytes(), pair.public_key().as_ref()] {
        blob.extend(u32::try_from(field.len()).unwrap_or_default().to_be_bytes());
        blob.extend(field);
    }
    let print = STANDARD_NO_PAD.encode(digest(&SHA256, &blob));
    Ok(HostKey { kind: kind.to_owned(), bits: 256, fingerprint: format!("SHA256:{print}") })
}

/// The addresses that alone the server lets in at; none for all there are.
pub(crate) fn restriction(state: &State) -> Vec<IpAddr> {
    let row = state.sysconf.ssh.get();
    if let Some(ip) = &row.ip {
        return ip.parse().ok().filter(|ip: &IpAddr| !ip.is_unspecified()).into_iter().collect();
    }
    if row.devices.iter().any(|device| device == "all") {
        return Vec::new();
    }
    let up = row.devices.iter().filter(|device| state.network.is_up(device));
    let devices = up.filter_map(|device| state.network.row(device));
    let addresses = devices.map(|row| {
        let four = row.ip4.map(|row| IpAddr::from(row.ip));
        four.into_iter().chain(row.ip6.map(|row| IpAddr::from(row.ip)))
    });
    addresses.flatten().collect()
}

pub(crate) fn routes(r: &mut Routes) {
    r.on(&SHOW, EVERYONE, show);
    r.on(&CHANGE, OPERATOR, change);
    r.on(&ACTIONS, EVERYONE, actions);
    r.on(&ACT, OPERATOR, act);
    r.on(&HOST_KEYS, EVERYONE, host_keys);
    r.on(&BIND_ADDRESS, OPERATOR, bind_address);
    r.on(&CLIENTS, EVERYONE, clients);
    r.on(&CLEAR_CLIENTS, OPERATOR, clear_clients);
    r.on(&ADD_CLIENTS, OPERATOR, add_clients);
    r.on(&REMOVE_CLIENTS, OPERATOR, remove_clients);
    r.on(&REJECTED, EVERYONE, rejected);
}

fn show(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Ssh>, Failure> {
    let row = cx.state.sysconf.ssh.get();
    Ok(Reply::ok(Ssh {
        actions: ACTIONS.template().to_owned(),
        cipher_list: row.ciphers.join(":"),
        is_password_authentication_enabled: row.password,
        is_key_authentication_enabled: row.public_key,
        port: row.port,
        network_devices: row.devices.clone(),
        ip: row.ip.clone(),
    }))
}

fn change(cx: &mut Context<'_>, _: &Ids<0>, body: ChangeSsh) -> Result<Reply<Nothing>, Failure> {
    let row = cx.state.sysconf.ssh.get_mut();
    if let Some(list) = &body.cipher_list {
        (row.ciphers, row.macs) = read_ciphers(list)?;
    }
    if let Some(port) = body.port {
        if port != 22 && port < 1024 {
            return Err(Failure::bad_request("The port is 22, or one of 1024 to 65535."));
        }
        row.port = port;
    }
    if let Some(devices) = body.network_devices {
        if devices.is_empty() {
            return Err(Failure::bad_request("'networkDevices' is empty."));
        }
        for device in &devices {
            check_binding(device, &["all"])
                .map_err(|known| Failure::bad_request(format!("'{device}' is none of {known}.")))?;
        }
        (row.devices, row.ip) = (devices, None);
    }
    row.password = body.is_password_authentication_enabled.unwrap_or(row.password);
    row.public_key = body.is_key_authentication_enabled.unwrap_or(row.public_key);
    Ok(Reply::done())
}

/// Ciphers and codes; at least one cipher must stay.
fn read_ciphers(list: &str) -> Result<(Vec<String>, Vec<String>), Failure> {
    let refuse = |details: String| {
        Failure::new(400, BAD_CIPHERS, "The ciphers could not be set.").details(details)
    };
    let (mut ciphers, mut macs) = (Vec::new(), Vec::new());
    for name in list.split(':') {
        let list = if CIPHERS.contains(&name) {
            &mut ciphers
        } else if MACS.contains(&name) {
            &mut macs
        } else {
            return Err(refuse(format!("'{name}' is not an available cipher.")));
        };
        if !list.iter().any(|known| known == name) {
            list.push(name.to_owned());
        }
    }
    if ciphers.is_empty() {
        return Err(refuse("At least one cipher must be configured.".to_owned()));
    }
    Ok((ciphers, macs))
}

fn actions(_: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Actions>, Failure> {
    let link = |id| Link::below(ACTIONS.template(), id);
    Ok(Reply::ok(Actions { actions: [REGENERATE_KEY, RESET_CIPHERS].map(link).to_vec() }))
}

fn act(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    match ids[0].as_str() {
        REGENERATE_KEY => {
            let seed = cx.random().block();
            cx.state.sysconf.ssh_host_key.set(HostKeyRow::new(&seed));
            // The server makes new ones for its next connection.
            cx.state.sysconf.ssh_further_keys.retain(|_, _| false);
        }
        RESET_CIPHERS => {
            let row = cx.state.sysconf.ssh.get_mut();
            (row.ciphers, row.macs) = (default_ciphers(), Vec::new());
        }
        other => {
            return Err(Failure::no_resource(format!("The SSH server has no action '{other}'.")));
        }
    }
    Ok(Reply::done())
}

fn host_keys(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<HostKeys>, Failure> {
    let mut keys = vec![show_host_key(cx.state.sysconf.ssh_host_key.get())?];
    keys.extend(cx.state.sysconf.ssh_further_keys.iter().map(|(kind, row)| HostKey {
        kind: kind.to_owned(),
        bits: row.bits,
        fingerprint: row.fingerprint.clone(),
    }));
    Ok(Reply::ok(HostKeys { keys }))
}

fn read_address(text: &str) -> Result<String, Failure> {
    let address: Result<IpAddr, _> = text.trim().parse();
    address.map(|address| address.to_string()).map_err(|_| {
        Failure::new(400, BAD_ADDRESS, "The address is not valid.")
            .details(format!("'{text}' is no IP address."))
    })
}

/// Assumed: any address; that the appliance has it is not checked. The server takes it where this machine has it.
fn bind_address(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    body: BindAddress,
) -> Result<Reply<Nothing>, Failure> {
    let ip = read_address(&body.ip)?;
    cx.state.sysconf.ssh.get_mut().ip = Some(ip);
    Ok(Reply::done())
}

fn clients(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Clients>, Failure> {
    let lists = &cx.state.sysconf.ssh_clients;
    let client = |user: &str| Client {
        user_id: user.to_owned(),
        hosts: lists.get(user).cloned().unwrap_or_default(),
    };
    // The built-in accounts first, as the product lists them.
    const BUILT_IN: [&str; 4] = ["audit", "admin", "monitor", "operator"];
    let users = &cx.state.users.users;
    let others = users.keys().filter(|user| !BUILT_IN.contains(user));
    let listed = BUILT_IN.into_iter().filter(|user| users.contains(user)).chain(others);
    Ok(Reply::ok(Clients { clients: listed.map(client).collect() }))
}

fn clear_clients(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    cx.state.sysconf.ssh_clients.retain(|_, _| false);
    Ok(Reply::done())
}

fn known_user<'i>(cx: &Context<'_>, user: &'i str) -> Result<&'i str, Failure> {
    if cx.state.users.users.contains(user) {
        return Ok(user);
    }
    Err(Failure::new(404, NO_USER, "The user does not exist.")
        .details(format!("There is no user '{user}'.")))
}

/// Addresses that are there already are skipped; one that is none stops the whole change.
fn add_clients(cx: &mut Context<'_>, ids: &Ids<1>, body: Hosts) -> Result<Reply<Nothing>, Failure> {
    let user = known_user(cx, &ids[0])?;
    let mut hosts = cx.state.sysconf.ssh_clients.get(user).cloned().unwrap_or_default();
    for host in &body.hosts {
        let host = read_address(host)?;
        if !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    if hosts.is_empty() {
        return Err(Failure::bad_request("'hosts' is empty."));
    }
    cx.state.sysconf.ssh_clients.insert(user, hosts);
    Ok(Reply::done())
}

/// The last address gone, the account may log in from everywhere again.
fn remove_clients(
    cx: &mut Context<'_>,
    ids: &Ids<1>,
    body: Hosts,
) -> Result<Reply<Nothing>, Failure> {
    let user = known_user(cx, &ids[0])?;
    let mut hosts = cx.state.sysconf.ssh_clients.get(user).cloned().unwrap_or_default();
    for host in &body.hosts {
        let host = read_address(host)?;
        let Some(place) = hosts.iter().position(|known| *known == host) else {
            return Err(Failure::new(404, NO_CLIENT, "The address is not in the list.")
                .details(format!("'{host}' is not in the list of user '{user}'.")));
        };
        hosts.remove(place);
    }
    if hosts.is_empty() {
        cx.state.sysconf.ssh_clients.remove(user);
    } else {
        cx.state.sysconf.ssh_clients.insert(user, hosts);
    }
    Ok(Reply::done())
}

fn rejected(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Rejected>, Failure> {
    let client = |row: &RejectedRow| RejectedClient {
        user_id: row.user.clone(),
        host: row.host.clone(),
        time: seconds_text(row.time),
    };
    let clients = cx.state.sysconf.ssh_rejected.get().iter().map(client).collect();
    Ok(Reply::ok(Rejected { clients }))
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::sync::{Arc, Mutex};

    use crate::core::ssh::SshServer;
    use crate::test_machine::TestMachine;
    use serde_json::json;

    const SSH: &str = "/api/lunasa/ssh";
    const CLIENTS: &str = "/emulator/lunash/ssh/clients";

    #[test]
    fn settings_change_one_by_one() {
        let mut bench = TestMachine::new();
        let factory = json!({
            "actions": "/api/lunasa/ssh/actions", "cipherList": "aes192-ctr:aes256-ctr",
            "isPasswordAuthenticationEnabled": true, "isKeyAuthenticationEnabled": true,
            "port": 22, "networkDevices": ["all"],
        });
        assert_eq!(bench.get(SSH).json(), factory);
        assert_eq!(bench.patch(SSH, json!({"port": 2222})).status, 204);
        let change =
            json!({"isPasswordAuthenticationEnabled": false, "networkDevices": ["eth0", "eth1"]});
        assert_eq!(bench.patch(SSH, change).status, 204);
        bench.restart();
        let shown = bench.get(SSH).json();
        assert_eq!(
            (&shown["port"], &shown["networkDevices"]),
            (&json!(2222), &json!(["eth0", "eth1"]))
        );
        assert_eq!(shown["isPasswordAuthenticationEnabled"], false);
        for change in [
            json!({"port": 80}),
            json!({"port": 23}),
            json!({"networkDevices": []}),
            json!({"networkDevices": ["eth9"]}),
        ] {
            assert_eq!(bench.patch(SSH, change).error(), (400, "FRAMEWORK_BAD_REQUEST"));
        }
    }

    #[test]
    fn ciphers_are_known_ones_and_one_stays() {
        let mut bench = TestMachine::new();
        for list in ["", "AES256-CTR", "hmac-sha2-256", "aes256-ctr:", "rot13"] {
            let answer = bench.patch(SSH, json!({"cipherList": list}));
            assert_eq!(answer.error(), (400, "SSH_FAILED_TO_SET_CIPHERS"), "{list}");
        }
        let list = "aes256-gcm@openssh.com:hmac-sha2-512:aes256-gcm@openssh.com";
        assert_eq!(bench.patch(SSH, json!({"cipherList": list})).status, 204);
        // Codes for message authentication are kept, and not shown.
        assert_eq!(bench.get(SSH).json()["cipherList"], "aes256-gcm@openssh.com");
        assert_eq!(bench.post(&format!("{SSH}/actions/resetCiphers"), json!({})).status, 204);
        assert_eq!(bench.get(SSH).json()["cipherList"], "aes192-ctr:aes256-ctr");
        let unknown = bench.post(&format!("{SSH}/actions/x"), json!({}));
        assert_eq!(unknown.error(), (404, "FRAMEWORK_NO_RESOURCE"));
    }

    #[test]
    fn a_new_host_key_has_another_fingerprint() {
        let mut bench = TestMachine::new();
        let print = |bench: &mut TestMachine| {
            let keys = bench.get("/emulator/lunash/ssh/hostKeys").json();
            keys["keys"][0]["fingerprint"].as_str().unwrap().to_owned()
        };
        let first = print(&mut bench);
        assert_eq!(first.len(), "SHA256:".len() + 43);
        bench.restart();
        assert_eq!(print(&mut bench), first);
        assert_eq!(bench.post(&format!("{SSH}/actions/keyRegenerate"), json!({})).status, 204);
        assert_ne!(print(&mut bench), first);
        assert_eq!(print(&mut TestMachine::new()), first, "the same seed makes the same key");
    }

    #[test]
    fn an_address_binds_until_a_device_does() {
        let mut bench = TestMachine::new();
        let path = "/emulator/lunash/ssh/address";
        assert_eq!(bench.put(path, json!({"ip": "10.1.1"})).status, 400);
        assert_eq!(bench.put(path, json!({"ip": "10.1.1.1"})).status, 204);
        assert_eq!(bench.get(SSH).json()["ip"], "10.1.1.1");
        bench.patch(SSH, json!({"networkDevices": ["all"]}));
        assert_eq!(bench.get(SSH).json()["ip"], json!(null));
    }

    /// What the server was told last.
    #[derive(Clone, Default)]
    struct Told(Arc<Mutex<(u16, Vec<IpAddr>)>>);

    impl SshServer for Told {
        fn listen(&self, port: u16, only: &[IpAddr]) {
            *self.0.lock().unwrap() = (port, only.to_vec());
        }
    }

    #[test]
    fn the_server_is_told_of_addresses_and_of_those_of_its_devices() {
        let mut bench = TestMachine::new();
        let told = Told::default();
        bench.machine.set_ssh(Box::new(told.clone()));
        let told = |port: u16, only: &[&str]| {
            let only: Vec<IpAddr> = only.iter().map(|ip| ip.parse().unwrap()).collect();
            assert_eq!(*told.0.lock().unwrap(), (port, only));
        };
        told(22, &[]);
        let address = "/emulator/lunash/ssh/address";
        bench.put(address, json!({"ip": "127.0.0.2"}));
        told(22, &["127.0.0.2"]);
        bench.patch(SSH, json!({"port": 2300}));
        told(2300, &["127.0.0.2"]);
        for unrestricted in ["0.0.0.0", "::"] {
            bench.put(address, json!({"ip": unrestricted}));
            told(2300, &[]);
        }
        bench.patch(SSH, json!({"networkDevices": ["eth0", "eth1"], "port": 22}));
        told(22, &["192.0.2.10"]);
        let device = json!({"ip": "10.1.0.5", "mask": 24, "gateway": "10.1.0.1"});
        assert_eq!(bench.put("/api/lunasa/network/devices/eth1/ip4", device).status, 204);
        told(22, &["192.0.2.10", "10.1.0.5"]);
        bench.patch(SSH, json!({"networkDevices": ["all"]}));
        told(22, &[]);
    }

    #[test]
    fn accounts_without_a_list_come_from_everywhere() {
        let mut bench = TestMachine::new();
        bench.user("Alice", "Abcdef12", "monitor");
        let hosts = |bench: &mut TestMachine, at: usize| {
            let clients = bench.get(CLIENTS).json();
            (clients["clients"][at]["userId"].clone(), clients["clients"][at]["hosts"].clone())
        };
        assert_eq!(hosts(&mut bench, 0), (json!("audit"), json!([])));
        let alice = format!("{CLIENTS}/Alice");
        let add = json!({"hosts": ["10.124.79.145", " 10.124.145.18", "10.124.79.145"]});
        assert_eq!(bench.post(&alice, add).status, 204);
        let both = json!(["10.124.79.145", "10.124.145.18"]);
        assert_eq!(hosts(&mut bench, 4), (json!("Alice"), both.clone()));
        let bad = bench.post(&alice, json!({"hosts": ["10.1.1.1", "somewhere"]}));
        assert_eq!(bad.error(), (400, "SSH_CLIENT_ADDRESS_INVALID"));
        assert_eq!(hosts(&mut bench, 4).1, both, "none of them was added");
        let other = bench.delete_with(&alice, json!({"hosts": ["10.9.9.9"]}));
        assert_eq!(other.error(), (404, "SSH_CLIENT_DOES_NOT_EXIST"));
        assert_eq!(bench.delete_with(&alice, json!({"hosts": both})).status, 204);
        assert_eq!(hosts(&mut bench, 4).1, json!([]));
        let nobody = bench.post(&format!("{CLIENTS}/bob"), json!({"hosts": ["10.1.1.1"]}));
        assert_eq!(nobody.error(), (404, "SERVERPLUGIN_USERID_DOES_NOT_EXIST"));
        bench.post(&alice, json!({"hosts": ["10.1.1.1"]}));
        assert_eq!(bench.delete(CLIENTS).status, 204);
        assert_eq!(hosts(&mut bench, 4).1, json!([]));
    }
}
