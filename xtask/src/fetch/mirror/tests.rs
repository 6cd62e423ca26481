//! Downloads against a server on this machine that breaks off, lies, or is not there.

use super::*;
use crate::data::testing::{data_file, gzip};
use crate::fetch::server::{Reply, Request, Server};
use crate::fetch::{self, Source};
use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;
use std::fs;
use tempfile::TempDir;

/// Content that does not compress: its archive has room to be cut.
fn content() -> Vec<u8> {
    let mut bytes = vec![0; 5000];
    Pcg64Mcg::seed_from_u64(1).fill_bytes(&mut bytes);
    bytes
}

/// One download of the file `digits` into a fresh folder.
struct Trial {
    dir: TempDir,
    lines: Vec<String>,
}

impl Trial {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            lines: Vec::new(),
        }
    }

    fn fetch(&mut self, mirrors: &[String]) -> Result<(), FetchError> {
        let source = Source::Mirrors(mirrors.to_vec());
        let files = [data_file("digits", &content())];
        fetch::fetch(&files, &source, self.dir.path(), &mut |notice| {
            self.lines.push(notice.to_string());
        })
    }

    /// Fails unless the folder holds the verified archive and nothing else.
    fn assert_complete(&self) {
        let file = data_file("digits", &content());
        let path = self.dir.path().join("digits.gz");
        let contents = file.read_verified(&path).unwrap();
        assert!(contents.archive.is_some(), "stored unpacked");
        assert_eq!(fs::read_dir(self.dir.path()).unwrap().count(), 1);
    }

    fn is_empty(&self) -> bool {
        fs::read_dir(self.dir.path()).unwrap().count() == 0
    }

    fn part(&self) -> std::path::PathBuf {
        self.dir.path().join("digits.gz.part")
    }
}

/// The faults of an error that says that no mirror delivered.
fn faults(error: FetchError) -> Vec<MirrorFault> {
    match error {
        FetchError::NoMirror { failures, .. } => failures.into_iter().map(|f| f.fault).collect(),
        other => panic!("{other}"),
    }
}

fn starts(server: &Server) -> Vec<Option<usize>> {
    server
        .requests()
        .iter()
        .map(|request| request.from)
        .collect()
}

#[test]
fn a_file_is_downloaded_once() {
    let archive = gzip(&content());
    let server = Server::start(move |_, request| Reply::range(&archive, request));
    let mut trial = Trial::new();
    trial.fetch(&[server.url("mnist")]).unwrap();
    trial.assert_complete();
    let asked = Request {
        path: "/mnist/digits.gz".to_owned(),
        from: None,
    };
    assert_eq!(server.requests(), [asked]);

    trial.fetch(&[server.url("mnist")]).unwrap();
    assert_eq!(server.requests().len(), 1);
    assert_eq!(
        trial.lines.last().unwrap(),
        "digits: already there, verified"
    );
}

#[test]
fn a_damaged_file_is_reported_and_replaced() {
    let archive = gzip(&content());
    let server = Server::start(move |_, request| Reply::range(&archive, request));
    let mut trial = Trial::new();
    fs::write(trial.dir.path().join("digits.gz"), gzip(b"other")).unwrap();
    trial.fetch(&[server.url("mnist")]).unwrap();
    trial.assert_complete();
    assert!(
        trial.lines[0].starts_with("replacing a damaged file"),
        "{:?}",
        trial.lines
    );
}

#[test]
fn a_broken_connection_is_resumed_at_the_byte_where_it_broke() {
    let archive = gzip(&content());
    let server = Server::start(move |number, request| {
        let reply = Reply::range(&archive, request);
        match number {
            0 => reply.broken_after(1000),
            1 => reply.broken_after(500),
            _ => reply,
        }
    });
    let mut trial = Trial::new();
    trial.fetch(&[server.url("mnist")]).unwrap();
    trial.assert_complete();
    assert_eq!(starts(&server), [None, Some(1000), Some(1500)]);
}

