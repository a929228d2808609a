//! What an option or a value means in every command. A command says more where it must.

/// Name and text, sorted by name.
pub(crate) const GLOSSARY: &[(&str, &str)] = &[
    ("-client", "Name of the client: its host name or address"),
    ("-domain", "Cloning domain"),
    ("-domainlabel", "Label of a cloning domain"),
    ("-force", "Do not ask for confirmation"),
    ("-group", "Label or number of the HA group"),
    ("-label", "A text label, 1 to 32 characters"),
    ("-logoutOther", "Log the role out of other applications too"),
    ("-name", "Role: po, co, lco or cu, or its long name; of a keyring krso or krco"),
    ("-newpw", "New password"),
    ("-oldpw", "Present password"),
    ("-partition", "Name of the partition"),
    ("-password", "Password"),
    ("-policy", "Number of the policy, or several with commas between them"),
    ("-primary", "Make it the primary domain"),
    ("-serialnumber", "Serial number of the partition"),
    ("-server", "Host name or address of the appliance"),
    ("-slot", "Number of a slot"),
    ("-value", "New value, or as many with commas between them"),
];
