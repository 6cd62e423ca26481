//! Signs of life from long runs, on standard error.
//!
//! In a terminal: a bar with label, rate, time left and one current metric.
//! Elsewhere (a log, a pipe): the same as a plain line every ten seconds, since
//! a log without any line looks like a program that hangs.

use std::io::{IsTerminal as _, stderr};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Time between two plain lines.
const QUIET: Duration = Duration::from_secs(10);
const TEMPLATE: &str =
    "{prefix:>24} {bar:28.cyan/dim} {pos}/{len}  {per_sec}  {eta} left  {msg:.dim}";

/// The progress of one task with a known number of steps; it may be advanced
/// from several threads.
#[derive(Debug)]
pub struct Progress {
    label: String,
    steps: u64,
    done: AtomicU64,
    started: Instant,
    metric: Mutex<String>,
    face: Face,
}

#[derive(Debug)]
enum Face {
    Bar(ProgressBar),
    /// When the last line was printed, counted from the start.
    Lines(Mutex<Duration>),
}

impl Progress {
    /// Starts a task, e.g. `Progress::new("force matching", 4000)`.
    pub fn new(label: &str, steps: u64) -> Self {
        let face = if stderr().is_terminal() {
            let style = ProgressStyle::with_template(TEMPLATE)
                .unwrap_or_else(|_| ProgressStyle::default_bar())
                .progress_chars("━╸─");
            let bar = ProgressBar::new(steps)
                .with_style(style)
                .with_prefix(label.to_string());
            bar.enable_steady_tick(Duration::from_millis(200));
            Face::Bar(bar)
        } else {
            Face::Lines(Mutex::new(Duration::ZERO))
        };
        Self {
            label: label.into(),
            steps,
            done: AtomicU64::new(0),
            started: Instant::now(),
            metric: Mutex::new(String::new()),
            face,
        }
    }

    /// Counts one step.
    pub fn step(&self) {
        self.advance(1);
    }

    /// Counts several steps.
    pub fn advance(&self, steps: u64) {
        let done = self.done.fetch_add(steps, Ordering::Relaxed) + steps;
        match &self.face {
            Face::Bar(bar) => bar.inc(steps),
            Face::Lines(last) => {
                let elapsed = self.started.elapsed();
                if due(last, elapsed) {
                    eprintln!(
                        "{}",
                        line(&self.label, done, self.steps, elapsed, &self.metric())
                    );
                }
            }
        }
    }

    /// Shows a current metric, e.g. `set_metric("loss", 0.0213)`.
    pub fn set_metric(&self, name: &str, value: f64) {
        let text = format!("{name} {value:.4}");
        if let Face::Bar(bar) = &self.face {
            bar.set_message(text.clone());
        }
        *lock(&self.metric) = text;
    }

    /// Ends the task and leaves one line with its duration and last metric.
    pub fn finish(self) {
        if let Face::Bar(bar) = &self.face {
            bar.finish_and_clear();
        }
        let done = self.done.load(Ordering::Relaxed);
        eprintln!(
            "{}",
            closing_line(&self.label, done, self.started.elapsed(), &self.metric())
        );
    }

    fn metric(&self) -> String {
        lock(&self.metric).clone()
    }
}

impl Drop for Progress {
    /// A task that an error ended must not leave a bar behind that keeps ticking.
    fn drop(&mut self) {
        if let Face::Bar(bar) = &self.face {
            bar.finish_and_clear();
        }
    }
}

/// Whether a line is due; if so, the quiet time starts anew.
fn due(last: &Mutex<Duration>, elapsed: Duration) -> bool {
    let mut last = lock(last);
    let due = elapsed.saturating_sub(*last) >= QUIET;
    if due {
        *last = elapsed;
    }
    due
}

/// Display state stays usable when a thread panicked while holding it.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn line(label: &str, done: u64, steps: u64, elapsed: Duration, metric: &str) -> String {
    let rate = done as f64 / elapsed.as_secs_f64();
    let percent = 100 * done.min(steps) / steps.max(1);
    let left = steps.saturating_sub(done) as f64 / rate;
    let metric = if metric.is_empty() {
        String::new()
    } else {
        format!(", {metric}")
    };
    let left = human(left);
    format!("{label}: {done}/{steps} ({percent} %), {rate:.1} steps/s, {left} left{metric}")
}

fn closing_line(label: &str, done: u64, elapsed: Duration, metric: &str) -> String {
    let metric = if metric.is_empty() {
        String::new()
    } else {
        format!(", {metric}")
    };
    format!(
        "{label}: {done} steps in {}{metric}",
        human(elapsed.as_secs_f64())
    )
}

/// Seconds as a person would say them: `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`.
pub fn human(seconds: f64) -> String {
    if !seconds.is_finite() {
        return "unknown time".into();
    }
    if seconds < 9.95 {
        return format!("{seconds:.1} s");
    }
    let whole = seconds.round() as u64;
    match whole {
        0..60 => format!("{whole} s"),
        60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_lines_say_how_far_how_fast_and_how_long() {
        let tenth = line("CD-1", 100, 1000, Duration::from_secs(20), "loss 0.0213");
        assert_eq!(
            tenth,
            "CD-1: 100/1000 (10 %), 5.0 steps/s, 3 min 0 s left, loss 0.0213"
        );
        let idle = line("CD-1", 0, 0, Duration::from_secs(20), "");
        assert_eq!(idle, "CD-1: 0/0 (0 %), 0.0 steps/s, unknown time left");
    }

    #[test]
    fn plain_lines_come_every_ten_seconds() {
        let last = Mutex::new(Duration::ZERO);
        let lines = (0..=35)
            .filter(|&s| due(&last, Duration::from_secs(s)))
            .collect::<Vec<_>>();
        assert_eq!(lines, [10, 20, 30]);
    }

    #[test]
    fn durations_read_like_speech() {
        let said = [0.44, 9.96, 59.6, 200.0, 7500.0].map(human);
        assert_eq!(
            said,
            ["0.4 s", "10 s", "1 min 0 s", "3 min 20 s", "2 h 5 min"]
        );
    }

    #[test]
    fn steps_from_several_threads_add_up() {
        let progress = Progress::new("test", 400);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..100).for_each(|_| progress.step()));
            }
        });
        assert_eq!(progress.done.load(Ordering::Relaxed), 400);
    }
}
