//! Panics while a request is answered: caught, and reported by their place in the source alone.
//!
//! The message of a panic may quote what the request carried, such as a password, so that it is
//! neither logged nor answered nor printed.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    static CATCHING: Cell<bool> = const { Cell::new(false) };
    static LOCATION: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// A panic that was caught. Its text is where it happened, such as `src/model/users.rs:12:5`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Panic(String);

impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Runs `work` and returns its panic as an error. What `work` left half-changed is the caller's to
/// undo.
pub(crate) fn catch<T>(work: impl FnOnce() -> T) -> Result<T, Panic> {
    static HOOK: Once = Once::new();
    // Only a hook learns the place. The program's own hook keeps all panics from elsewhere.
    HOOK.call_once(|| {
        let program = take_hook();
        set_hook(Box::new(move |info| match CATCHING.get() {
            true => drop(LOCATION.replace(info.location().map(ToString::to_string))),
            false => program(info),
        }));
    });
    let outer = CATCHING.replace(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    CATCHING.set(outer);
    result.map_err(|_| Panic(LOCATION.take().unwrap_or_else(|| "an unknown place".to_owned())))
}

/// A resource whose handler changes something and panics.
#[cfg(test)]
pub(crate) mod faulty {
    use luna_rest::{Call, Nothing};

    use crate::core::message::{Failure, Reply};
    use crate::machine::Machine;
    use crate::request::context::Context;
    use crate::request::route::{ADMIN, Ids};
    use crate::state::roles::RoleRow;

    pub(crate) const CALL: Call<Nothing, Nothing, 0> = Call::post("/emulator/faulty");
    /// The role that it adds before it panics.
    pub(crate) const ROLE: &str = "faulty";

    pub(crate) fn add_to(machine: &mut Machine) {
        machine.routes.on(&CALL, ADMIN, run);
    }

    fn run(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
        cx.state.roles.roles.insert(ROLE, RoleRow::default());
        panic!("a secret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_reported_by_its_place_without_its_message() {
        let line = line!() + 1;
        let panic = catch(|| panic!("secret")).unwrap_err();
        assert!(panic.to_string().contains(&format!("panics.rs:{line}:")), "{panic}");
        assert!(!format!("{panic:?}").contains("secret"));
    }

    #[test]
    fn a_panic_within_a_caught_one_ends_the_inner_work_only() {
        assert_eq!(catch(|| catch(|| panic!("inner")).is_err()), Ok(true));
    }
}