#[test]
fn a_mirror_that_stays_silent_after_a_part_is_left_and_the_part_is_kept() {
    let archive = gzip(&content());
    let server = Server::start(move |number, request| {
        let sent = if number == 0 { 700 } else { 0 };
        Reply::range(&archive, request).broken_after(sent)
    });
    let mut trial = Trial::new();
    let error = trial.fetch(&[server.url("mnist")]).unwrap_err();
    assert!(error.to_string().contains("digits.gz.part"), "{error}");
    assert!(error.to_string().contains("700 bytes"), "{error}");
    let faults = faults(error);
    assert!(
        matches!(faults[..], [MirrorFault::Interrupted { received: 700, .. }]),
        "{faults:?}"
    );
    assert_eq!(fs::metadata(trial.part()).unwrap().len(), 700);

    // The next run goes on there, on another mirror.
    let archive = gzip(&content());
    let other = Server::start(move |_, request| Reply::range(&archive, request));
    trial.fetch(&[other.url("mnist")]).unwrap();
    trial.assert_complete();
    assert_eq!(starts(&other), [Some(700)]);
    assert!(
        trial
            .lines
            .contains(&"digits.gz: resuming after 700 bytes".to_owned())
    );
}

#[test]
fn a_complete_part_needs_no_mirror() {
    let mut trial = Trial::new();
    fs::write(trial.part(), gzip(&content())).unwrap();
    trial.fetch(&[]).unwrap();
    trial.assert_complete();
}

#[test]
fn a_part_of_another_archive_is_started_afresh() {
    // Right length, wrong bytes: only the digest can tell.
    let archive = gzip(&content());
    let server = Server::start(move |_, request| Reply::range(&archive, request));
    let mut trial = Trial::new();
    fs::write(trial.part(), [7; 900]).unwrap();
    trial.fetch(&[server.url("mnist")]).unwrap();
    trial.assert_complete();
    assert_eq!(starts(&server), [Some(900), None]);
}

#[test]
fn a_part_that_is_longer_than_the_file_is_started_afresh() {
    let archive = gzip(&content());
    let server = Server::start(move |_, request| Reply::range(&archive, request));
    let mut trial = Trial::new();
    fs::write(trial.part(), [7; 6000]).unwrap();
    trial.fetch(&[server.url("mnist")]).unwrap();
    trial.assert_complete();
    assert_eq!(starts(&server), [Some(6000), None]);
}

#[test]
fn a_mirror_that_sends_more_than_any_archive_has_is_stopped_and_leaves_nothing() {
    let file = data_file("digits", &content());
    let endless = vec![0; 1 << 20];
    let server = Server::start(move |_, _| Reply::file(&endless));
    let mut trial = Trial::new();
    let faults = faults(trial.fetch(&[server.url("mnist")]).unwrap_err());
    let limit = file.longest_archive();
    let stopped = matches!(faults[..], [MirrorFault::TooLong { limit: at }] if at == limit);
    assert!(stopped, "{faults:?}");
    assert!(trial.is_empty());
    assert_eq!(starts(&server), [None]);
}

#[test]
fn content_that_is_not_the_published_one_is_never_stored() {
    let forged = gzip(&[7; 5000]);
    let server = Server::start(move |_, request| Reply::range(&forged, request));
    let mut trial = Trial::new();
    let faults = faults(trial.fetch(&[server.url("mnist")]).unwrap_err());
    assert!(
        matches!(faults[..], [MirrorFault::Content(_)]),
        "{faults:?}"
    );
    assert!(trial.is_empty());
}

#[test]
fn a_mirror_without_ranges_is_read_from_the_start() {
    let archive = gzip(&content());
    let server = Server::start(move |_, _| Reply::file(&archive));
    let mut trial = Trial::new();
    fs::write(trial.part(), [7; 900]).unwrap();
    trial.fetch(&[server.url("mnist")]).unwrap();
    trial.assert_complete();
    assert_eq!(starts(&server), [Some(900)]);
}

#[test]
fn another_range_than_asked_for_is_not_appended() {
    let archive = gzip(&content());
    let server = Server::start(move |_, request| match request.from {
        Some(from) => Reply::part(&archive, from - 1),
        None => Reply::file(&archive),
    });
    let mut trial = Trial::new();
    fs::write(trial.part(), [7; 900]).unwrap();
    trial.fetch(&[server.url("mnist")]).unwrap();
    trial.assert_complete();
    assert_eq!(starts(&server), [Some(900), None]);
}

#[test]
fn an_unpacked_answer_is_packed_again() {
    let server = Server::start(move |_, _| Reply::file(&content()));
    let mut trial = Trial::new();
    trial.fetch(&[server.url("mnist")]).unwrap();
    trial.assert_complete();
}

