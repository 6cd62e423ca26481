//! Files from public mirrors by HTTP, resumable and verified.
//!
//! Mirrors are tried in order. While a mirror delivers new bytes it is asked for the rest (`Range:
//! bytes=N-`, RFC 9110, section 14.2) whenever its connection breaks. The archives of two mirrors
//! need not agree byte for byte, since the digest is that of the content: where a resumed file does
//! not verify, it is downloaded once more from its first byte before the mirror is given up.

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle};
use ureq::Agent;
use ureq::http::{StatusCode, header};

use super::part::PartFile;
use super::{FetchError, MirrorFailure, MirrorFault, Notice, import};
use crate::data::{Contents, DataFile};

/// How often one mirror may break off and be asked to go on.
const RESUMES: usize = 16;
/// A mirror that does not take the connection for so long is given up.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A connection on which nothing arrives for so long is given up.
const STALL_TIMEOUT: Duration = Duration::from_secs(30);

/// Downloads `files` as archives into `to`, each from the first of `mirrors` that delivers it.
///
/// # Errors
/// [`FetchError::NoMirror`] at the first file that none delivers (files before it stay), or a
/// failure to write.
pub(super) fn download(
    files: &[DataFile],
    mirrors: &[String],
    to: &Path,
    report: &mut dyn FnMut(&Notice),
) -> Result<(), FetchError> {
    let agent: Agent = Agent::config_builder()
        .http_status_as_error(false)
        .timeout_connect(Some(CONNECT_TIMEOUT))
        .timeout_recv_response(Some(STALL_TIMEOUT))
        .timeout_per_read(Some(STALL_TIMEOUT))
        .build()
        .into();
    for file in files {
        download_file(&agent, file, mirrors, to, report)?;
    }
    Ok(())
}

/// Downloads one file from the first mirror that delivers it.
fn download_file(
    agent: &Agent,
    file: &DataFile,
    mirrors: &[String],
    to: &Path,
    report: &mut dyn FnMut(&Notice),
) -> Result<(), FetchError> {
    let archive = file.archive_name();
    let mut part = PartFile::open(&to.join(&archive))?;
    if part.len() > 0 {
        // A run that was stopped just before its rename left a complete part.
        if let Ok(contents) = file.read_verified(part.path()) {
            let origin = "an earlier download".to_owned();
            return store(part, contents, archive, origin, report);
        }
        report(&Notice::Resuming {
            archive: archive.clone(),
            bytes: part.len(),
        });
    }

    let mut failures = Vec::new();
    for (index, mirror) in mirrors.iter().enumerate() {
        let url = format!("{mirror}{archive}");
        match from_mirror(agent, file, &url, &mut part) {
            Ok(contents) => return store(part, contents, archive, url, report),
            Err(Failure::Local(error)) => return Err(error),
            Err(Failure::Mirror(fault)) => {
                let failure = MirrorFailure { url, fault };
                if index + 1 < mirrors.len() {
                    report(&Notice::NextMirror(failure.to_string()));
                }
                failures.push(failure);
            }
        }
    }
    let kept = (part.len() > 0).then(|| (part.path().to_path_buf(), part.len()));
    Err(FetchError::NoMirror {
        archive,
        failures,
        kept,
    })
}

/// Gives the verified part its final name. A server that unpacks archives on the way (HTTP knows
/// gzip as a transfer coding too) delivers the right content in the wrong form: it is packed again.
fn store(
    mut part: PartFile,
    contents: Contents,
    archive: String,
    origin: String,
    report: &mut dyn FnMut(&Notice),
) -> Result<(), FetchError> {
    if contents.archive.is_none() {
        let packed =
            import::gzip(&contents.bytes).map_err(|e| FetchError::writing(part.path(), e))?;
        part.clear()?;
        part.append(&packed)?;
    }
    part.commit()?;
    report(&Notice::Stored { archive, origin });
    Ok(())
}

/// Why a transfer ended early: whether another mirror may help decides what happens next.
enum Failure {
    /// This machine could not store the bytes.
    Local(FetchError),
    /// The mirror or the way to it failed.
    Mirror(MirrorFault),
}

impl From<FetchError> for Failure {
    fn from(error: FetchError) -> Self {
        Self::Local(error)
    }
}

