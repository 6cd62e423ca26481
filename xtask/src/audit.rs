//! `cargo xtask audit`: what can be said of the code without running an experiment.
//!
//! Each part is made of plain commands, printed before they run. Some need a program or a compiler that Rust does not
//! bring along; a part whose program is missing fails, and says how to install it.

mod minimal;

use anyhow::Context as _;

use crate::check::{Step, library_manifests, run_or_exit};

/// Check crates one by one, their oldest dependencies, licences, memory and promises to users.
///
/// These are no part of the tests: some need nightly Rust, or a program of their own, and take minutes.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  cargo xtask audit alone minimal           what Rust alone can check
  cargo xtask audit                         everything
  cargo xtask audit semver --baseline v0.1  against another release")]
pub struct AuditArgs {
    /// Parts to run [default: all].
    #[arg(value_name = "PART")]
    parts: Vec<Part>,
    /// Release, tag or commit that `semver` compares with; without one, `semver` is left out.
    #[arg(long, value_name = "REV")]
    baseline: Option<String>,
}

/// One kind of check.
#[derive(clap::ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Each library builds without its neighbours, whose features it might otherwise borrow.
    Alone,
    /// The libraries build with the oldest versions that their manifests allow.
    Minimal,
    /// The one optional feature builds (`burn`; minutes).
    Features,
    /// Licences, sources, advisories and bans of deny.toml (needs cargo-deny).
    Dependencies,
    /// Public items keep their promises since the baseline (needs cargo-semver-checks).
    Semver,
    /// The engine's unsafe code in an interpreter that sees undefined behaviour (needs nightly Rust with miri).
    Miri,
    /// The engine with all its instructions under AddressSanitizer (needs nightly Rust).
    Sanitizer,
}

impl Part {
    const ALL: [Self; 7] = [
        Self::Alone,
        Self::Minimal,
        Self::Features,
        Self::Dependencies,
        Self::Semver,
        Self::Miri,
        Self::Sanitizer,
    ];

    /// Its commands.
    fn steps(self, baseline: Option<&str>) -> anyhow::Result<Vec<Step>> {
        let manifests = library_manifests()?;
        let each = |name: &str, words: &[&str]| -> Vec<Step> {
            let steps = manifests.iter().map(|manifest| {
                let name = format!("{name}: {}", manifest.display());
                let step = Step::cargo(&name, words);
                step.args(["--manifest-path".into(), manifest.clone()])
            });
            steps.collect()
        };
        Ok(match self {
            Self::Alone => each("alone", &["check", "--release", "--quiet"]),
            Self::Minimal => minimal::steps()?,
            Self::Features => {
                let words = ["check", "--release", "-p", "overdamped-digital"];
                vec![Step::cargo("features", &words).args(["--features", "burn"])]
            }
            Self::Dependencies => vec![Step::cargo("dependencies", &["deny", "check"])],
            Self::Semver => {
                let baseline = baseline
                    .context("`semver` needs a release to compare with: name it with --baseline")?;
                each("semver", &["semver-checks", "--baseline-rev", baseline])
            }
            Self::Miri => miri(),
            Self::Sanitizer => vec![sanitizer()],
        })
    }

    /// The words that show whether its program is there, and how to get it.
    fn needs(self) -> Option<(&'static [&'static str], &'static str)> {
        match self {
            Self::Alone | Self::Minimal | Self::Features => None,
            Self::Dependencies => Some((&["deny", "--version"], "cargo install cargo-deny")),
            Self::Semver => Some((
                &["semver-checks", "--version"],
                "cargo install cargo-semver-checks",
            )),
            Self::Miri => Some((
                &["+nightly", "miri", "--version"],
                "rustup toolchain install nightly --component miri,rust-src",
            )),
            Self::Sanitizer => Some((
                &["+nightly", "--version"],
                "rustup toolchain install nightly",
            )),
        }
    }
}

/// Runs the parts in the order in which they were named.
///
/// # Errors
/// A program that is missing, or a command that cannot be started. A check that fails ends the process with its code.
pub fn run(args: &AuditArgs) -> anyhow::Result<()> {
    let parts = match args.parts.as_slice() {
        [] => &Part::ALL[..],
        named => named,
    };
    for part in parts {
        if args.parts.is_empty() && *part == Part::Semver && args.baseline.is_none() {
            println!("--- semver: left out; name a release with --baseline");
            continue;
        }
        if let Some((words, install)) = part.needs() {
            let probe = Step::cargo("probe", words);
            let there = probe.command().args(words).output();
            let there = there.context("cannot run cargo")?.status.success();
            anyhow::ensure!(
                there,
                "this part needs a program that is not here: `{install}` installs it"
            );
        }
        run_or_exit(&part.steps(args.baseline.as_deref())?)?;
    }
    println!("audit passed");
    Ok(())
}

/// The kernel's short tests, with lanes of plain Rust and with the instructions that the interpreter knows.
fn miri() -> Vec<Step> {
    let words = ["+nightly", "miri", "test", "-p", "overdamped-kernel"];
    let step = |name: &str| {
        let step =
            Step::cargo(name, &words).args(["--test", "paths", "--target-dir", "target/miri"]);
        step.env("MIRIFLAGS", "-Zmiri-disable-isolation")
    };
    vec![
        step("miri, plain lanes"),
        step("miri, AVX2").env("RUSTFLAGS", "-Ctarget-feature=+avx2,+fma"),
    ]
}

/// The kernel's tests with every access to memory checked, on all instructions of this machine.
fn sanitizer() -> Step {
    let words = ["+nightly", "test", "--release", "-p", "overdamped-kernel"];
    Step::cargo("AddressSanitizer", &words)
        .args([
            "--tests",
            "--target",
            "host-tuple",
            "--target-dir",
            "target/asan",
        ])
        .env("RUSTFLAGS", "-Zsanitizer=address")
}
