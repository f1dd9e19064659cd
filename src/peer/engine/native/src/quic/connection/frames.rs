//! How many frames noq has counted.

use noq_proto::FrameStats;

/// Returns the frames of all kinds.
pub fn total(stats: &FrameStats) -> u64 {
    let FrameStats {
        acks,
        path_acks,
        ack_frequency,
        crypto,
        connection_close,
        data_blocked,
        datagram,
        handshake_done,
        immediate_ack,
        max_data,
        max_stream_data,
        max_streams_bidi,
        max_streams_uni,
        new_connection_id,
        path_new_connection_id,
        new_token,
        path_challenge,
        path_response,
        ping,
        reset_stream,
        retire_connection_id,
        path_retire_connection_id,
        stream_data_blocked,
        streams_blocked_bidi,
        streams_blocked_uni,
        stop_sending,
        stream,
        path_abandon,
        path_status_available,
        path_status_backup,
        max_path_id,
        paths_blocked,
        path_cids_blocked,
        ..
    } = *stats;
    acks + path_acks
        + ack_frequency
        + crypto
        + connection_close
        + data_blocked
        + datagram
        + u64::from(handshake_done)
        + immediate_ack
        + max_data
        + max_stream_data
        + max_streams_bidi
        + max_streams_uni
        + new_connection_id
        + path_new_connection_id
        + new_token
        + path_challenge
        + path_response
        + ping
        + reset_stream
        + retire_connection_id
        + path_retire_connection_id
        + stream_data_blocked
        + streams_blocked_bidi
        + streams_blocked_uni
        + stop_sending
        + stream
        + path_abandon
        + path_status_available
        + path_status_backup
        + max_path_id
        + paths_blocked
        + path_cids_blocked
}
