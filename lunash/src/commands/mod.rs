//! The menus of LunaSH, a file per menu. It has the declaration, the arguments, the code and the
//! view of each command.

mod audit;
mod client;
mod cluster;
mod hsm;
mod keyring;
mod my;
mod network;
mod ntls;
mod package;
mod partition;
mod service;
mod shell;
mod status;
mod stc;
mod sysconf;
mod syslog;
mod token;
mod user;
mod webserver;

use luna_grammar::Menu;
use luna_shell::elsewhere::{self, LUNACM, LUNASH, abbreviates};
use luna_shell::{Catalogue, Command, Now, Older};

use crate::glossary::GLOSSARY;
use crate::session::Session;

pub(crate) use hsm::access::LAST as LAST_OF_HSM_SO;

/// The menus, in the order of their files.
const MENUS: &[&[Menu]] = &[
    hsm::MENUS,
    hsm::firmware::MENUS,
    hsm::fm::MENUS,
    hsm::information::MENUS,
    hsm::ped::MENUS,
    hsm::ped_timeout::MENUS,
    hsm::policies::MENUS,
    hsm::stc::MENUS,
    hsm::stm::MENUS,
    hsm::tamper::MENUS,
    hsm::update::MENUS,
    partition::MENUS,
    stc::MENUS,
    client::MENUS,
    client::hostip::MENUS,
    ntls::MENUS,
    ntls::certificate::MENUS,
    ntls::ciphers::MENUS,
    ntls::ipcheck::MENUS,
    ntls::tuning::MENUS,
    user::MENUS,
    user::role::MENUS,
    my::MENUS,
    my::keys::MENUS,
    audit::MENUS,
    service::MENUS,
    syslog::MENUS,
    syslog::remotehost::MENUS,
    syslog::certificate::MENUS,
    status::MENUS,
    status::clock::MENUS,
    status::net::MENUS,
    status::sysstat::MENUS,
    network::MENUS,
    network::dns::MENUS,
    network::interface::MENUS,
    network::bonding::MENUS,
    network::route::MENUS,
    sysconf::MENUS,
    sysconf::appliance::MENUS,
    sysconf::banner::MENUS,
    sysconf::config::MENUS,
    sysconf::drift::MENUS,
    sysconf::fingerprint::MENUS,
    sysconf::force_so_login::MENUS,
    sysconf::ntp::MENUS,
    sysconf::ntp_auth::MENUS,
    sysconf::radius::MENUS,
    sysconf::reimage::MENUS,
    sysconf::snmp::MENUS,
    sysconf::snmp_notification::MENUS,
    sysconf::snmp_trap::MENUS,
    sysconf::ssh::MENUS,
    sysconf::ssh_access::MENUS,
    sysconf::time::MENUS,
    sysconf::tls::MENUS,
    sysconf::user_password::MENUS,
    webserver::MENUS,
    webserver::certificate::MENUS,
    webserver::ciphers::MENUS,
    package::MENUS,
    token::MENUS,
    cluster::MENUS,
    cluster::backup::MENUS,
    cluster::client::MENUS,
    cluster::group::MENUS,
    cluster::member::MENUS,
    cluster::restore::MENUS,
    keyring::MENUS,
];

/// The commands, in the same order; `help` and `exit` come last, as in the product's list.
const TABLES: &[&[Command<Session>]] = &[
    hsm::access::COMMANDS,
    hsm::show::COMMANDS,
    hsm::reset::COMMANDS,
    hsm::upkeep::COMMANDS,
    hsm::firmware::COMMANDS,
    hsm::fm::COMMANDS,
    hsm::information::COMMANDS,
    hsm::monitor::COMMANDS,
    hsm::ped::COMMANDS,
    hsm::ped_timeout::COMMANDS,
    hsm::policies::COMMANDS,
    hsm::stc::COMMANDS,
    hsm::stm::COMMANDS,
    hsm::tamper::COMMANDS,
    hsm::update::COMMANDS,
    partition::COMMANDS,
    stc::COMMANDS,
    client::COMMANDS,
    client::hostip::COMMANDS,
    ntls::COMMANDS,
    ntls::certificate::COMMANDS,
    ntls::ciphers::COMMANDS,
    ntls::ipcheck::COMMANDS,
    ntls::tuning::COMMANDS,
    user::COMMANDS,
    user::role::COMMANDS,
    my::COMMANDS,
    my::keys::COMMANDS,
    audit::auditor::COMMANDS,
    audit::config::COMMANDS,
    audit::log::COMMANDS,
    audit::remotehost::COMMANDS,
    audit::secret::COMMANDS,
    service::COMMANDS,
    syslog::COMMANDS,
    syslog::remotehost::COMMANDS,
    syslog::certificate::COMMANDS,
    status::COMMANDS,
    status::clock::COMMANDS,
    status::net::COMMANDS,
    status::sysstat::COMMANDS,
    network::COMMANDS,
    network::show::COMMANDS,
    network::dns::COMMANDS,
    network::interface::COMMANDS,
    network::bonding::COMMANDS,
    network::route::COMMANDS,
    sysconf::COMMANDS,
    sysconf::appliance::COMMANDS,
    sysconf::banner::COMMANDS,
    sysconf::config::COMMANDS,
    sysconf::drift::COMMANDS,
    sysconf::fingerprint::COMMANDS,
    sysconf::force_so_login::COMMANDS,
    sysconf::ntp::COMMANDS,
    sysconf::ntp_auth::COMMANDS,
    sysconf::radius::COMMANDS,
    sysconf::reimage::COMMANDS,
    sysconf::snmp::COMMANDS,
    sysconf::snmp_notification::COMMANDS,
    sysconf::snmp_trap::COMMANDS,
    sysconf::ssh::COMMANDS,
    sysconf::ssh_access::COMMANDS,
    sysconf::time::COMMANDS,
    sysconf::tls::COMMANDS,
    sysconf::user_password::COMMANDS,
    webserver::COMMANDS,
    webserver::certificate::COMMANDS,
    webserver::ciphers::COMMANDS,
    package::COMMANDS,
    token::device::COMMANDS,
    token::partitions::COMMANDS,
    token::update::COMMANDS,
    cluster::COMMANDS,
    cluster::backup::COMMANDS,
    cluster::client::COMMANDS,
    cluster::config::COMMANDS,
    cluster::group::COMMANDS,
    cluster::member::COMMANDS,
    cluster::restore::COMMANDS,
    keyring::COMMANDS,
    keyring::state::COMMANDS,
    shell::COMMANDS,
];

