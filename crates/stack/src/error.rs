//! Why a neighbour could not be started, asked or ended.

use std::io;
use std::path::{Path, PathBuf};

/// Why a neighbour could not be started, asked or ended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A program that we need is not on this machine.
    #[error("{program} is not installed: {hint}")]
    Missing {
        /// What we looked for.
        program: &'static str,
        /// What installs it.
        hint: &'static str,
    },
    /// A file or a folder could not be read or written.
    #[error("{}", path.display())]
    Files {
        /// Where.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A program could not be run at all.
    #[error("could not run {program}")]
    Run {
        /// Which program.
        program: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A program ended with an error, or ended when it should have gone on.
    #[error("{program} ended: {said}")]
    Ended {
        /// Which program.
        program: String,
        /// The end of what it printed.
        said: String,
    },
    /// A port that has to be the same in every run is somebody else's now.
    #[error("port {port}, at which {name} has to answer, is taken by another program")]
    Taken {
        /// Which port.
        port: u16,
        /// Who needs it.
        name: String,
    },
    /// Somebody who was asked over HTTP did not answer, or refused.
    #[error("{whom}: {said}")]
    Asked {
        /// Who was asked.
        whom: String,
        /// What they said, or why they did not.
        said: String,
    },
    /// A program did not get where it should within its limit.
    #[error("{program} is not ready after {seconds} s: {said}")]
    Late {
        /// Which program.
        program: String,
        /// How long we waited.
        seconds: u64,
        /// The end of what it printed.
        said: String,
    },
}

impl Error {
    /// Says that `whom` did not answer as hoped.
    pub(crate) fn asked(whom: &str, said: &impl ToString) -> Self {
        Self::Asked {
            whom: whom.to_owned(),
            said: said.to_string(),
        }
    }

    /// Wraps what the system said about `path`.
    pub(crate) fn files(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Files {
            path: path.to_owned(),
            source,
        }
    }

    /// Wraps what the system said when `program` was to be run.
    pub(crate) fn run(program: &str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Run {
            program: program.to_owned(),
            source,
        }
    }
}
