//! Commands as processes of their own: two in one folder, killed, interrupted, out of space.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Seconds of training: long enough to be met in the middle.
const LONG: &str = "sgm.mixture";
/// Half a second.
const SHORT: &str = "accounting.training";

fn reproduce(experiment: &str, out: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(["reproduce", experiment, "--out"]).arg(out);
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Waits until a run has come as far as a first checkpoint.
fn until_it_trains(child: &mut Child, out: &Path) {
    let started = Instant::now();
    let checkpoints = out.join("checkpoints");
    while !checkpoints.is_dir() || checkpoints.read_dir().unwrap().next().is_none() {
        assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
        assert!(
            started.elapsed() < Duration::from_secs(120),
            "no checkpoint"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn names_in(folder: &Path) -> Vec<String> {
    let listing = folder.read_dir().unwrap();
    let mut names: Vec<_> = listing
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// A second run is kept out while the first trains, and let in as soon as that is killed: nothing that it leaves stands in
/// the way. Then Ctrl-C, which says how to go on.
#[test]
fn one_run_at_a_time_writes_into_a_folder_and_each_can_be_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let mut first = reproduce(LONG, &out).spawn().unwrap();
    until_it_trains(&mut first, &out);
    let second = reproduce(SHORT, &out).output().unwrap();
    assert_eq!(second.status.code(), Some(1));
    let message = said(&second);
    assert!(message.contains("another run is writing into"), "{message}");
    assert!(message.contains("--out"), "{message}");
    assert!(!out.join("results.json").exists());
    first.kill().unwrap();
    first.wait().unwrap();
    let third = reproduce(SHORT, &out).output().unwrap();
    assert!(third.status.success(), "{}", said(&third));

    let mut fourth = reproduce(LONG, &out).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(500));
    assert!(fourth.try_wait().unwrap().is_none(), "it ended by itself");
    let id = fourth.id().to_string();
    let sent = Command::new("kill").args(["-INT", &id]).status().unwrap();
    assert!(sent.success());
    let fourth = fourth.wait_with_output().unwrap();
    let message = said(&fourth);
    assert_eq!(fourth.status.code(), Some(130), "{message}");
    assert!(
        message.contains("the same command resumes where it stopped"),
        "{message}"
    );
    assert!(!names_in(&out.join("checkpoints")).is_empty());
}

/// No file of the child may be longer than 4 KiB (`ulimit -f` counts blocks of 512 bytes): what was there stays whole, and
/// the message says what to do.
#[test]
fn a_run_that_may_write_no_more_keeps_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let before = reproduce(SHORT, folder.path()).output().unwrap();
    assert!(before.status.success(), "{}", said(&before));
    let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    let page = format!("sections/{SHORT}.html");
    let files = ["results.json", "report.html", &page];
    let kept = files.map(read);
    let run = reproduce(SHORT, folder.path());
    // Without the signal, which would end the process, a write beyond the limit is an error like any other.
    let limited = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$0\" \"$@\""])
        .arg(run.get_program())
        .args(run.get_args())
        .args(["--seed", "2"])
        .output()
        .unwrap();
    let message = said(&limited);
    assert_eq!(limited.status.code(), Some(1), "{message}");
    assert!(message.contains("free some space"), "{message}");
    assert_eq!(files.map(read), kept);
    for folder in [folder.path(), &folder.path().join("sections")] {
        let names = names_in(folder);
        assert!(!names.iter().any(|name| name.starts_with('.')), "{names:?}");
    }
}

/// Folders that even root cannot write into: one below a file, and one of the kernel's.
#[test]
fn a_folder_that_cannot_be_written_is_named_with_the_fix() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "mine").unwrap();
    let mut places = vec![file.join("out")];
    if cfg!(target_os = "linux") {
        places.push("/sys/overdamped".into());
    }
    for place in places {
        let refused = reproduce(SHORT, &place).output().unwrap();
        let message = said(&refused);
        assert_eq!(refused.status.code(), Some(1), "{message}");
        assert!(message.contains(&place.display().to_string()), "{message}");
        assert!(message.contains("--out"), "{message}");
    }
    assert_eq!(std::fs::read(&file).unwrap(), b"mine");
}
