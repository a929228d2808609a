//! Files of a client that cannot be written, or that a crash left in the middle: the error says which, and the
//! next run goes on.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use luna_rest::ntls;
use luna_shell::Status;

use super::Bench;
use super::clients::pair;

impl Bench {
    /// Two appliances that are as a pair is to be, and a file that has this machine as their client.
    fn beside_a_client() -> Bench {
        let bench = Bench::several(2);
        bench.write(pair().split("[client]").next().unwrap());
        let (status, screen) = bench.apply();
        assert_eq!(status, Status::Success, "{screen}");
        bench.write(&pair());
        bench
    }

    fn client_path(&self, name: &str) -> PathBuf {
        self.appliance.client_folder().join(name)
    }

    /// Applies the runbook as a process of its own that a shell starts: exit status and what it says of errors.
    fn apply_in(&self, script: &str) -> (Option<i32>, String) {
        let tests = std::env::current_exe().unwrap();
        let lunash = tests.parent().unwrap().parent().unwrap().join("lunash");
        assert!(lunash.exists(), "{} is built by 'cargo build --workspace'", lunash.display());
        let file = self.appliance.folder().join("all.toml");
        let ran = Command::new("sh")
            .args(["-c", script, "sh"])
            .arg(lunash)
            .args(["apply", "--yes"])
            .arg(file)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.appliance.folder())
            .output()
            .unwrap();
        (ran.status.code(), String::from_utf8(ran.stderr).unwrap())
    }

    /// Whether the first appliance knows the client.
    fn is_registered(&self) -> bool {
        self.client().get(&ntls::CLIENT, &["web1"]).is_ok()
    }

    fn goes_on(&self, told: &str) {
        let (status, screen) = self.apply();
        assert_eq!(status, Status::Success, "{told}\n{screen}");
        let nothing = "Nothing to do: 2 appliances are as the file says.\n";
        assert_eq!(self.apply().1, nothing, "{told}");
    }
}

/// A limit of the size of files, in blocks of 512 or 1024 bytes: what is longer ends there, as on a disk that is
/// full.
fn full_after(blocks: u32) -> String {
    format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"")
}

#[test]
fn a_disk_that_is_full_is_told_with_the_file_and_the_next_run_goes_on() {
    let bench = Bench::beside_a_client();
    // Shorter than a key.
    let (status, told) = bench.apply_in(&full_after(1));
    assert_eq!(status, Some(1), "{told}");
    assert!(told.contains("cert/client/web1Key.pem.new: ") && told.contains("arge"), "{told}");
    assert!(!bench.is_registered(), "{told}");
    assert!(!bench.client_path("cert/client/web1Key.pem").exists(), "{told}");

    // Longer than a key, and shorter than a configuration with much in it.
    let before = format!("# {}\n", "ours ".repeat(10_000));
    fs::write(bench.client_path("Chrystoki.conf"), &before).unwrap();
    let (status, told) = bench.apply_in(&full_after(16));
    assert_eq!(status, Some(1), "{told}");
    assert!(told.contains("Chrystoki.conf") && told.contains("arge"), "{told}");
    assert_eq!(fs::read_to_string(bench.client_path("Chrystoki.conf")).unwrap(), before);
    bench.goes_on(&told);
    assert!(bench.chrystoki().starts_with(&before));
}

#[test]
fn a_configuration_that_may_not_be_written_is_told_before_an_appliance_is() {
    let bench = Bench::beside_a_client();
    let folder = bench.appliance.client_folder();
    fs::create_dir_all(&folder).unwrap();
    fs::write(bench.client_path("Chrystoki.conf"), "# ours\n").unwrap();
    let mode = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    mode(&bench.client_path("Chrystoki.conf"), 0o444);
    mode(&folder, 0o555);
    // Root may write all of this, unless it goes without.
    let is_root = fs::write(folder.join("try"), "").is_ok();
    let script = match is_root {
        true => {
            fs::remove_file(folder.join("try")).unwrap();
            "exec setpriv --bounding-set=-dac_override,-dac_read_search \"$@\""
        }
        false => "exec \"$@\"",
    };
    let (status, told) = bench.apply_in(script);
    mode(&folder, 0o755);
    assert_eq!(status, Some(1), "{told}");
    assert!(told.contains("Chrystoki.conf") && told.contains("Permission denied"), "{told}");
    assert!(told.contains("hint: name a folder of your own"), "{told}");
    assert!(!bench.is_registered(), "{told}");
    bench.goes_on(&told);
}

#[test]
fn what_a_crash_left_of_a_clients_files_is_made_whole() {
    let [key, certificate] = ["cert/client/web1Key.pem", "cert/client/web1.pem"];
    let none: [&str; 0] = [];
    for (left, gone) in [
        // Before the key came to its place, and after the certificate did.
        (&["cert/client/web1Key.pem.new"][..], &[key, certificate, "Chrystoki.conf"][..]),
        (&["cert/client/web1Key.pem.new"][..], &[key, "Chrystoki.conf"][..]),
        // Before the appliance's certificate, and before the configuration was written.
        (&none[..], &["cert/server", "Chrystoki.conf"][..]),
        (&none[..], &["Chrystoki.conf"][..]),
        // Beside a configuration that names them.
        (&none[..], &[key][..]),
        (&none[..], &[key, certificate][..]),
        (&none[..], &["cert/server/CAFile.pem"][..]),
        (&["Chrystoki.conf.before"][..], &none[..]),
    ] {
        let bench = Bench::beside_a_client();
        bench.goes_on("");
        for name in gone {
            let path = bench.client_path(name);
            if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.unwrap();
        }
        for name in left {
            fs::write(bench.client_path(name), "half").unwrap();
        }
        bench.goes_on(&format!("{left:?} {gone:?}"));
    }
}
