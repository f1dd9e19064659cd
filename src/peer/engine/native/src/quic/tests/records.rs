//! What a connection records for tools.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf, process::Command};

use super::Pair;

/// A folder of this process that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("quicpipe-{name}-{}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

#[test]
fn both_sides_log_the_same_secrets_of_tls_for_their_owner_alone() {
    let folder = Folder::new("keys");
    let path = |name: &str| folder.0.join(name);
    drop(Pair::connected(|client, server| {
        (client.key_log, server.key_log) = (Some(path("client")), Some(path("server")));
    }));
    let lines = |name| {
        let text = fs::read_to_string(path(name)).unwrap();
        let mut lines = text.lines().map(str::to_owned).collect::<Vec<_>>();
        lines.sort();
        lines
    };
    assert_eq!(lines("client"), lines("server"));
    for label in ["CLIENT_HANDSHAKE_TRAFFIC_SECRET ", "CLIENT_TRAFFIC_SECRET_0 ", "SERVER_TRAFFIC_SECRET_0 "] {
        assert_eq!(lines("client").iter().filter(|line| line.starts_with(label)).count(), 1, "{label}");
    }
    assert_eq!(fs::metadata(path("client")).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_key_log_that_cannot_be_opened_any_more_ends_no_connection() {
    let folder = Folder::new("no-keys");
    let gone = folder.0.join("gone/keys");
    drop(Pair::connected(|client, server| {
        (client.key_log, server.key_log) = (Some(folder.0.clone()), Some(gone.clone()));
    }));
    assert!(!gone.exists());
}

#[test]
fn a_pipe_in_place_of_a_key_log_is_left_alone_as_its_reader_may_be_slow_or_missing() {
    let folder = Folder::new("pipe");
    let pipe = folder.0.join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    drop(Pair::connected(|client, _| client.key_log = Some(pipe)));
}

#[test]
fn each_side_writes_a_qlog_file_for_its_owner_alone_up_to_its_last_event() {
    let folder = Folder::new("qlog");
    let mut pair = Pair::connected(|client, server| {
        (client.qlog, server.qlog) = (Some(folder.0.clone()), Some(folder.0.clone()));
    });
    pair.client.connection.close(7u32.into(), "done", pair.now);
    pair.run();
    let files = fs::read_dir(&folder.0).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    assert_eq!(files.len(), 2);
    for file in files {
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let text = fs::read_to_string(file).unwrap();
        // JSON text sequences (RFC 7464).
        assert!(text.starts_with("\u{1e}{") && text.contains("quic:packet_received") && text.ends_with("}\n"), "{text}");
        assert!(text.contains("connection_close"), "{text}");
    }
}
