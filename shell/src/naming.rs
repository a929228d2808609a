//! What names, labels, domains and passwords may be, as the vendor's page of name, label and password
//! requirements says (admin_hsm/hsm_roles/naming_reqs.htm, 7.x).
//!
//! The appliance checks them as well. Here they are checked when they are typed, so that nobody
//! answers four questions before a refusal. Where the pattern of the REST API is narrower than the
//! page it is taken, as the value goes there.

/// What a value may be.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// What it is called, with its article: `A label`.
    what: &'static str,
    least: usize,
    most: usize,
    /// The characters besides letters and digits.
    others: &'static str,
    /// A value that is longer is cut, as the page says of labels.
    is_cut: bool,
    begins_with_blank: bool,
}

/// The label of an HSM.
pub const HSM_LABEL: Rule = Rule {
    what: "The label of an HSM",
    least: 1,
    most: 32,
    others: "_",
    is_cut: true,
    begins_with_blank: false,
};

/// The name of a partition, which LunaSH knows it by. Assumed: nothing says that it is cut.
pub const PARTITION_NAME: Rule = Rule {
    what: "The name of a partition",
    least: 1,
    most: 32,
    others: " !@#$%^*()-_=+{}[]:,./~",
    is_cut: false,
    begins_with_blank: true,
};

/// The label of a partition, which LunaCM shows, of a domain or of a backup HSM.
pub const LABEL: Rule = Rule {
    what: "A label",
    least: 1,
    most: 32,
    others: " !@#$%^*()-_=+{}[]:,.'/~",
    is_cut: true,
    begins_with_blank: true,
};

/// A cloning domain.
pub const DOMAIN: Rule = Rule {
    what: "A domain",
    least: 1,
    most: 128,
    others: " _!@#$%^*=+[]{}()/:',.~?-",
    is_cut: false,
    begins_with_blank: false,
};

/// The password of a role of an HSM or a partition.
pub const PASSWORD: Rule = Rule {
    what: "A password",
    least: 8,
    most: 255,
    others: " _!#$%'()*+,-./:=?@[]^{}~",
    is_cut: false,
    begins_with_blank: true,
};

/// The name of an appliance role that an administrator made.
pub const APPLIANCE_ROLE: Rule = Rule {
    what: "The name of a role",
    least: 1,
    most: 255,
    others: "_-.",
    is_cut: false,
    begins_with_blank: false,
};

impl Rule {
    /// The sentence that says what the value may be, if it breaks the rule. It never quotes the value.
    ///
    /// # Errors
    /// The value is too short, too long, or has another character.
    pub fn check(&self, value: &str) -> Result<(), String> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || self.others.contains(c);
        let length = value.chars().count();
        let begins = self.begins_with_blank || !value.starts_with(' ');
        if (self.least..=self.most).contains(&length) && begins && value.chars().all(allowed) {
            return Ok(());
        }
        let Rule { what, least, most, .. } = self;
        let signs: String = self.others.chars().filter(|c| *c != ' ').collect();
        let blanks = if self.others.contains(' ') { ", blanks" } else { "" };
        let begins = if self.begins_with_blank || blanks.is_empty() {
            ""
        } else {
            " It does not begin with a blank."
        };
        Err(format!("{what} takes {least} to {most} letters, digits{blanks} and {signs} .{begins}"))
    }

    /// The beginning of a label that is too long, as the product takes it; none for one that is not.
    pub fn cut<'v>(&self, value: &'v str) -> Option<&'v str> {
        let (end, _) = value.char_indices().nth(self.most)?;
        value.get(..end).filter(|_| self.is_cut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_the_characters_and_lengths_of_the_page() {
        for (rule, good, bad) in [
            (HSM_LABEL, "luna_1", "luna-1"),
            (HSM_LABEL, "9", "two words"),
            (PARTITION_NAME, "app #1", "app'1"),
            (PARTITION_NAME, &"p".repeat(32), &"p".repeat(33)),
            (LABEL, "it's 1", "a;b"),
            (DOMAIN, "(a b)?", " a"),
            (DOMAIN, &"d".repeat(128), &"d".repeat(129)),
            (PASSWORD, "8 letters", "seven77"),
            (PASSWORD, "so-Passw0rd", "pass\"word"),
            (APPLIANCE_ROLE, "r_1", "r 1"),
        ] {
            assert_eq!(rule.check(good), Ok(()), "{good}");
            assert!(rule.check(bad).is_err(), "{bad}");
            assert!(rule.check("").is_err() && rule.check("é").is_err());
        }
    }

    #[test]
    fn a_refusal_says_the_rule_and_not_the_value() {
        let told = PASSWORD.check("5\"cret").unwrap_err();
        assert_eq!(
            told,
            "A password takes 8 to 255 letters, digits, blanks and _!#$%'()*+,-./:=?@[]^{}~ ."
        );
        assert!(DOMAIN.check(" x").unwrap_err().ends_with("It does not begin with a blank."));
    }

    #[test]
    fn a_label_that_is_too_long_is_cut_and_a_name_is_not() {
        let long = "l".repeat(40);
        assert_eq!(LABEL.cut(&long), Some(&long[..32]));
        assert_eq!(HSM_LABEL.cut(&long), Some(&long[..32]));
        assert_eq!(LABEL.cut(&long[..32]), None);
        assert_eq!(PARTITION_NAME.cut(&long), None);
        assert_eq!(LABEL.cut(&"é".repeat(33)), Some(&*"é".repeat(32)));
    }
}
