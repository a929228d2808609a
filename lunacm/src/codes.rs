//! What the appliance's refusals are called on the client's side: CKR names and their numbers.
//!
//! LunaCM hears PKCS#11 return codes; the REST API has identifiers of its own. This is the one
//! place where the latter become the former. Numbers are those of PKCS#11 and of the vendor's
//! extension header (0x80000000 and up).

use luna_rest::clusters::refusal as clusters;
use luna_rest::objects::refusal as objects;
use luna_rest::partitions::refusal;
use luna_rest::{audit, hsm};
use luna_shell::naming::Rule;
use luna_shell::{Code, Failure, Kind};

/// A wrong password.
pub(crate) const PIN_INCORRECT: Code = Code::new(0xa0, "CKR_PIN_INCORRECT");
/// The first password, which has to be changed before anything else.
pub(crate) const PIN_EXPIRED: Code = Code::new(0xa3, "CKR_PIN_EXPIRED");
/// Too many wrong passwords.
pub(crate) const PIN_LOCKED: Code = Code::new(0xa4, "CKR_PIN_LOCKED");
/// The role that this needs is not logged in.
pub(crate) const NOT_LOGGED_IN: Code = Code::new(0x101, "CKR_USER_NOT_LOGGED_IN");
/// No such object.
pub(crate) const OBJECT_INVALID: Code = Code::new(0x82, "CKR_OBJECT_HANDLE_INVALID");
/// No such slot, or none at all.
pub(crate) const SLOT_INVALID: Code = Code::new(0x3, "CKR_SLOT_ID_INVALID");
/// What was typed cannot be.
pub(crate) const ARGUMENTS_BAD: Code = Code::new(0x7, "CKR_ARGUMENTS_BAD");
/// Not possible on a slot of this kind, or not over this link.
pub(crate) const NOT_SUPPORTED: Code = Code::new(0x54, "CKR_FUNCTION_NOT_SUPPORTED");
/// State or policy forbid it.
pub(crate) const NOT_ALLOWED: Code = Code::new(0x8000_0030, "CKR_OPERATION_NOT_ALLOWED");
/// No such mechanism.
pub(crate) const MECHANISM_INVALID: Code = Code::new(0x70, "CKR_MECHANISM_INVALID");
/// No such policy.
pub(crate) const POLICY_ID_INVALID: Code = Code::new(0x8000_007b, "CKR_POLICY_ID_INVALID");
/// A value beyond the policy's capability; that this code says so is assumed.
pub(crate) const CONFIG_ILLEGAL: Code = Code::new(0x8000_007c, "CKR_CONFIG_ILLEGAL");
/// A policy that does not go with another one. Documented for policies 0 and 1, both on.
const CONFIG_FAILS_DEPENDENCIES: Code = Code::new(0x8000_007d, "CKR_CONFIG_FAILS_DEPENDENCIES");
/// The person, or a script's missing answer, ended it.
pub(crate) const CANCELLED: Code = Code::new(0xb, "User Cancelled Operation");
/// What should answer does not.
const DEVICE_ERROR: Code = Code::new(0x30, "CKR_DEVICE_ERROR");
/// No role of this kind of slot.
pub(crate) const USER_TYPE_INVALID: Code = Code::new(0x103, "CKR_USER_TYPE_INVALID");
/// Whatever has no code of its own.
const GENERAL: Code = Code::new(0x5, "CKR_GENERAL_ERROR");

/// The identifier of a request whose fields break their rules.
const BAD_REQUEST: &str = "FRAMEWORK_BAD_REQUEST";

/// The code of an error answer's identifier.
fn of_answer(id: &str) -> Option<Code> {
    Some(match id {
        refusal::WRONG_PASSWORD | hsm::WRONG_PASSWORD => PIN_INCORRECT,
        refusal::LOCKED | audit::LOCKED => PIN_LOCKED,
        refusal::PASSWORD_EXPIRED => PIN_EXPIRED,
        refusal::NOT_LOGGED_IN | audit::LOGIN_NEEDED => NOT_LOGGED_IN,
        refusal::ALREADY_LOGGED_IN => Code::new(0x100, "CKR_USER_ALREADY_LOGGED_IN"),
        refusal::ROLE_NOT_INITIALIZED | refusal::NOT_INITIALIZED | audit::NO_AUDITOR => {
            Code::new(0x102, "CKR_USER_PIN_NOT_INITIALIZED")
        }
        refusal::INVALID_ROLE => USER_TYPE_INVALID,
        refusal::INVALID_OBJECT => OBJECT_INVALID,
        id if let Some(code) = of_object(id) => code,
        // The partition was taken away while its slot was shown.
        refusal::INVALID_PARTITION
        | refusal::INVALID_HSM
        | clusters::NO_CLUSTER
        | clusters::NO_KEYRING => Code::new(0x32, "CKR_DEVICE_REMOVED"),
        clusters::NOT_RUNNING | clusters::NOT_AUTHORIZED => DEVICE_ERROR,
        // Assumed: the guide says that the operation fails.
        clusters::READ_ONLY => Code::new(0xe2, "CKR_TOKEN_WRITE_PROTECTED"),
        clusters::KEYRING_LOCKED => PIN_LOCKED,
        clusters::NOT_ALLOWED | clusters::KEYRING_DISABLED => NOT_ALLOWED,
        refusal::NOT_ALLOWED | refusal::ROLE_INITIALIZED | refusal::ROLLOVER => NOT_ALLOWED,
        // The name is documented; the number is assumed.
        luna_rest::tokens::refusal::DOMAIN => Code::new(0x8000_000b, "CKR_CERTIFICATE_INVALID"),
        refusal::VERSION | refusal::NO_SMK => NOT_SUPPORTED,
        refusal::NO_LICENCE => Code::new(0x8000_0031, "CKR_LICENSE_CAPACITY_EXCEEDED"),
        refusal::NO_SPACE | clusters::LIMIT => {
            Code::new(0x8000_002c, "CKR_CONTAINER_OBJECT_STORAGE_FULL")
        }
        refusal::POLICY_VALUE => CONFIG_ILLEGAL,
        refusal::POLICY_DEPENDENCIES => CONFIG_FAILS_DEPENDENCIES,
        refusal::INVALID_POLICY => POLICY_ID_INVALID,
        BAD_REQUEST => ARGUMENTS_BAD,
        _ => return None,
    })
}

