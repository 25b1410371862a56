//! A recording as a model: the recorded frames for the request that has the recorded key, with their gaps.

use std::sync::Arc;

use cassette::{Player, Served};

use crate::{Call, Model, ModelFault, Reply};

/// Serves a cassette.
#[derive(Debug)]
pub struct CassetteModel {
    player: Arc<Player>,
    any_lane: bool,
}

impl CassetteModel {
    /// A model that answers from a cassette that is being played.
    pub fn new(player: Arc<Player>) -> Self {
        Self { player, any_lane: false }
    }

    /// The same for a client whose lanes may have other names than the recorded ones: the whole request decides.
    pub fn any_lane(player: Arc<Player>) -> Self {
        Self { player, any_lane: true }
    }
}

impl Model for CassetteModel {
    fn blocks(&self) -> bool {
        false
    }

    fn answer<'a>(&'a self, call: &Call<'_>) -> Result<Reply<'a>, ModelFault> {
        let missed = |miss| ModelFault::Diverged { miss: Box::new(miss) };
        let Served { exchange, renames, .. } = if self.any_lane {
            self.player.serve_any(call.lane, call.attempt, call.prompt).map_err(missed)?
        } else {
            let served = self.player.serve(call.lane, call.attempt, call.prompt);
            let (exchange, key) = served.map_err(missed)?;
            Served { exchange, key, renames: None }
        };
        match (&exchange.body, exchange.status) {
            (body, status) if status != 200 => Err(ModelFault::Status {
                status,
                body: body.clone().unwrap_or_default(),
                retry_after_ms: exchange.retry_after_ms,
            }),
            (Some(body), _) => {
                let body = renames.map_or_else(|| body.clone(), |renames| renames.body(body));
                Ok(Reply::Body { body, total_us: exchange.total_us })
            }
            (None, _) => Ok(Reply::Stream(match renames {
                None => Box::new(exchange.frames.iter().cloned().map(Ok)),
                Some(renames) => {
                    let protocol = exchange.protocol.unwrap_or(self.player.cassette().header.protocol);
                    Box::new(renames.frames(protocol, &exchange.frames).into_iter().map(Ok))
                }
            })),
        }
    }
}
