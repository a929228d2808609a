//! `lunash incident`: why a client does not get to its keys. From this machine it tries one layer after the other and
//! names the first that fails, with what mends it; it changes nothing.

mod climb;

use clap::Args;
use luna_shell::{Device, Failure, Format, Named, Page, Status, Table, Text, View, finish};
use serde::Serialize;

use self::climb::{Broken, Climb};
use super::Surroundings;
use super::firewall::NTLS_PORT;
use super::forms::json;

/// Its arguments.
#[derive(Args, Debug)]
pub struct Incident {
    /// The client, by the name it is registered with
    #[arg(long, value_name = "NAME")]
    client: String,

    /// The port of NTLS, where something on the way translates it
    #[arg(long, value_name = "PORT", default_value_t = NTLS_PORT)]
    ntls_port: u16,
}

/// The layers, in the order in which they are tried.
const LAYERS: [&str; 12] = [
    "name",
    "route",
    "connection",
    "tls",
    "login",
    "certificate",
    "registration",
    "assignment",
    "link",
    "partition",
    "ha",
    "hsm",
];

/// The ladder as it was climbed.
#[derive(Serialize)]
struct Ladder {
    client: String,
    /// `host:port`.
    appliance: String,
    layers: Vec<Step>,
    /// The first layer that failed; null if none did.
    broken: Option<&'static str>,
    /// What mends it, in this order.
    fix: Vec<String>,
    /// What proves it mended.
    prove: Vec<String>,
    /// The last lines of the appliance's log that name the client, where the account may read it.
    log: Vec<String>,
}

/// A layer.
#[derive(Serialize)]
struct Step {
    layer: &'static str,
    result: Verdict,
    /// What was found; null if it was not tried.
    found: Option<String>,
}

#[derive(Clone, Copy, Serialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Ok,
    Failed,
    NotTried,
}

impl Incident {
    pub(super) fn run(self, mut device: Box<dyn Device>, surroundings: &Surroundings) -> Status {
        let output = surroundings.options.output;
        let climbed = self.ladder(&mut *device, surroundings).and_then(|ladder| {
            let status = if ladder.broken.is_some() { Status::Failed } else { Status::Success };
            let text = match output {
                Format::Luna => View::text(&ladder),
                Format::Json => json(&ladder, status)?,
            };
            device.print(&text);
            Ok(status)
        });
        let status = climbed.unwrap_or_else(|failure| super::report(&mut *device, output, failure));
        finish("lunash", &mut *device, status)
    }

    fn ladder(&self, device: &mut dyn Device, all: &Surroundings) -> Result<Ladder, Failure> {
        let folders = all.folders.as_ref().map_err(Clone::clone)?;
        let mut climb = Climb {
            incident: self,
            options: &all.options,
            via: all.wire.via,
            folders,
            address: String::new(),
            passed: Vec::new(),
            log: Vec::new(),
        };
        let climbed = match Named::find(&all.options, folders)? {
            Some(named) => climb.climb_to(&named, device),
            None => climb.on_own(device)?,
        };
        let Climb { address, passed, log, .. } = climb;
        let reached = passed.len();
        let (found, fix) = match climbed {
            Ok(()) => (None, Vec::new()),
            Err(Broken { found, fix }) => (Some(found), fix),
        };
        let failed = found.is_some();
        let mut told = passed.into_iter().chain(found);
        let step = |(place, layer): (usize, &&'static str)| Step {
            layer,
            result: match () {
                () if place < reached => Verdict::Ok,
                () if place == reached && failed => Verdict::Failed,
                () => Verdict::NotTried,
            },
            found: told.next(),
        };
        let again = format!("lunash incident --client {}", self.client);
        Ok(Ladder {
            client: self.client.clone(),
            appliance: address,
            layers: LAYERS.iter().enumerate().map(step).collect(),
            broken: failed.then(|| LAYERS.get(reached).copied()).flatten(),
            fix,
            prove: vec![
                again,
                "vtl verify   (at the client: it lists the partitions)".to_owned(),
                format!("lunash evidence --client {}", self.client),
            ],
            log,
        })
    }
}

impl Text for Ladder {
    fn write(&self, page: &mut Page) {
        page.line(format!("The client '{}' at {}", self.client, self.appliance));
        page.blank();
        let mut table = Table::new(0, 2, &[(12, false), (9, false), (1, false)]);
        for Step { layer, result, found } in &self.layers {
            let result = match result {
                Verdict::Ok => "ok",
                Verdict::Failed => "FAILED",
                Verdict::NotTried => "not tried",
            };
            table.row([layer, result, found.as_deref().unwrap_or_default()]);
        }
        page.table(&table);
        let lines: [(&str, &[String]); 3] =
            [("Log", &self.log), ("Mend it", &self.fix), ("Prove it", &self.prove)];
        for (title, lines) in lines {
            if !lines.is_empty() {
                page.blank();
                page.line(format!("{title}:"));
                lines.iter().for_each(|line| page.field("    ", 0, line));
            }
        }
        if self.broken.is_none() {
            page.blank();
            page.line("Nothing is amiss from here: look at the application, its library and its password.");
        }
    }
}
