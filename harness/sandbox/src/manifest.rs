//! What a tree of files holds, as digests: compared to find what changed, hashed to name the whole. No I/O.

use std::collections::BTreeMap;

use base::{Digest, Hasher};
use serde::{Deserialize, Serialize};

use crate::EntryKind;

/// Every file, link and empty folder of a tree by its relative path.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Manifest(pub BTreeMap<String, ManifestEntry>);

/// One entry of a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestEntry {
    /// What it is.
    pub kind: EntryKind,
    /// Whether its owner may execute it.
    pub executable: bool,
    /// Bytes.
    pub size: u64,
    /// Of a file its content, of a link its target, else of nothing.
    pub digest: Digest,
}

/// How one path differs between two manifests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", content = "path", rename_all = "snake_case")]
pub enum Change {
    /// Only in the later one.
    Added(String),
    /// In both, with another kind, bit or content.
    Modified(String),
    /// Only in the earlier one.
    Deleted(String),
}

impl Change {
    /// The path that changed.
    pub fn path(&self) -> &str {
        match self {
            Self::Added(path) | Self::Modified(path) | Self::Deleted(path) => path,
        }
    }
}

impl Manifest {
    /// The workspace digest: over sorted path, kind, executable bit and content.
    pub fn digest(&self) -> Digest {
        let mut hasher = Hasher::new("workspace");
        for (path, entry) in &self.0 {
            hasher.field(path.as_bytes());
            hasher
                .number(entry.kind as u64)
                .number(u64::from(entry.executable))
                .field(entry.digest.as_bytes());
        }
        hasher.finish()
    }

    /// What has changed from `self` to `later`, sorted by path.
    pub fn changes(&self, later: &Manifest) -> Vec<Change> {
        let mut changes: Vec<Change> = Vec::new();
        for (path, entry) in &later.0 {
            match self.0.get(path) {
                None => changes.push(Change::Added(path.clone())),
                Some(before) if before != entry => changes.push(Change::Modified(path.clone())),
                Some(_) => {}
            }
        }
        let deleted = self.0.keys().filter(|path| !later.0.contains_key(*path));
        changes.extend(deleted.map(|path| Change::Deleted(path.clone())));
        changes.sort_by(|a, b| a.path().cmp(b.path()));
        changes
    }
}
