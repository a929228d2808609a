//! The appliances of a rehearsal: named A, B and so on, started, killed, and linked to each other.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use luna_appliance::{Appliance, FACTORY_HOSTNAME, Running, Ssh};
use luna_rest::{Client, Nothing, Target, Trust, clusters, emulator};
use luna_shell::{Failure, LocalAppliance};
use time::Duration;

use super::network::Network;
use super::wrong;

/// The appliance that is there from the beginning.
const FIRST: &str = "A";

/// Where an appliance is.
pub(crate) fn target(running: &Running) -> Target {
    let address = running.address();
    Target {
        host: address.ip().to_string(),
        port: address.port(),
        trust: Trust::Pinned(running.fingerprint()),
        limit: None,
    }
}

/// A session with an appliance.
pub(crate) fn session(running: &Running) -> Result<Client, Failure> {
    let mut client = Client::connect(target(running))?;
    client.login_locally(running.local_key().expose())?;
    Ok(client)
}

/// The appliances of a rehearsal.
pub(crate) struct Appliances {
    folder: PathBuf,
    network: Rc<Network>,
    /// The number of the first one in the network.
    first: u8,
    /// Where they are reached over SSH, if they are.
    ssh: Option<Ssh>,
    running: BTreeMap<String, Running>,
    chosen: String,
    /// How far their clocks have been moved.
    moved: Cell<Duration>,
    /// UUIDs of members, as they were last known.
    members: BTreeMap<String, String>,
    /// UUID of the cluster that was last known.
    cluster: Option<String>,
}

impl Appliances {
    /// One appliance, in factory state.
    pub(crate) fn new(
        folder: &Path,
        network: Rc<Network>,
        first: u8,
        ssh: Option<Ssh>,
    ) -> Result<Appliances, Failure> {
        let mut appliances = Appliances {
            folder: folder.to_owned(),
            network,
            first,
            ssh,
            running: BTreeMap::new(),
            chosen: FIRST.to_owned(),
            moved: Cell::new(Duration::ZERO),
            members: BTreeMap::new(),
            cluster: None,
        };
        appliances.start(FIRST)?;
        Ok(appliances)
    }

    pub(crate) fn network(&self) -> &Rc<Network> {
        &self.network
    }

    /// The appliance that is chosen.
    pub(crate) fn chosen(&self) -> Result<&Running, Failure> {
        self.running(&self.chosen)
    }

    /// The appliance of that name.
    pub(crate) fn running(&self, name: &str) -> Result<&Running, Failure> {
        let running = self.running.get(name);
        running.ok_or_else(|| Failure::command(format!("The appliance {name} does not run.")))
    }

    /// Goes over to an appliance, which is made when there is none of that name.
    pub(crate) fn choose(&mut self, name: &str) -> Result<(), Failure> {
        if !self.folder.join(name).exists() {
            self.start(name)?;
        }
        name.clone_into(&mut self.chosen);
        Ok(())
    }

    /// Starts an appliance, as it was when it was killed.
    pub(crate) fn start(&mut self, name: &str) -> Result<(), Failure> {
        if self.running.contains_key(name) {
            return Err(Failure::command(format!("The appliance {name} runs already.")));
        }
        let number = match number(name)? {
            1 => self.first,
            number => number,
        };
        let (folder, address) = (self.folder.join(name), self.network.address(number));
        // In a network of its own the product's port is free.
        let repeatable = luna_appliance::Options::repeatable(folder, address, number.into());
        let running = Appliance::start(luna_appliance::Options {
            ssh: self.ssh.map(|ssh| Ssh { address: (address, 0).into(), ..ssh }),
            clock: repeatable.clock.map(|begin| begin + self.moved.get()),
            hostname: match name {
                FIRST => FACTORY_HOSTNAME.to_owned(),
                _ => format!("luna-{}", name.to_lowercase()),
            },
            ..repeatable
        })
        .map_err(LocalAppliance::unusable)?;
        self.running.insert(name.to_owned(), running);
        Ok(())
    }

    /// Starts a new appliance, the last one by name; its name.
    pub(crate) fn start_another(&mut self) -> Result<String, Failure> {
        let unused = |name: &String| !self.folder.join(name).exists();
        let name = (1..=9).rev().filter_map(name_of).find(unused);
        let name = name.ok_or_else(|| Failure::command("There are nine appliances already."))?;
        self.start(&name)?;
        Ok(name)
    }

