//! What the doors cost on operation (a): a verified token with its rights against none, and Redis against none. Both
//! sides of a pair are gateways over the same bases.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use super::{
    Operation, Options, Outcome,
    load::Target,
    process::Server,
    report::{Sample, print_pair},
};

/// No limit of the gateway's own may end a measurement, but all of them are counted.
pub const RATES: &str = "\n[rate]\nrequests_per_second = 1000000\nanonymous = 1000000000000\ncustomer = 1000000000000\n\
                         staff = 1000000000000\nintegration = 1000000000000\naddress = 1000000000000\n";

/// A folder beside a shop's own that has all of it, and more settings.
pub fn variant(dir: &Path, name: &str, settings: &str) -> Outcome<PathBuf> {
    let mut own = dir.as_os_str().to_owned();
    own.push(name);
    let own = PathBuf::from(own);
    if own.exists() {
        std::fs::remove_dir_all(&own)?;
    }
    std::fs::create_dir_all(&own)?;
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_name() != "comptoir.toml" {
            std::os::unix::fs::symlink(entry.path(), own.join(entry.file_name()))?;
        }
    }
    let mut text = std::fs::read_to_string(dir.join("comptoir.toml"))?;
    text.push_str(settings);
    std::fs::write(own.join("comptoir.toml"), text)?;
    Ok(own)
}

/// A redis-server of our own, ended when dropped.
struct Redis(Child, u16);

impl Redis {
    fn start() -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port();
        let child = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let redis = Self(child, port);
        let until = Instant::now() + Duration::from_secs(10);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            if Instant::now() > until {
                return None;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(redis)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub fn serve(gateway: &str, dir: &Path) -> Outcome<Server> {
    let mut command = Command::new(gateway);
    Ok(Server::start(command.args(["serve", "--log-level", "warn", "--port", "0", "--shop"]).arg(dir))?)
}

/// A token of the shop's own.
pub fn issue(gateway: &str, dir: &Path, of: &[&str]) -> Outcome<String> {
    let token = Command::new(gateway)
        .args(["token", "--subject", "bench", "--days", "1"])
        .args(of)
        .arg("--shop")
        .arg(dir)
        .output()?;
    Ok(String::from_utf8_lossy(&token.stdout).trim().to_owned())
}

/// Measures both pairs.
pub fn measure(options: &Options, gateway: &str, dir: &Path, operation: &Operation) -> Outcome<()> {
    let body = serde_json::json!({ "query": operation.query, "variables": operation.variables }).to_string();
    let plain_dir = variant(dir, "-doors", RATES)?;
    let plain = serve(gateway, &plain_dir)?;
    let without = Target::post(plain.address, "/graphql", &body);
    println!("({}) {}: what the doors cost", operation.letter, operation.title);
    let token = issue(gateway, &plain_dir, &["--kind", "integration", "--scope", "read"])?;
    if token.is_empty() {
        println!("    no token could be issued: not measured");
    } else {
        let with = Target::post_as(plain.address, "/graphql", &body, &token);
        let pairs = pairs(options, (&plain, &with), (&plain, &without))?;
        print_pair("with a token", "anonymous", &pairs, Some(1.1));
    }
    let Some(redis) = Redis::start() else {
        println!("    no redis-server: not measured");
        return Ok(());
    };
    let settings = format!("{RATES}\n[redis]\nurl = \"redis://127.0.0.1:{}\"\n", redis.1);
    let shared = serve(gateway, &variant(dir, "-redis", &settings)?)?;
    let with = Target::post(shared.address, "/graphql", &body);
    let pairs = pairs(options, (&shared, &with), (&plain, &without))?;
    print_pair("with Redis", "without", &pairs, None);
    Ok(())
}

/// Both sides of a pair, one after the other, round by round.
pub fn pairs(
    options: &Options,
    first: (&Server, &Target),
    second: (&Server, &Target),
) -> Outcome<Vec<(Sample, Sample)>> {
    for (_, target) in [first, second] {
        target.load(options.connections, Duration::from_millis(700))?;
    }
    let one = |(server, target): (&Server, &Target)| -> Outcome<Sample> {
        let before = server.processor()?;
        let started = Instant::now();
        let took = target.load(options.connections, Duration::from_secs_f64(options.seconds))?;
        Ok(Sample { took, time: started.elapsed(), processor: server.processor()?.saturating_sub(before) })
    };
    (0..options.rounds).map(|_| Ok((one(first)?, one(second)?))).collect()
}