impl From<MirrorFault> for Failure {
    fn from(fault: MirrorFault) -> Self {
        Self::Mirror(fault)
    }
}

/// Completes the part from one mirror, and verifies it.
fn from_mirror(
    agent: &Agent,
    file: &DataFile,
    url: &str,
    part: &mut PartFile,
) -> Result<Contents, Failure> {
    let mut restarted = false;
    let mut resumes = 0;
    loop {
        let start = part.len();
        let transferred = transfer(agent, url, file.longest_archive(), part);
        let fault = match transferred {
            Ok(()) => match file.read_verified(part.path()) {
                Ok(contents) => return Ok(contents),
                Err(error) => MirrorFault::Content(error),
            },
            Err(Failure::Mirror(fault)) => fault,
            Err(local) => return Err(local),
        };
        match fault {
            MirrorFault::Interrupted { .. } if part.len() > start && resumes < RESUMES => {
                resumes += 1;
            }
            // What was there before this request may be to blame: once, start from nothing.
            MirrorFault::Content(_)
            | MirrorFault::TooLong { .. }
            | MirrorFault::WrongRange { .. }
            | MirrorFault::Status(RANGE_NOT_SATISFIABLE)
                if start > 0 && !restarted =>
            {
                restarted = true;
                part.clear()?;
            }
            MirrorFault::Content(_) | MirrorFault::TooLong { .. } => {
                part.clear()?;
                return Err(fault.into());
            }
            _ => return Err(fault.into()),
        }
    }
}

/// The status of a request for bytes beyond the end of the file.
const RANGE_NOT_SATISFIABLE: u16 = StatusCode::RANGE_NOT_SATISFIABLE.as_u16();

/// One request: appends what the mirror sends from the part's end on.
fn transfer(agent: &Agent, url: &str, limit: u64, part: &mut PartFile) -> Result<(), Failure> {
    let start = part.len();
    let mut request = agent.get(url);
    if start > 0 {
        request = request.header(header::RANGE, format!("bytes={start}-"));
    }
    let mut response = request
        .call()
        .map_err(|error| MirrorFault::NoAnswer(Box::new(error)))?;
    match response.status() {
        // The mirror ignores ranges, or was not asked for one.
        StatusCode::OK => part.clear()?,
        StatusCode::PARTIAL_CONTENT => {
            let sent = response.headers().get(header::CONTENT_RANGE);
            if sent.and_then(|value| first_byte(value.to_str().ok()?)) != Some(start) {
                return Err(MirrorFault::WrongRange { asked: start }.into());
            }
        }
        status => return Err(MirrorFault::Status(status.as_u16()).into()),
    }

    let body = response.body_mut();
    let bar = progress_bar(url, part.len(), body.content_length());
    let mut body = body.as_reader();
    let mut buffer = vec![0; 64 << 10];
    loop {
        let count = match body.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(source) => {
                let received = part.len();
                return Err(MirrorFault::Interrupted { received, source }.into());
            }
        };
        part.append(&buffer[..count])?;
        bar.set_position(part.len());
        if part.len() > limit {
            return Err(MirrorFault::TooLong { limit }.into());
        }
    }
    Ok(())
}

/// The first byte that a `Content-Range: bytes FIRST-LAST/LENGTH` speaks of.
pub(crate) fn first_byte(content_range: &str) -> Option<u64> {
    let range = content_range.trim().strip_prefix("bytes ")?;
    range.split_once('-')?.0.trim().parse().ok()
}

/// A bar with rate and remaining time, on a terminal only; the length is that of the whole file.
fn progress_bar(url: &str, start: u64, remaining: Option<u64>) -> ProgressBar {
    let length = remaining.map(|bytes| start + bytes);
    let bar = ProgressBar::with_draw_target(length, ProgressDrawTarget::stderr())
        .with_finish(ProgressFinish::AndClear);
    let template = match length {
        Some(_) => "{msg} {bar:30} {bytes}/{total_bytes} {bytes_per_sec}, {eta} left",
        None => "{msg} {spinner} {bytes} {bytes_per_sec}",
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_message(url.rsplit('/').next().unwrap_or(url).to_owned());
    // The bytes of an earlier run say nothing about the rate of this one.
    bar.set_position(start);
    bar.reset_eta();
    bar
}

#[cfg(test)]
mod tests;
