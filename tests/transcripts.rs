//! The golden transcripts in `transcripts/`: every script is played and compared.
//!
//! `TRANSCRIPTS=overwrite cargo test -p luna-tests transcripts` writes them anew, for review.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;

/// Plays all scripts, two at a time, and reports every difference at once.
#[test]
fn transcripts_are_what_a_person_sees() {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../transcripts"));
    let overwrite = std::env::var_os("TRANSCRIPTS").is_some_and(|value| value == "overwrite");
    let names = names(&folder, "in");
    assert!(!names.is_empty());
    let queue = Mutex::new(names.iter().cloned().collect::<Vec<_>>());
    let faults = Mutex::new(Vec::new());
    let made = Mutex::new(luna_tests::Calls::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some(name) = queue.lock().unwrap().pop() else { return };
                    let script =
                        fs::read_to_string(folder.join(&name).with_extension("in")).unwrap();
                    let golden = folder.join(&name).with_extension("txt");
                    let (played, calls) = luna_tests::record_calls(|| luna_tests::play(&script));
                    let mut made = made.lock().unwrap();
                    for (command, calls) in calls {
                        made.entry(command).or_default().extend(calls);
                    }
                    drop(made);
                    let fault = match played {
                        Err(error) => format!("{name}: {error:#}"),
                        Ok(seen) if overwrite => {
                            fs::write(&golden, seen).unwrap();
                            continue;
                        }
                        Ok(seen) => match difference(
                            &fs::read_to_string(&golden).unwrap_or_default(),
                            &seen,
                        ) {
                            None => continue,
                            Some(difference) => format!("{name}: {difference}"),
                        },
                    };
                    faults.lock().unwrap().push(fault);
                }
            });
        }
    });
    let made = made.into_inner().unwrap();
    assert_eq!(luna_tests::undeclared(&made), [""; 0], "calls that are not declared");
    assert_eq!(luna_tests::never_made(&made), [""; 0], "declared calls that are not made");
    let faults = faults.into_inner().unwrap();
    assert!(faults.is_empty(), "{}\n(TRANSCRIPTS=overwrite writes them anew)", faults.join("\n\n"));
}

#[test]
fn every_transcript_has_its_script() {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../transcripts"));
    assert_eq!(names(&folder, "txt"), names(&folder, "in"));
}

fn names(folder: &std::path::Path, extension: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .filter(|path| path.extension().is_some_and(|end| end == extension))
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect()
}

/// The first line that differs, with what stands around it.
fn difference(golden: &str, seen: &str) -> Option<String> {
    if golden == seen {
        return None;
    }
    let mut golden = golden.split('\n');
    for (number, seen) in (1..).zip(seen.split('\n')) {
        let golden = golden.next();
        if golden != Some(seen) {
            return Some(format!(
                "line {number}\n  golden: {golden:?}\n  seen:   {:?}",
                Some(seen)
            ));
        }
    }
    Some("the golden transcript is longer".to_owned())
}
