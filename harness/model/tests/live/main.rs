//! Live backends against a server on loopback: each fault is told apart, each answer comes through as it is, and the
//! key never leaves.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

mod backend;
mod busy;
mod retries;
mod server;
mod tls;
