//! Where the killed downloads come from: a server in this process, so slow that kills land in the middle.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use overdamped_substrate::stream;
use rand::Rng as _;

use crate::data::Sha256Sum;
use crate::fetch::gzip;
use crate::fetch::server::{Reply, Request, Server};

/// Names and lengths of the files.
const FILES: [(&str, usize); 4] = [
    ("images", 300_000),
    ("labels", 20_000),
    ("more-images", 200_000),
    ("more-labels", 20_000),
];
/// The one that the first mirror holds with another content.
const FALSE: &str = "more-images";
/// Bytes sent at once: a megabyte takes a second.
const LOT: usize = 10_000;
/// Pause after them.
const PAUSE: Duration = Duration::from_millis(10);

/// Two mirrors of the same files, the first of which must not be trusted.
pub struct Mirror {
    server: Server,
    table: PathBuf,
}

impl Mirror {
    /// Starts the server, and writes the table of what its files should be into `folder`.
    ///
    /// # Errors
    /// A server that does not start, or a table that cannot be written.
    pub fn start(folder: &Path) -> anyhow::Result<Self> {
        let mut table = String::new();
        let mut archives = Vec::new();
        for (index, (name, bytes)) in FILES.into_iter().enumerate() {
            let mut content = vec![0; bytes];
            // Noise does not compress, so that the archive is as long.
            stream::of(1, index as u64).fill_bytes(&mut content);
            let digest = Sha256Sum::of(&content);
            writeln!(table, "{digest} {bytes} {name}")?;
            archives.push((format!("/whole/{name}.gz"), gzip(&content)?));
            if name == FALSE {
                content[bytes / 2] ^= 1;
            }
            archives.push((format!("/false/{name}.gz"), gzip(&content)?));
        }
        let path = folder.join("table");
        std::fs::write(&path, table)?;
        let answer = move |_, request: &Request| {
            let found = archives.iter().find(|(path, _)| *path == request.path);
            found.map_or_else(
                || Reply::status(404),
                |(_, archive)| Reply::range(archive, request).paced(LOT, PAUSE),
            )
        };
        Ok(Self {
            server: Server::new(answer)?,
            table: path,
        })
    }

    /// The table of the genuine files.
    pub fn table(&self) -> &Path {
        &self.table
    }

    /// The mirrors in the order in which they are asked.
    pub fn urls(&self) -> [String; 2] {
        ["false", "whole"].map(|name| self.server.url(name))
    }
}
