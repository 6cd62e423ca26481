//! The project's own commands: `cargo xtask --help`.
//!
//! A library and a program of three lines, so that fuzzing can reach every reader of files without starting a process.

mod activations;
mod audit;
mod bench;
mod bill;
mod check;
mod claims;
mod couple;
mod data;
mod experiments;
mod export;
mod fetch;
mod fuzz;
pub mod hostile;
mod judging;
mod kills;
mod progress;
mod report;
mod reproduce;
mod results;
mod train_unet;
mod validate;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Reproduces every figure of Overdamped, fetches its data and runs its checks.
#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    version,
    arg_required_else_help = true
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Reproduce(reproduce::ReproduceArgs),
    Claims(claims::ClaimsArgs),
    Bench(bench::BenchArgs),
    Couple(couple::CoupleArgs),
    Bill(bill::BillArgs),
    Fetch(fetch::FetchArgs),
    TrainUnet(train_unet::TrainUnetArgs),
    Validate(validate::ValidateArgs),
    Kills(kills::KillsArgs),
    Fuzz(fuzz::FuzzArgs),
    Test(check::TestArgs),
    Audit(audit::AuditArgs),
    Ci(check::CiArgs),
}

/// Runs the command that the arguments of this process name.
///
/// An error ends on the terminal with the chain of its causes on one line each, never as a backtrace.
pub fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Reproduce(args) => reproduce::run(&args),
        Command::Claims(args) => claims::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Couple(args) => couple::run(&args),
        Command::Bill(args) => bill::run(&args),
        Command::Fetch(args) => fetch::run(&args),
        Command::TrainUnet(args) => train_unet::run(&args),
        Command::Kills(args) => kills::run(&args),
        Command::Fuzz(args) => fuzz::run(&args),
        Command::Validate(args) => validate::run(&args),
        Command::Audit(args) => audit::run(&args),
        Command::Test(args) => check::test(&args),
        Command::Ci(args) => check::ci(&args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            for cause in error.chain().skip(1) {
                eprintln!("  because: {cause}");
            }
            if error.is::<experiments::Interrupted>() {
                return ExitCode::from(experiments::Interrupted::EXIT_CODE);
            }
            ExitCode::FAILURE
        }
    }
}
