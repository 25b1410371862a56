//! A recording as a model: the recorded frames for the request that has the recorded key, with their gaps.

use std::sync::Arc;

use cassette::Player;

use crate::{Call, Model, ModelFault, Stream};

/// Serves a cassette.
#[derive(Debug)]
pub struct CassetteModel {
    player: Arc<Player>,
}

impl CassetteModel {
    /// A model that answers from a cassette that is being played.
    pub fn new(player: Arc<Player>) -> Self {
        Self { player }
    }
}

impl Model for CassetteModel {
    fn answer<'a>(&'a self, call: &Call<'_>) -> Result<Stream<'a>, ModelFault> {
        let served = self.player.serve(call.lane, call.attempt, call.prompt);
        let (exchange, _) = served.map_err(|miss| ModelFault::Diverged { miss: Box::new(miss) })?;
        if exchange.status != 200 {
            let body = exchange.body.clone().unwrap_or_default();
            return Err(ModelFault::Status { status: exchange.status, body });
        }
        Ok(Box::new(exchange.frames.iter().cloned().map(Ok)))
    }
}
