//! Which token and which object a function works on: named, the only one, or asked for.

use luna_rest::Secret;
use luna_rest::objects::Attributes;
use luna_shell::{Failure, Question};

use crate::cmu::Cmu;
use crate::codes;
use crate::commands::role::log_in_asking;
use crate::role::PartitionRole;
use crate::token::Token;

/// The slot that was named by number, label or serial number, or the only one, or the one that is
/// chosen; with the Crypto Officer logged in to it.
///
/// # Errors
/// There is no such slot, the password is wrong, or a question had no answer.
pub(super) fn token(
    cmu: &mut Cmu,
    slot: Option<&str>,
    password: Option<Secret>,
) -> Result<Token, Failure> {
    let number = match slot {
        Some(named) => named_slot(cmu, named)?,
        None => chosen_slot(cmu)?,
    };
    let session = &mut cmu.session;
    session.select(number);
    let text = format!("Please enter password for token in slot {number} : ");
    let role = PartitionRole::Co;
    log_in_asking(session, role, password, |session, given| {
        let (variable, option) = (role.variable(), "-password");
        let question = Question { text: &text, again: None, variable, option };
        session.ui().secret(given, question)
    })?;
    session.ui().show("\n");
    Ok(session.backend()?.token())
}

fn named_slot(cmu: &Cmu, named: &str) -> Result<usize, Failure> {
    let slots = cmu.session.slots();
    let by_number = named.parse().ok().filter(|number: &usize| *number < slots.len());
    let of = |slot: &&crate::slot::Slot| slot.label == named || slot.serial == named;
    let found: Vec<usize> = slots.iter().filter(of).map(|slot| slot.slot).collect();
    match (by_number, &found[..]) {
        (Some(number), _) => Ok(number),
        (None, [number]) => Ok(*number),
        (None, []) => {
            Err(codes::failure(codes::SLOT_INVALID, format!("There is no slot '{named}'."))
                .hint("'lunacm slot list' shows the slots"))
        }
        (None, _) => Err(codes::failure(
            codes::SLOT_INVALID,
            format!("{} slots have the label '{named}'.", found.len()),
        )
        .hint("name the slot by its number or serial number")),
    }
}

fn chosen_slot(cmu: &mut Cmu) -> Result<usize, Failure> {
    let slots = cmu.session.slots();
    if slots.len() <= 1 {
        return cmu.session.slot().map(|slot| slot.slot);
    }
    let mut text = String::from("\nSelect token\n");
    for slot in slots {
        text.push_str(&format!(" [{}] Token Label: {}\n", slot.slot, slot.label));
    }
    text.push_str(" \n Enter choice: ");
    let answer = cmu.session.ui().ask(&text, "-slot")?;
    let number = answer.trim().parse().map_err(|_| not_offered(&answer))?;
    if number >= cmu.session.slots().len() {
        return Err(not_offered(&answer));
    }
    Ok(number)
}

fn not_offered(answer: &str) -> Failure {
    Failure::refused(format!("'{}' is none of the choices.", answer.trim()))
}

/// How an object is named in a line.
#[derive(Default)]
pub(super) struct Named<'a> {
    /// By handle.
    pub(super) handle: Option<u32>,
    /// By unique identifier.
    pub(super) ouid: Option<&'a str>,
    /// By label.
    pub(super) label: Option<&'a str>,
}

/// The object that was named, the only one that a template finds, or the one that is chosen; `what` is its
/// kind in the question.
///
/// # Errors
/// There is none, or several have the label.
pub(super) fn object(
    cmu: &mut Cmu,
    token: &Token,
    named: &Named<'_>,
    template: Attributes,
    what: &str,
) -> Result<u32, Failure> {
    if let Some(handle) = named.handle {
        return Ok(handle);
    }
    let mut template = template;
    if let Some(ouid) = named.ouid {
        template.set("CKA_OUID", ouid.to_ascii_lowercase());
    }
    if let Some(label) = named.label {
        template.set("CKA_LABEL", label);
    }
    let found = token.find(&template, &["CKA_LABEL"])?;
    let by_name = named.ouid.is_some() || named.label.is_some();
    match &found[..] {
        [] => Err(codes::failure(codes::OBJECT_INVALID, format!("There is no such {what}."))),
        [only] => Ok(only.handle),
        several if by_name => {
            let handles: Vec<String> =
                several.iter().map(|object| object.handle.to_string()).collect();
            Err(codes::failure(
                codes::OBJECT_INVALID,
                format!("{} objects fit: the handles {}.", several.len(), handles.join(", ")),
            )
            .hint("name the one that is meant by its handle"))
        }
        several => {
            let mut text = format!("Select {what} to query\nHandler Label\n");
            for object in several {
                let label = object.attributes.text("CKA_LABEL");
                text.push_str(&format!("{:<8}{label}\n", object.handle));
            }
            text.push_str("Enter handler (or 0 for exit): ");
            let answer = cmu.session.ui().ask(&text, "-handle")?;
            let handle = answer.trim().parse().map_err(|_| not_offered(&answer))?;
            match several.iter().any(|object| object.handle == handle) {
                true => Ok(handle),
                false if handle == 0 => Err(Failure::refused("Nothing was chosen.")),
                false => Err(not_offered(&answer)),
            }
        }
    }
}
