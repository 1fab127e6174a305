//! What the tests stand on: databases, shop folders, the gateway under test.

pub mod accounts;
pub mod adventureworks;
// The one place that calls the gateway.
pub mod gateway;
pub mod postgres;
pub mod process;
pub mod redis;
pub mod shops;
pub mod sources;
pub mod sqlserver;
pub mod tsql;

/// Runs a future to its end on a runtime of its own.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_stack_size(8 << 20)
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(future)
}

/// `path?name=value&…`, escaped.
pub fn with_query(path: &str, pairs: &[(&str, &str)]) -> String {
    let escaped =
        |text| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
    format!("{path}?{}", pairs.join("&"))
}
