//! A Kubewarden policy: headless Services that the AWS Load Balancer Controller could never serve in instance mode.
//!
//! [`evaluate`] is the whole product: an admission request, the settings, and the cluster as the host shows it lead to an
//! [`Evaluation`]. It depends on nothing else, does no IO of its own, and cannot panic. [`validate`] is the same in the form
//! of a Kubewarden host.
//!
//! What this crate does not do: it does not watch, cache or remember anything between requests; it knows no user; it
//! does not speak to AWS; and it never decides about objects that it was not asked about.
//!
//! The map: [`request`] and [`settings`] are what comes in, [`kubernetes`] is how objects are read, [`cluster`] what is
//! looked up, [`controller`] what the AWS Load Balancer Controller would do, [`rules`] what is wrong with that, [`decide`]
//! what is made of it, [`edit`] how an object is fixed, [`report`] what people read. [`fast_path`] spares most requests all
//! of that, by looking at their bytes. The module `guest` is the policy's side of waPC, and exists in the wasm module alone.

pub mod cluster;
pub mod controller;
pub mod decide;
pub mod edit;
mod fast_path;
#[cfg(target_os = "wasi")]
mod guest;
mod index;
pub mod kubernetes;
pub mod report;
pub mod request;
pub mod rules;
pub mod settings;

use serde::Serialize;

use cluster::Cluster;
use decide::{Evaluation, Refusal};
use kubernetes::Json;
use report::Answer;
use request::Payload;
use settings::Settings;

/// The evaluation of what the host hands over: `{"request": AdmissionRequest, "settings": {…}}`.
pub fn evaluate(payload: &[u8], cluster: &dyn Cluster) -> Evaluation {
    if fast_path::is_none_of_our_business(payload) { Evaluation::accept() } else { read(payload, cluster) }
}

fn read(payload: &[u8], cluster: &dyn Cluster) -> Evaluation {
    let document = match request::document(payload) {
        Ok(document) => document,
        Err(error) => return Evaluation::refuse(Refusal::InvalidRequest(error)),
    };
    let payload = match Payload::read(Json::of(&document)) {
        Ok(payload) => payload,
        Err(error) => return Evaluation::refuse(Refusal::InvalidRequest(error)),
    };
    let settings = payload.settings();
    let request = match payload.request() {
        Ok(Some(request)) => request,
        Ok(None) => return Evaluation::accept(),
        Err(error) => return Evaluation::refuse(Refusal::InvalidRequest(error)),
    };
    match Settings::read(settings) {
        Ok(settings) => decide::decide(&request, cluster, &settings),
        Err(error) => Evaluation::refuse(Refusal::InvalidSettings(error)),
    }
}

/// The same as an answer to the host.
pub fn validate(payload: &[u8], cluster: &dyn Cluster) -> Answer {
    if fast_path::is_none_of_our_business(payload) { Answer::accept() } else { Answer::of(&read(payload, cluster)) }
}

/// Whether the settings are valid, as the host wants to hear it: `{"valid": …, "message": …}`.
pub fn validate_settings(payload: &[u8]) -> Vec<u8> {
    #[derive(Serialize)]
    struct SettingsAnswer {
        valid: bool,
        message: Option<String>,
    }
    // What is not UTF-8 is no JSON either, which the parser says.
    let message = Settings::from_json(&String::from_utf8_lossy(payload)).err().map(|error| error.to_string());
    json_scan::to_vec(&SettingsAnswer { valid: message.is_none(), message }).unwrap_or_default()
}
