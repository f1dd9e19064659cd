//! Records of a connection for tools: TLS secrets for Wireshark, events for qlog viewers.

use std::{
    fs::{File, OpenOptions},
    io::{LineWriter, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Mutex,
    time::{Instant, SystemTime},
};

use noq_proto::{ConnectionId, QlogConfig, QlogFactory, Side};

/// Appends to a file in the format of NSS (RFC 9850), which `SSLKEYLOGFILE` names by custom.
#[derive(Debug)]
pub struct KeyLog(Mutex<File>);

impl KeyLog {
    /// Opens the file. `None` if that is not possible, which ends no connection, as a full disk does not: the options were checked
    /// before. Anything but a file is left alone, as a pipe would block until somebody reads it.
    pub fn open(path: &Path) -> Option<Self> {
        if path.exists() && !path.is_file() {
            return None;
        }
        private(OpenOptions::new().append(true)).open(path).ok().map(|file| Self(Mutex::new(file)))
    }
}

/// Makes a file that is new its owner's alone: who has the secrets can read what the peers say, and packets tell whom they talk to.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options.create(true)
}

impl rustls::KeyLog for KeyLog {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let line = format!("{label} {} {}\n", hex(client_random), hex(secret));
        let mut file = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        // A full disk ends no connection.
        file.write_all(line.as_bytes()).ok();
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes a file of each connection into a folder. noq's own buffers some of it until the connection's memory is freed, which may be
/// never, and lets everybody read it.
pub struct QlogFolder(pub PathBuf);

impl QlogFactory for QlogFolder {
    fn for_connection(&self, side: Side, _: SocketAddr, initial_dcid: ConnectionId, _: Instant) -> Option<QlogConfig> {
        let unix_ms = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?.as_millis();
        let role = if side.is_client() { "client" } else { "server" };
        let path = self.0.join(format!("{unix_ms}-{initial_dcid}-{role}.qlog"));
        // As with the key log, a folder that is gone ends no connection.
        let file = private(OpenOptions::new().write(true).truncate(true)).open(path).ok()?;
        Some(QlogConfig::new(Box::new(LineWriter::new(file))))
    }
}