/// The codes that the calls of objects have as their identifiers.
fn of_object(id: &str) -> Option<Code> {
    let codes = [
        (0x10, objects::ATTRIBUTE_READ_ONLY),
        (0x11, objects::ATTRIBUTE_SENSITIVE),
        (0x12, objects::ATTRIBUTE_TYPE_INVALID),
        (0x13, objects::ATTRIBUTE_VALUE_INVALID),
        (0x20, objects::DATA_INVALID),
        (0x21, objects::DATA_LEN_RANGE),
        (0x40, objects::ENCRYPTED_DATA_INVALID),
        (0x60, objects::KEY_HANDLE_INVALID),
        (0x62, objects::KEY_SIZE_RANGE),
        (0x63, objects::KEY_TYPE_INCONSISTENT),
        (0x68, objects::KEY_FUNCTION_NOT_PERMITTED),
        (0x6a, objects::KEY_UNEXTRACTABLE),
        (0x70, objects::MECHANISM_INVALID),
        (0x71, objects::MECHANISM_PARAM_INVALID),
        (0x82, objects::OBJECT_HANDLE_INVALID),
        (0xc0, objects::SIGNATURE_INVALID),
        (0xd0, objects::TEMPLATE_INCOMPLETE),
        (0xd1, objects::TEMPLATE_INCONSISTENT),
        (0x110, objects::WRAPPED_KEY_INVALID),
    ];
    codes.into_iter().find(|(_, name)| *name == id).map(|(number, name)| Code::new(number, name))
}

/// A failure with the number and name that LunaCM shows for it. What an error code would hide
/// (which password, how many attempts are left) stays as a hint.
pub(crate) fn in_own_words(mut failure: Failure) -> Failure {
    match &failure.code {
        Some(Code { number: Some(_), .. }) => return failure,
        Some(Code { number: None, name }) => {
            if let Some(code) = of_answer(name) {
                let mut told = std::mem::replace(&mut failure.message, code.name.to_string());
                // Its first sentence says no more than the code.
                if name == BAD_REQUEST
                    && let Some((_, details)) = told.split_once(". ")
                {
                    told = details.to_owned();
                }
                failure.hints.insert(0, told);
                failure.code = Some(code);
                return failure;
            }
        }
        None => {}
    }
    failure.code = Some(match failure.kind {
        Kind::BadArguments => ARGUMENTS_BAD,
        Kind::NotUnderstood => Code::new(0x1, "Unknown command"),
        Kind::Refused => CANCELLED,
        Kind::Unreachable => DEVICE_ERROR,
        Kind::Command | Kind::Unclear => GENERAL,
    });
    failure
}

/// A failure with this code, whose name is all that the product says; `why` is told as a hint.
pub(crate) fn failure(code: Code, why: impl Into<String>) -> Failure {
    let mut failure = Failure::command(code.name.to_string()).hint(why);
    failure.code = Some(code);
    failure
}

/// Refuses a value that breaks its rule, where it was typed.
pub(crate) fn allowed(rule: Rule, value: &str) -> Result<(), Failure> {
    rule.check(value).map_err(|told| failure(ARGUMENTS_BAD, told))
}

/// A number that the appliance sends as text.
pub(crate) fn number<T: std::str::FromStr>(text: &str) -> Result<T, Failure> {
    text.parse().map_err(|_| {
        Failure::command(format!("The appliance answered with '{text}' instead of a number."))
    })
}

/// A refusal in the form of `role changepw` without a login: a sentence, then a cancelled command.
pub(crate) fn cancelled(sentence: &str) -> Failure {
    let text = format!("        {sentence}\n\nError in execution: command cancelled.");
    let mut failure = Failure::command(text).verbatim();
    failure.code = Some(CANCELLED);
    failure
}

#[cfg(test)]
mod tests {
    use luna_rest::{ApiError, Error, Method};

    use super::*;

    fn answered(id: &str) -> Failure {
        let (message, details) = ("The password is wrong.".into(), "9 attempts are left.".into());
        let answer = ApiError { id: id.into(), message, details, ..ApiError::default() };
        let path = "/api/lunasa/hsms/1/partitions/2/login".into();
        Error::Answered { method: Method::Post, path, status: 401, answer }.into()
    }

    #[test]
    fn an_answer_becomes_a_return_code_and_keeps_its_words_as_a_hint() {
        let failure = in_own_words(answered(refusal::WRONG_PASSWORD));
        assert_eq!(failure.code, Some(PIN_INCORRECT));
        assert_eq!(failure.message, "CKR_PIN_INCORRECT");
        assert_eq!(failure.hints, ["The password is wrong. 9 attempts are left."]);
    }

    #[test]
    fn what_has_no_return_code_keeps_its_message() {
        let failure = in_own_words(answered("NTLS_NO_CLIENT"));
        assert_eq!(failure.code, Some(GENERAL));
        assert_eq!(failure.message, "The password is wrong. 9 attempts are left.");
        let unknown = in_own_words(Failure::new(Kind::NotUnderstood, "x"));
        assert_eq!(unknown.code, Some(Code::new(1, "Unknown command")));
    }
}
