//! What the client menu says in addition to the product's text.

use luna_shell::{Options, Secrets, Status};
use luna_tests::{ScriptedTerminal, TestAppliance, client_certificate};

#[test]
fn a_certificate_with_another_common_name_is_registered_with_a_remark() {
    let appliance = TestAppliance::new().unwrap();
    for (name, cn) in [("10.0.0.9", "app-host"), ("app", "app")] {
        let certificate = client_certificate(cn).unwrap();
        appliance.upload(&format!("{name}.pem"), certificate.as_bytes()).unwrap();
    }
    let lines = [
        "client register -client remote -ip 10.0.0.9",
        // Named as the client, though not as its host: that is one way people name them.
        "client delete -client remote -force",
        "client register -client app-host -ip 10.0.0.9",
        "client register -client app -hostname app",
    ];
    let terminal = ScriptedTerminal::new(lines.map(ToOwned::to_owned), true);
    let status = appliance.lunash(&terminal, Options::default(), Secrets::only([])).unwrap();
    let screen = terminal.take_screen();
    assert_eq!(status, Status::Success, "{screen}");
    let remark = "note: the certificate is \"app-host\"'s by its common name, not \"10.0.0.9\"'s";
    assert_eq!(screen.matches(remark).count(), 1, "{screen}");
    assert_eq!(screen.matches("common name").count(), 1, "{screen}");
}

#[test]
fn luna_appliance_stops_the_appliance_that_the_shells_start() {
    let folder = luna_shell::Folders::of_user().ok().map(|folders| folders.appliance);
    assert_eq!(luna_appliance::Own::default_folder(), folder);
}
