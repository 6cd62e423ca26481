//! One run: killed some times, interrupted once, left to finish, compared.

use std::path::Path;
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use rand::{Rng, RngExt as _};

use super::files;
use super::log::{How, Stop};
use super::scenario::Scenario;
use super::stage::{self, Stage};
use crate::experiments::Interrupted;

/// Runs a scenario in a folder of its own and kills it `kills` times at random moments, or fewer if it is finished before;
/// says what became of each.
///
/// # Errors
/// A process that cannot be started, or a folder that cannot be read. What the run did wrong is not an error but its verdict.
pub fn run(
    stage: &mut Stage,
    scenario: Scenario,
    run: u64,
    kills: u64,
    moments: &mut impl Rng,
) -> anyhow::Result<Vec<Stop>> {
    let folder = stage.folder(run);
    let expected = stage.expected(scenario);
    stage.prepare(scenario, &folder)?;
    let mut stops: Vec<Stop> = Vec::new();
    let mut ended = false;
    // The first kill may come at any time; the others find a run that has less to do.
    let hows = (0..kills)
        .map(|_| How::Kill)
        .chain(cfg!(unix).then_some(How::Interrupt));
    for (index, how) in hows.enumerate() {
        let share = if index == 0 { 0.9 } else { 0.6 };
        let moment = stage
            .whole(scenario)
            .mul_f64(moments.random_range(0.0..share));
        let outcome = stop_after(stage, scenario, &folder, moment, how)?;
        if let Outcome::Ended(time) = outcome {
            if index == 0 {
                stage.took(scenario, time);
            }
            ended = true;
            break;
        }
        let mut stop = Stop {
            run,
            scenario,
            how,
            moment,
            present: files::present(&folder)?,
            complaints: Vec::new(),
        };
        if let Outcome::Wrong(complaint) = outcome {
            stop.complaints.push(complaint);
        }
        if let Err(broken) = files::check(&folder, &expected) {
            stop.complaints.push(broken.to_string());
        }
        stops.push(stop);
    }
    let mut complaints = Vec::new();
    if !ended {
        let child = stage.start(scenario, &folder)?;
        complaints.extend(stage::finish(child, scenario).err().map(|e| e.to_string()));
    }
    complaints.extend(
        files::check(&folder, &expected)
            .err()
            .map(|e| e.to_string()),
    );
    if folder.exists() {
        let differing = files::differing(&folder, &expected)?;
        complaints.extend(differing.iter().map(|name| format!("differs in {name}")));
    }
    // Whichever stop is to blame, all of the run are.
    for stop in &mut stops {
        stop.complaints.extend(complaints.iter().cloned());
    }
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    Ok(stops)
}

enum Outcome {
    /// It was stopped.
    Stopped,
    /// It was stopped, but not as it should be.
    Wrong(String),
    /// It had ended by then, after this time.
    Ended(Duration),
}

/// SIGKILL and SIGINT.
const KILL: i32 = 9;
const INTERRUPT: i32 = 2;
/// Within this time of its start a process has a handler for Ctrl-C, on a busy machine too.
const HANDLER: Duration = Duration::from_secs(2);

/// Starts a run and stops it, unless it has ended by then.
fn stop_after(
    stage: &Stage,
    scenario: Scenario,
    folder: &Path,
    moment: Duration,
    how: How,
) -> anyhow::Result<Outcome> {
    let started = Instant::now();
    let mut child = stage.start(scenario, folder)?;
    std::thread::sleep(moment);
    match how {
        // An error says that it has ended already.
        How::Kill => drop(child.kill()),
        How::Interrupt => interrupt(&child)?,
    }
    let output = child.wait_with_output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    let wrong = || Outcome::Wrong(format!("ended with {}: {}", output.status, said.trim_end()));
    Ok(match (how, output.status.code()) {
        (How::Kill, None) if signal(&output.status) == KILL => Outcome::Stopped,
        // Before its handler stands, an interrupt is a kill.
        (How::Interrupt, None) if signal(&output.status) == INTERRUPT && moment < HANDLER => {
            Outcome::Stopped
        }
        (_, Some(0)) => Outcome::Ended(started.elapsed()),
        (How::Interrupt, Some(code)) if code == i32::from(Interrupted::EXIT_CODE) => {
            if said.contains("the same command") {
                Outcome::Stopped
            } else {
                wrong()
            }
        }
        _ => wrong(),
    })
}

/// The signal that ended a process.
#[cfg(unix)]
fn signal(status: &ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt as _;
    status.signal().unwrap_or(0)
}

/// Elsewhere a killed process has an exit code, and is told by that.
#[cfg(not(unix))]
fn signal(_status: &ExitStatus) -> i32 {
    0
}

/// Presses Ctrl-C.
fn interrupt(child: &Child) -> anyhow::Result<()> {
    let mut command = std::process::Command::new("kill");
    // An error says that it has ended already.
    command.args(["-INT", &child.id().to_string()]).output()?;
    Ok(())
}