#[test]
fn the_next_mirror_is_tried_and_the_failures_are_listed_in_order() {
    let archive = gzip(&content());
    let server = Server::start(move |_, request| match request.path.as_str() {
        "/gone/digits.gz" => Reply::status(404),
        "/wrong/digits.gz" => Reply::file(&gzip(b"other digits")),
        "/page/digits.gz" => Reply::file(b"<html>please log in</html>"),
        "/cut/digits.gz" => Reply::file(&archive[..1000]),
        "/endless/digits.gz" => Reply::file(&[0x1f; 1 << 20]),
        _ => Reply::range(&archive, request),
    });
    let bad = ["gone", "wrong", "page", "cut", "endless"].map(|name| server.url(name));
    let mut trial = Trial::new();
    let faults = faults(trial.fetch(&bad).unwrap_err());
    assert!(
        matches!(
            faults[..],
            [
                MirrorFault::Status(404),
                MirrorFault::Content(crate::data::DataError::Checksum { .. }),
                MirrorFault::Content(crate::data::DataError::Checksum { .. }),
                MirrorFault::Content(crate::data::DataError::CorruptGzip { .. }),
                MirrorFault::TooLong { .. },
            ]
        ),
        "{faults:?}"
    );
    assert!(trial.is_empty(), "refused bytes were kept");

    trial.lines.clear();
    let good = [bad.as_slice(), &[server.url("good")]].concat();
    trial.fetch(&good).unwrap();
    trial.assert_complete();
    let (stored, failed) = trial.lines.split_last().unwrap();
    assert!(stored.contains("/good/digits.gz"), "{stored}");
    assert_eq!(failed.len(), bad.len());
    for (line, url) in failed.iter().zip(&bad) {
        assert!(line.starts_with(url.as_str()), "{line}");
    }
}

#[test]
fn a_port_that_nobody_listens_on_is_no_answer() {
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}/", listener.local_addr().unwrap())
    };
    let mut trial = Trial::new();
    let error = trial.fetch(&[closed.clone(), closed]).unwrap_err();
    assert!(error.to_string().contains("--from DIR"), "{error}");
    let faults = faults(error);
    assert!(
        matches!(
            faults[..],
            [MirrorFault::NoAnswer(_), MirrorFault::NoAnswer(_)]
        ),
        "{faults:?}"
    );
    assert!(trial.is_empty());
}

#[test]
fn a_folder_that_cannot_be_made_fails_before_any_request() {
    let server = Server::start(|_, _| Reply::status(500));
    let trial = Trial::new();
    let blocked = trial.dir.path().join("file");
    fs::write(&blocked, b"mine").unwrap();
    let files = [data_file("digits", &content())];
    let source = Source::Mirrors(vec![server.url("mnist")]);
    let error = fetch::fetch(&files, &source, &blocked, &mut |_| ()).unwrap_err();
    assert!(matches!(error, FetchError::Write { .. }), "{error}");
    assert!(server.requests().is_empty());
}

#[test]
fn a_content_range_is_read() {
    assert_eq!(first_byte("bytes 700-999/1000"), Some(700));
    assert_eq!(first_byte("bytes 0-0/*"), Some(0));
    for bad in ["", "bytes", "bytes */1000", "items 1-2/3", "bytes -5/9"] {
        assert_eq!(first_byte(bad), None, "{bad}");
    }
}

/// Each of two at once gets all files or is told that the other is at work, and none harms the other's.
#[cfg(unix)]
#[test]
fn two_fetches_of_one_folder_at_once_leave_it_whole() {
    let archive = gzip(&content());
    let pause = Duration::from_millis(2);
    let server = Server::start(move |_, request| Reply::range(&archive, request).paced(500, pause));
    let folder = tempfile::tempdir().unwrap();
    let source = Source::Mirrors(vec![server.url("mnist")]);
    let files = [data_file("digits", &content())];
    let fetch = || fetch::fetch(&files, &source, folder.path(), &mut |_| ());
    for round in 0..10 {
        let (one, two) = std::thread::scope(|scope| {
            let one = scope.spawn(fetch);
            let two = scope.spawn(fetch);
            (one.join().unwrap(), two.join().unwrap())
        });
        for outcome in [&one, &two] {
            assert!(
                matches!(outcome, Ok(()) | Err(FetchError::Busy { .. })),
                "{outcome:?}"
            );
        }
        assert!(one.is_ok() || two.is_ok(), "round {round}");
        let path = folder.path().join("digits.gz");
        files[0].read_verified(&path).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        fs::remove_file(path).unwrap();
    }
}