/// Commands that earlier releases had, in either shell, and what does the same today.
const RETIRED: &[(&str, &str)] = &[
    ("partition login", "role login"),
    ("partition logout", "role logout"),
    ("hsm update firmware", "hsm firmware upgrade"),
];

/// The package that brings the menus of [`PACKAGED`], as appliances list it: by the name of its
/// file, or by that of the service.
pub(crate) const PACKAGE: [&str; 2] = ["lnh_cluster-", "cluster_service-"];

/// The menus that the package brings. A session has them when the package was there at its start.
pub(crate) const PACKAGED: &[&str] = &["cluster", "keyring"];

/// Whether the words of a line are those of a packaged menu or of a command in it.
pub(crate) fn is_packaged(words: &[&str]) -> bool {
    let menu = |word: &&str| PACKAGED.iter().any(|menu| menu.eq_ignore_ascii_case(word));
    let path = |command: &Command<Session>| command.path();
    words.first().is_some_and(menu)
        || TABLES.iter().copied().flatten().map(path).any(|path| {
            PACKAGED.iter().any(|menu| path.starts_with(menu)) && abbreviates(words, &path)
        })
}

/// The first command that the words of a line abbreviate.
pub(crate) fn path_of(words: &[&str]) -> Option<String> {
    let paths = TABLES.iter().copied().flatten().map(|command| command.path());
    paths.into_iter().find(|path| abbreviates(words, path) || words == [path])
}

/// The paths of all commands.
pub(crate) fn paths() -> Vec<String> {
    TABLES.iter().copied().flatten().map(|command| command.path()).collect()
}

/// Lines that scripts of older releases still send.
pub(crate) const OLDER: &[Older] = &[
    Older {
        words: "client hostip map",
        today: "client hostip map",
        arguments: &[("-ipaddress", Now::Is("-ip"))],
    },
    Older {
        words: "client hostip unmap",
        today: "client hostip unmap",
        arguments: &[("-ip", Now::NothingWithValue)],
    },
    Older { words: "network interface", today: "network interface static", arguments: &[] },
    Older {
        words: "sysconf ntp symmetricAuth trustedkeys add",
        today: "sysconf ntp symmetricAuth trustedkeys add -id",
        arguments: &[],
    },
    Older { words: "ntls bind", today: "ntls bind", arguments: &[("-force", Now::Nothing)] },
    Older {
        words: "partition create",
        today: "partition create",
        arguments: &[
            ("-password", Now::Elsewhere(CREATES_ONLY)),
            ("-domain", Now::Elsewhere(CREATES_ONLY)),
            ("-label", Now::Elsewhere(CREATES_ONLY)),
            ("-defaultdomain", Now::Elsewhere(CREATES_ONLY)),
        ],
    },
    Older {
        words: "partition resetPw",
        today: "partition resetPw",
        arguments: &[("-p", Now::Is("-partition"))],
    },
    Older { words: "syslog remotehost add", today: "syslog remotehost add -host", arguments: &[] },
    Older {
        words: "syslog remotehost delete",
        today: "syslog remotehost delete -host",
        arguments: &[],
    },
    Older {
        words: "token backup init",
        today: "token backup init",
        arguments: &[("-tokensopwd", Now::Is("-tokenadminpw"))],
    },
];

const CREATES_ONLY: &str = "since 7.x 'partition create' makes a partition without a password: \
                            'partition init' gives it label, password and domain afterwards";

/// Everything this shell can do.
pub fn catalogue() -> Catalogue<Session> {
    let mut catalogue = Catalogue::new(MENUS, TABLES, GLOSSARY);
    catalogue.grammar.know(LUNACM.table);
    catalogue.grammar.know(elsewhere::NAMES);
    RETIRED.iter().for_each(|(old, _)| catalogue.grammar.know(old));
    catalogue
}

/// Where a line that fits nothing here would be understood.
pub(crate) fn hint_for_unknown(words: &[&str]) -> Option<String> {
    elsewhere::hint(words, LUNASH, LUNACM, RETIRED)
}
