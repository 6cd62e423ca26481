//! The command line.

use std::cell::RefCell;

use clap::{Command, CommandFactory as _, FromArgMatches as _};

use crate::Cli;

thread_local! {
    /// Built once: that takes longer than all else.
    static COMMAND: RefCell<Command> = RefCell::new({
        let mut command = Cli::command();
        command.build();
        command
    });
}

/// Arguments, one on each line, without the program's name. Nothing is run.
pub fn cli(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let words = std::iter::once("xtask").chain(text.split('\n'));
    let matches = COMMAND.with_borrow_mut(|command| command.try_get_matches_from_mut(words));
    matches.is_ok_and(|matches| Cli::from_arg_matches(&matches).is_ok())
}
