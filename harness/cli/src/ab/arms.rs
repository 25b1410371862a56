//! The two arms of a question: what BASE and HEAD name, as variants.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use agent::external::ExternalSpec;
use base::TrialId;
use runner::{ModelSpec, Prompts};
use suite::{Suite, Variant};
use wire::Cause;

use crate::args::AbArgs;
use crate::exit::Failure;
use crate::settings::{self, Settings};

/// The set of recordings that is meant where none is named.
const DEFAULT_SET: &str = "main";

/// A question with all that it names.
pub(super) struct Question<'a> {
    pub(super) settings: &'a Settings,
    /// Where runs land, and the history lies.
    pub(super) out: PathBuf,
    pub(super) base: Side,
    pub(super) head: Side,
    /// Only the tasks that were asked for.
    pub(super) suites: Vec<Suite>,
    /// The set of recordings that is made again.
    pub(super) set: String,
    /// Whether both arms are the same: then the question is about noise.
    pub(super) same: bool,
}

/// One arm.
pub(super) struct Side {
    /// Its name: that of its variant in runs.
    pub(super) name: String,
    pub(super) variant: Variant,
    pub(super) prompts: Prompts,
    pub(super) model: ModelSpec,
}

impl<'a> Question<'a> {
    pub(super) fn read(args: &AbArgs, settings: &'a Settings) -> Result<Self, Failure> {
        let base = Side::read(&args.base, args, settings)?;
        let mut head = Side::read(&args.head, args, settings)?;
        let plain = |side: &Side| Variant { name: String::new(), base: None, ..laid(&side.variant) };
        let same = plain(&base) == plain(&head) && base.prompts == head.prompts;
        if base.name == head.name {
            head.name = format!("{}.{}", head.name, if same { "again" } else { "head" });
            head.variant.name.clone_from(&head.name);
        }
        let mut suites = settings.suites(&args.suites)?;
        runner::keep_tasks(&mut suites, &args.task)?;
        let set = args.cassettes.clone().unwrap_or_else(|| set_of(&args.base, args, settings));
        let out = args.out.as_ref().map(|out| settings.directory.join(out));
        let out = out.unwrap_or_else(|| settings.config.out.clone());
        Ok(Self { settings, out, base, head, suites, set, same })
    }

    /// Whether both arms ask live models.
    pub(super) fn is_live(&self) -> bool {
        [&self.base, &self.head].iter().all(|side| matches!(side.model, ModelSpec::Live { .. }))
    }

    /// Whether both arms are of the native agent.
    pub(super) fn is_native(&self) -> bool {
        [&self.base, &self.head].iter().all(|side| side.variant.agent == "native")
    }

    /// What HEAD changes that can't be written into recorded requests, and why.
    pub(super) fn not_rewritable(&self) -> Option<String> {
        if self.is_native() { None } else { runner::not_rewritable(self.base.arm(), self.head.arm()) }
    }

    /// What the arms' requests may differ in, by what the arms are made of.
    pub(super) fn declared(&self) -> BTreeSet<Cause> {
        let (a, b) = (&self.base, &self.head);
        let mut declared = BTreeSet::new();
        let mut differ = |cause: Cause, differ: bool| {
            if differ {
                declared.insert(cause);
            }
        };
        let docs = |side: &Side| side.docs().map(<[u8]>::to_vec);
        differ(Cause::InstructionsChanged, docs(a) != docs(b) || a.prompts.append != b.prompts.append);
        differ(Cause::ToolsChanged, a.variant.tools != b.variant.tools);
        differ(Cause::ModelChanged, a.asked("") != b.asked(""));
        differ(Cause::ParametersChanged, a.variant.parameters != b.variant.parameters);
        declared
    }
}

