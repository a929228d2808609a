//! `partition clone`: objects of the current slot in another slot of the same cloning domain.

use luna_rest::objects;
use luna_rest::objects::{Attributes, Create, Operation, Use};
use luna_rest::partitions;
use luna_shell::Kind;

use crate::commands::role::log_in_asking;
use crate::prelude::*;
use crate::token::Token;

pub(in crate::commands) const COMMANDS: &[Command] = &[Command {
    syntax: "partition|par clone -objects|-o <handles> -slot|-s <slotnum> [-password|-p <password>] [-force|-f]",
    help: "Clone objects to another slot",
    options: &[
        ("-objects", "Handles with commas between them, or 0 for all"),
        ("-slot", "Number of the target slot"),
        ("-password", "Password of the target slot's Crypto Officer"),
    ],
    roles: Role::OPERATOR,
    rest: &[
        partitions::ROLE.resource(),
        partitions::LOGIN.resource(),
        partitions::LOGOUT.resource(),
        objects::FIND.resource(),
        objects::USE.resource(),
        objects::CREATE.resource(),
    ],
    known: Known::Documented("lunacm/commands/partition/partition_clone.htm@7.2"),
    run: call::<Clone>(),
}];

#[derive(Deserialize)]
struct Clone {
    objects: String,
    slot: usize,
    password: Option<Secret>,
    #[serde(rename = "force")]
    _force: bool,
}

/// What became of the objects.
#[derive(Serialize)]
struct Cloned {
    source: usize,
    target: usize,
    objects: Vec<One>,
}

/// What became of one object.
#[derive(Serialize)]
pub(super) struct One {
    pub(super) source: u32,
    pub(super) target: u32,
    /// Whether it was in the target slot before.
    pub(super) existed: bool,
}

impl Text for Cloned {
    fn write(&self, page: &mut Page) {
        page.line("        Cloning the objects.");
        for one in &self.objects {
            // Assumed: what is said of an object that is there already.
            let state = if one.existed { "already was" } else { "is now" };
            page.line(format!(
                "                Handle {} on slot {} {state} handle {} on slot {}",
                one.source, self.source, one.target, self.target
            ));
        }
    }
}

fn bad(message: impl Into<String>) -> Failure {
    Failure::new(Kind::BadArguments, message)
}

/// The handles of a list; none for all.
fn handles(text: &str) -> Result<Vec<u32>, Failure> {
    if text.eq_ignore_ascii_case("all") || text == "0" {
        return Ok(Vec::new());
    }
    let handles = text.split(',').map(|handle| handle.trim().parse());
    handles.collect::<Result<_, _>>().map_err(|_| {
        bad("-objects takes handles with commas between them, such as 3,4,6, or 0 for all.")
    })
}

/// The objects of a slot that were named, handle and unique identifier each; all where none was. `place` is
/// what the slot is called where one of them is not there.
pub(super) fn chosen(
    token: &Token,
    named: &str,
    place: &str,
) -> Result<Vec<(u32, String)>, Failure> {
    let wanted = handles(named)?;
    let mut there = identifiers(token)?;
    if !wanted.is_empty() {
        if let Some(missing) = wanted.iter().find(|one| there.iter().all(|(h, _)| h != *one)) {
            return Err(codes::failure(
                codes::OBJECT_INVALID,
                format!("{place} has no object with the handle {missing}."),
            ));
        }
        there.retain(|(handle, _)| wanted.contains(handle));
    }
    Ok(there)
}

/// The unique identifiers of objects by handle.
fn identifiers(token: &Token) -> Result<Vec<(u32, String)>, Failure> {
    let found = token.find(&Attributes::default(), &["CKA_OUID"])?;
    let pair = |object: luna_rest::objects::FoundObject| {
        (object.handle, object.attributes.text("CKA_OUID").to_owned())
    };
    Ok(found.into_iter().map(pair).collect())
}

impl Run<Session> for Clone {
    type View = Cloned;

