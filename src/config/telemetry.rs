//! `[telemetry]`: who may scrape the metrics, and where traces go.

use std::path::Path;

use indexmap::IndexMap;

use super::{
    MetricsAccess, Secret, TelemetryConfig,
    doc::{Entry, Node, known_keys},
    secrets,
};
use crate::{diagnostics::Diagnostics, telemetry::traces::Collector};

/// The keys of `[telemetry]`.
const KEYS: [&str; 6] =
    ["metrics", "metrics_token_file", "otlp_endpoint", "service", "sample_percent", "trust_traceparent"];
/// Characters of a token at least.
const SHORTEST: usize = 16;

/// Reads `[telemetry]`.
pub(super) fn read(dir: &Path, root: &Node, diags: &mut Diagnostics) -> TelemetryConfig {
    let mut config = TelemetryConfig::default();
    let Some(table) = root.get("telemetry").and_then(|node| node.table("telemetry", diags)) else {
        return config;
    };
    known_keys(table, "[telemetry]", &KEYS, diags);
    let key = |name: &str| table.get(name).map(|entry: &Entry| &entry.node);
    let choices =
        [("off", MetricsAccess::Off), ("loopback", MetricsAccess::Loopback), ("open", MetricsAccess::Open)];
    if let Some(access) = key("metrics").and_then(|node| node.choice("metrics", &choices, diags)) {
        config.metrics = access;
    }
    config.metrics_token = token(dir, table, diags);
    config.collector = collector(table, diags);
    config
}

fn token(dir: &Path, table: &IndexMap<String, Entry>, diags: &mut Diagnostics) -> Option<Secret> {
    let node = &table.get("metrics_token_file")?.node;
    let help = "write a token of at least 16 characters on the first line of that file, such as `openssl rand -hex 16` gives";
    let token = secrets::from_file(dir, node, "metrics_token_file", help, diags)?;
    if token.len() < SHORTEST {
        let message = format!(
            "`metrics_token_file`: the token in {} is shorter than {SHORTEST} characters",
            node.shown()
        );
        diags.error("BAD_VALUE", node.place(), message, help);
        return None;
    }
    Some(Secret(token))
}

fn collector(table: &IndexMap<String, Entry>, diags: &mut Diagnostics) -> Option<Collector> {
    let key = |name: &str| table.get(name).map(|entry| &entry.node);
    let service =
        key("service").and_then(|node| node.filled("service", diags)).unwrap_or("comptoir").to_owned();
    let percent = key("sample_percent").and_then(|node| node.integer("sample_percent", 0, 100, diags));
    let sample = f64::from(u8::try_from(percent.unwrap_or(100)).unwrap_or(100)) / 100.0;
    let trusts = key("trust_traceparent").and_then(|node| node.boolean("trust_traceparent", diags));
    let node = key("otlp_endpoint")?;
    let endpoint = node.filled("otlp_endpoint", diags)?;
    if !endpoint.starts_with("http://") && !endpoint.starts_with("https://") {
        let message = format!("`otlp_endpoint` {} is no http address", node.shown());
        let help =
            "write the address of a collector that takes OTLP over HTTP, such as \"http://127.0.0.1:4318\"";
        diags.error("BAD_VALUE", node.place(), message, help);
        return None;
    }
    let trust_traceparent = trusts.unwrap_or(false);
    Some(Collector { endpoint: endpoint.to_owned(), service, sample, trust_traceparent })
}