impl Side {
    fn read(word: &str, args: &AbArgs, settings: &Settings) -> Result<Self, Failure> {
        let mut variant = named(word, args, settings)?;
        if let Some(model) = &args.model {
            variant.model.clone_from(model);
        }
        let prompts = Prompts::read(&variant, &settings::run_git)?;
        let model = ModelSpec::of(&variant, &settings.config.backends)?;
        if model == ModelSpec::None {
            return Err(Failure::usage(format!("{word}: {} asks no model", variant.agent)));
        }
        Ok(Self { name: variant.name.clone(), variant, prompts, model })
    }

    fn arm(&self) -> runner::Arm<'_> {
        (&self.variant, &self.prompts, self.asked(""))
    }

    /// The model that requests ask for, where the recording asked for `recorded`.
    pub(super) fn asked<'m>(&'m self, recorded: &'m str) -> &'m str {
        match &self.model {
            ModelSpec::Live { model, .. } => model,
            _ => recorded,
        }
    }

    /// The project's instructions that it lays over a workspace.
    pub(super) fn docs(&self) -> Option<&[u8]> {
        let external = self.variant.agent.parse::<ExternalSpec>().ok();
        let names = external.map_or(&agent::PROJECT_DOCS[..], |spec| spec.agent.docs());
        names.iter().find_map(|name| self.prompts.files.get(*name).map(Vec::as_slice))
    }
}

/// A variant without the places that its files come from: their contents are compared.
fn laid(variant: &Variant) -> Variant {
    let mut variant = variant.clone();
    variant.files.clear();
    variant.append = None;
    variant
}

/// A variant by name; else a file or a revision, laid over one.
fn named(word: &str, args: &AbArgs, settings: &Settings) -> Result<Variant, Failure> {
    if let Some(variant) = settings.config.variants.get(word) {
        return Ok(variant.clone());
    }
    let over = args.variant.clone().unwrap_or_else(|| settings.default_variant());
    let found = settings.variants(std::slice::from_ref(&over))?.into_iter().next();
    let mut variant = found.ok_or_else(|| Failure::usage(&over))?;
    let usual = if variant.agent.starts_with("claude-code") { "CLAUDE.md" } else { "AGENTS.md" };
    let place = args.place.clone().unwrap_or_else(|| usual.to_owned());
    let file = settings.directory.join(word);
    if file.is_file() {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        variant.name = safe(&name);
        variant.files.insert(place, file);
        // What is typed is the file as it lies there.
        if let Some(base) =
            variant.base.take().filter(|_| variant.files.len() > 1 || variant.append.is_some())
        {
            let why = format!("variant {over:?} takes its files from {base}: lay the file over another one");
            return Err(Failure::usage(why));
        }
        return Ok(variant);
    }
    let revision = word.strip_prefix("git:").unwrap_or(word);
    if !is_revision(&settings.config.root, revision) {
        let known: Vec<&str> = settings.config.variants.keys().map(String::as_str).collect();
        return Err(Failure::usage(format!(
            "{word:?} is neither a variant ({}), nor a file, nor a git revision",
            known.join(", ")
        )));
    }
    variant.name = safe(revision);
    variant.base = Some(format!("git:{revision}"));
    if variant.files.is_empty() && variant.append.is_none() {
        let file: PathBuf = settings.config.root.join(&place);
        variant.files.insert(place, file);
    }
    Ok(variant)
}

fn is_revision(root: &Path, revision: &str) -> bool {
    let commit = format!("{revision}^{{commit}}");
    !revision.is_empty()
        && !revision.starts_with('-')
        && settings::run_git(root, &["rev-parse", "--verify", "--quiet", &commit]).is_ok()
}

/// A word as the name of a variant.
fn safe(word: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '_' };
    let name: String = word.chars().map(plain).take(80).collect();
    let name = name.trim_start_matches('.').to_owned();
    if TrialId::valid_name(&name) { name } else { "arm".to_owned() }
}

/// The set that BASE plays where it plays one.
fn set_of(word: &str, args: &AbArgs, settings: &Settings) -> String {
    let variant = named(word, args, settings).ok();
    let set = variant.and_then(|variant| Some(variant.model.strip_prefix("cassette:")?.to_owned()));
    set.unwrap_or_else(|| DEFAULT_SET.to_owned())
}
