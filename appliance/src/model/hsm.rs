//! The HSM: `/api/lunasa/hsms`.

use luna_rest::Nothing;
use luna_rest::hsm::{Hsms, LIST};
use luna_rest::tasks::Link;
use serde::{Deserialize, Serialize};

use super::context::Context;
use super::message::{Failure, Reply};
use super::route::{EVERYONE, Ids, Routes};
use super::state::{Area, Setup, Visit};
use super::table::Cell;

/// What is kept of the HSM.
#[derive(Debug, Default)]
pub struct Hsm {
    /// The HSM itself.
    pub hsm: Cell<HsmRow>,
}

/// The HSM.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HsmRow {
    /// Serial number, seven digits; it survives everything.
    pub serial: u64,
    /// Its label; empty while not initialized.
    pub label: String,
    /// Whether it was initialized since it was made or zeroized.
    pub initialized: bool,
}

impl Area for Hsm {
    fn fields(&mut self, visit: Visit<'_>) {
        visit("hsm", &mut self.hsm);
    }

    fn factory(&mut self, setup: &mut Setup<'_>) {
        let serial = setup.random.number(1_000_000, 9_999_999);
        self.hsm.set(HsmRow { serial, ..HsmRow::default() });
    }
}

pub(super) fn routes(r: &mut Routes) {
    r.on(&LIST, EVERYONE, list);
}

fn list(cx: &mut Context<'_>, _: &Ids, _: Nothing) -> Result<Reply<Hsms>, Failure> {
    let serial = cx.state.hsm.hsm.get().serial.to_string();
    Ok(Reply::ok(Hsms { hsms: vec![Link::below(LIST.template, &serial)] }))
}

#[cfg(test)]
mod tests {
    use super::super::testing::Bench;
    use super::*;

    #[test]
    fn there_is_one_hsm_and_its_serial_number_stays() {
        let mut bench = Bench::new();
        let hsms = bench.call(&LIST, &[], &Nothing {}).hsms;
        assert_eq!((hsms.len(), hsms[0].id.len()), (1, 7));
        assert_eq!(hsms[0].url, format!("/api/lunasa/hsms/{}", hsms[0].id));
        bench.restart();
        assert_eq!(bench.call(&LIST, &[], &Nothing {}).hsms, hsms);
    }
}
