//! Records of a connection for tools: TLS secrets for Wireshark, events for qlog viewers.

use std::{
    fs::{File, OpenOptions},
    io::Write,
    path::Path,
    sync::Mutex,
};

use super::options::Invalid;

/// Appends to a file in the format of NSS (RFC 9850), which `SSLKEYLOGFILE` names by custom.
#[derive(Debug)]
pub struct KeyLog(Mutex<File>);

impl KeyLog {
    /// Opens the file, which only its owner may read if it is new: who has the secrets can read what the peers say.
    pub fn open(path: &Path) -> Result<Self, Invalid> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options
            .open(path)
            .map(|file| Self(Mutex::new(file)))
            .map_err(|error| Invalid(format!("the key log {}: {error}", path.display())))
    }
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
