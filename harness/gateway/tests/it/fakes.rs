//! Models that do as a test says, and an observer that remembers.

use std::net::TcpListener;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use gateway::{Event, Gateway, Observer, Options};
use model::{Call, Model, ModelFault, O200k, Reply, Script, ScriptModel};
use wire::Frame;

#[derive(Default)]
pub(crate) struct Remembers(Mutex<Vec<Event>>);

impl Observer for Remembers {
    fn event(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }
}

impl Remembers {
    pub(crate) fn all(&self) -> Vec<Event> {
        self.0.lock().unwrap().clone()
    }

    /// Lane, step and attempt of every request that went to the model, in the order they came.
    pub(crate) fn asked(&self) -> Vec<(String, u32, u32)> {
        let asked = |event| match event {
            Event::Asked { at, .. } => Some((at.lane.to_string(), at.step, at.attempt)),
            _ => None,
        };
        self.all().into_iter().filter_map(asked).collect()
    }
}

/// Answers with what a function gives, and counts the streams that were dropped.
pub(crate) struct Does<F>(pub(crate) F, pub(crate) Arc<AtomicUsize>);

pub(crate) type Frames = Box<dyn Iterator<Item = Result<Frame, ModelFault>> + Send>;

impl<F: Fn() -> Result<Frames, ModelFault> + Send + Sync> Model for Does<F> {
    fn answer<'a>(&'a self, _call: &Call<'_>) -> Result<Reply<'a>, ModelFault> {
        let dropped = Dropped(Arc::clone(&self.1));
        let mut frames = (self.0)()?;
        Ok(Reply::Stream(Box::new(std::iter::from_fn(move || {
            let _kept = &dropped;
            frames.next()
        }))))
    }
}

struct Dropped(Arc<AtomicUsize>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

pub(crate) fn frame(gap_us: u64, event: Option<&str>, data: &str) -> Frame {
    let event = wire::sse::Event { name: event.map(str::to_owned), ..wire::sse::Event::data(data) };
    Frame::from_event(gap_us, &event).unwrap()
}

pub(crate) fn frames(frames: Vec<Result<Frame, ModelFault>>) -> Frames {
    Box::new(frames.into_iter())
}

pub(crate) fn script(text: &str) -> Arc<ScriptModel> {
    let script = Script::parse(Path::new("script.toml"), text).unwrap();
    Arc::new(ScriptModel::new(Arc::new(script), Arc::new(O200k)))
}

pub(crate) fn start(model: Arc<dyn Model>, options: Options) -> (Gateway, Arc<Remembers>) {
    let observer = Arc::new(Remembers::default());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let gateway =
        Gateway::start(listener, model, options, Arc::clone(&observer) as Arc<dyn Observer>).unwrap();
    (gateway, observer)
}

/// Waits, within a generous bound, until something holds.
pub(crate) fn until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..6000 {
        if holds() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("never: {what}");
}

/// A gate that a model waits at.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<AtomicBool>);

impl Gate {
    pub(crate) fn open(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    pub(crate) fn wait(&self) {
        until("the gate opens", || self.0.load(Ordering::SeqCst));
    }
}