    fn run(self, session: &mut Session) -> Result<Cloned, Failure> {
        handles(&self.objects)?;
        session.require(&[PartitionRole::Co])?;
        let source = session.slot()?.slot;
        session.slot_or_current(Some(self.slot))?;
        if source == self.slot {
            return Err(bad("-slot is the current slot."));
        }
        let from = session.backend()?.token();
        let there = chosen(&from, &self.objects, &format!("Slot {source}"))?;
        session.select(self.slot);
        let done = clone(session, self.password, &from, &there);
        session.select(source);
        Ok(Cloned { source, target: self.slot, objects: done? })
    }
}

/// An object that the source gave out: its handle there, its unique identifier, and itself.
pub(super) type Given = (u32, String, String);

/// Has the source give the objects out: what may not leave is refused here, before anything is changed.
pub(super) fn given_out(from: &Token, objects: &[(u32, String)]) -> Result<Vec<Given>, Failure> {
    let mut given = Vec::new();
    for (handle, uid) in objects {
        let clone = from.use_object(*handle, Operation::Clone, &Use::default())?;
        given.push((*handle, uid.clone(), clone.data.expose().to_owned()));
    }
    Ok(given)
}

fn give_out(
    session: &mut Session,
    from: &Token,
    objects: &[(u32, String)],
) -> Result<Vec<Given>, Failure> {
    session.ui().show("        Verifying that the specified objects can be cloned.\n\n");
    let given = given_out(from, objects)?;
    session.ui().show("        All objects can be cloned.\n\n");
    Ok(given)
}

/// Clones the objects to the current slot, and logs in to it for that.
fn clone(
    session: &mut Session,
    password: Option<Secret>,
    from: &Token,
    objects: &[(u32, String)],
) -> Result<Vec<One>, Failure> {
    let number = session.slot()?.slot;
    let logged_in = session.slot()?.role == Some(PartitionRole::Co);
    let mut given = Vec::new();
    if logged_in {
        given = give_out(session, from, objects)?;
    } else {
        let asked = password.is_none();
        log_in_asking(session, PartitionRole::Co, password, |session, password| {
            let text = "Option -password was not supplied.  It is required.\n\n        Enter the \
                        password for the target slot";
            let secret = session.secret(password, text, None, ("CO_PASSWORD", "-password"))?;
            if asked {
                session.ui().show("\n");
            }
            given = give_out(session, from, objects)?;
            session.ui().show(&format!("        Logging in to target slot {number}\n\n"));
            Ok(secret)
        })?;
    }
    let text = format!("        Checking if objects already exist on target slot {number}.\n");
    session.ui().show(&text);
    let done = copy(&session.backend()?.token(), &given);
    if !logged_in {
        session.backend()?.log_out()?;
        session.logged_in(None);
    }
    done
}

/// Keeps them in another slot, those that are not there already.
pub(super) fn copy(to: &Token, given: &[Given]) -> Result<Vec<One>, Failure> {
    let there = identifiers(to)?;
    let mut done = Vec::new();
    for (source, uid, clone) in given {
        let known = there.iter().find(|(_, known)| known == uid).map(|(handle, _)| *handle);
        let target = match known {
            Some(handle) => handle,
            None => to.create(&Create { clone: Some(clone.clone()), ..Create::default() })?,
        };
        done.push(One { source: *source, target, existed: known.is_some() });
    }
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_are_a_list_or_all() {
        assert_eq!(handles("3, 4,6").unwrap(), [3, 4, 6]);
        assert!(handles("0").unwrap().is_empty() && handles("ALL").unwrap().is_empty());
        assert!(handles("3,x").is_err() && handles("").is_err());
    }

    #[test]
    fn the_documented_lines_are_byte_exact() {
        let one = |source, target| One { source, target, existed: false };
        let cloned = Cloned { source: 0, target: 1, objects: vec![one(124, 141), one(140, 28)] };
        let mut page = Page::new();
        cloned.write(&mut page);
        assert_eq!(
            page.into_text(),
            "        Cloning the objects.\n                Handle 124 on slot 0 is now handle 141 on \
             slot 1\n                Handle 140 on slot 0 is now handle 28 on slot 1\n"
        );
    }
}