    /// Ends an appliance without notice to others. Everything it acknowledged is stored already.
    pub(crate) fn kill(&mut self, name: &str) -> Result<(), Failure> {
        self.running(name)?;
        self.running.remove(name);
        Ok(())
    }

    /// Moves all clocks on, and waits until what is due is done.
    pub(crate) fn advance(&self, seconds: u32) -> Result<(), Failure> {
        self.moved.set(self.moved.get() + Duration::seconds(seconds.into()));
        let advance = emulator::MoveClock { advance: Some(seconds), ..Default::default() };
        for running in self.running.values() {
            session(running)?.call(&emulator::MOVE_CLOCK, &[], &advance)?;
        }
        self.settle()
    }

    /// Cuts a member's link to another one.
    pub(crate) fn cut(&self, from: &str, to: &str, direction: &str) -> Result<(), Failure> {
        let cut = emulator::ChangeLink {
            peer: Some(self.network.address(number(to)?).to_string()),
            action: "cut".to_owned(),
            direction: Some(direction.to_owned()),
        };
        session(self.running(from)?)?.call(&emulator::CHANGE_LINK, &[], &cut)?;
        Ok(())
    }

    /// Heals all links.
    pub(crate) fn heal(&self) -> Result<(), Failure> {
        let heal = emulator::ChangeLink { action: "heal".to_owned(), ..Default::default() };
        for running in self.running.values() {
            let client = session(running)?;
            let links = client.get(&emulator::LINKS, &[])?.data;
            if links.iter().any(|link| link.cut_to || link.cut_from) {
                client.call(&emulator::CHANGE_LINK, &[], &heal)?;
            }
        }
        Ok(())
    }

    /// Waits until nothing is under way in the background.
    pub(crate) fn settle(&self) -> Result<(), Failure> {
        // Twice, for those that were asked before others had caught up.
        for _ in 0..2 {
            for running in self.running.values() {
                session(running)?.call(&emulator::SETTLE, &[], &Nothing {})?;
            }
        }
        Ok(())
    }

    /// A line with the names of members and addresses filled in.
    pub(crate) fn typed(&mut self, line: &str) -> Result<String, Failure> {
        let mut typed = line.replace("{address}", &Network::shown_address(number(&self.chosen)?));
        if typed.contains('{') {
            self.learn()?;
            for (name, member) in &self.members {
                typed = typed.replace(&format!("{{{name}}}"), member);
            }
            if let Some(cluster) = &self.cluster {
                typed = typed.replace("{cluster}", cluster);
            }
            let unknown = (1..=9).filter_map(name_of).chain(["cluster".to_owned()]);
            let mut unknown = unknown.map(|name| format!("{{{name}}}"));
            if let Some(name) = unknown.find(|name| typed.contains(name)) {
                return Err(wrong(format!("{name} in '{line}' is not known.")));
            }
        }
        Ok(self.network.typed(&typed))
    }

    /// Asks the appliances who is in the cluster, the chosen one last: it is to be believed most.
    fn learn(&mut self) -> Result<(), Failure> {
        let mut names: Vec<&String> = self.running.keys().rev().collect();
        names.sort_by_key(|name| **name == self.chosen);
        for name in names {
            let client = session(self.running(name)?)?;
            // Without the package, or while the service does not run, there is none.
            let Ok(list) = client.get(&clusters::LIST, &[]) else { continue };
            let Some(cluster) = list.data.into_iter().next().map(|entry| entry.cluster_uuid) else {
                continue;
            };
            for member in client.get(&clusters::MEMBERS, &[&cluster])?.data {
                let of = |number: &u8| {
                    self.network.address(*number).to_string() == member.member_ip_address
                };
                if let Some(name) = (1..=9).find(of).and_then(name_of) {
                    self.members.insert(name, member.member_uuid);
                }
            }
            self.cluster = Some(cluster);
        }
        Ok(())
    }
}

/// A is the first appliance, B the second.
fn number(name: &str) -> Result<u8, Failure> {
    (1..=9)
        .find(|number| name_of(*number).as_deref() == Some(name))
        .ok_or_else(|| wrong(format!("'{name}' is no appliance; they are called A to I.")))
}

fn name_of(number: u8) -> Option<String> {
    "ABCDEFGHI".chars().nth(usize::from(number.checked_sub(1)?)).map(String::from)
}
