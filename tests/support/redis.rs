//! A private redis-server on a free port and in a folder of its own: killed, brought back, and gone with its owner.
//! Without redis-server on the machine the tests on it are skipped, saying so.

use std::{
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// Whether there is a redis-server; prints why not, so that a skipped test is seen.
pub fn available(test: &str) -> bool {
    let there = Command::new("redis-server").arg("--version").output().is_ok_and(|o| o.status.success());
    if !there {
        eprintln!("skipped {test}: no redis-server on this machine");
    }
    there
}

/// A running, or killed, redis-server.
pub struct Redis {
    folder: tempfile::TempDir,
    args: Vec<String>,
    child: Option<Child>,
    pub port: u16,
}

impl Redis {
    /// A server that asks for no login.
    pub fn start() -> Self {
        Self::start_with(|port, _| vec!["--port".into(), port.to_string()])
    }

    /// A server whose one user may touch keys with a prefix, and none that is dangerous.
    pub fn with_login(user: &str, password: &str, prefix: &str) -> Self {
        Self::start_with(|port, _| {
            let rights = format!("on >{password} ~{prefix}* +@all -@dangerous -@admin");
            let mut args: Vec<String> = vec!["--port".into(), port.to_string(), "--user".into(), user.into()];
            args.extend(rights.split(' ').map(str::to_owned));
            args.extend(["--user", "default", "off"].map(str::to_owned));
            args
        })
    }

    /// A server that speaks TLS only; its authority is [`Redis::authority`]. `None` when there is no openssl, or when
    /// this redis-server was built without TLS.
    pub fn with_tls() -> Option<Self> {
        let openssl = Command::new("openssl").arg("version").output().is_ok_and(|o| o.status.success());
        if !openssl {
            return None;
        }
        let redis = Self::make(|port, folder| {
            certificates(folder);
            ["--port", "0", "--tls-port", &port.to_string(), "--tls-auth-clients", "no"]
                .into_iter()
                .chain(["--tls-cert-file", "server.pem", "--tls-key-file", "server.key"])
                .chain(["--tls-ca-cert-file", "ca.pem"])
                .map(str::to_owned)
                .collect()
        });
        redis.ok()
    }

    fn start_with(args: impl FnOnce(u16, &Path) -> Vec<String>) -> Self {
        Self::make(args).unwrap_or_else(|ended| panic!("{ended}"))
    }

    fn make(args: impl FnOnce(u16, &Path) -> Vec<String>) -> Result<Self, String> {
        let folder = tempfile::tempdir().expect("a folder");
        // Free a moment ago: nobody else asks for it in between but by bad luck.
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = free.local_addr().expect("its number").port();
        let args = args(port, folder.path());
        drop(free);
        let mut redis = Self { folder, args, child: None, port };
        redis.run()?;
        Ok(redis)
    }

    /// The certificate that the server's own is signed by.
    pub fn authority(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("ca.pem")).expect("the authority")
    }

    /// Kills it, as a crash would: what it held is gone.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Stops it answering, without closing a connection; [`Redis::thaw`] lets it go on.
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    pub fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let pid = self.child.as_ref().expect("it runs").id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().expect("kill").success());
    }

    /// Starts it again, on its port.
    pub fn back(&mut self) {
        self.run().unwrap_or_else(|ended| panic!("{ended}"));
    }

    /// Starts it; how it ended, when it does not come up.
    fn run(&mut self) -> Result<(), String> {
        let child = Command::new("redis-server")
            .args(&self.args)
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir"])
            .arg(self.folder.path())
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("redis-server starts");
        let child = self.child.insert(child);
        let until = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            if let Ok(Some(status)) = child.try_wait() {
                return Err(format!("redis-server ended: {status}"));
            }
            assert!(Instant::now() < until, "redis-server does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Runs a command by redis-cli and gives what it prints.
    pub fn say(&self, args: &[&str]) -> String {
        let output = Command::new("redis-cli")
            .args(["-p", &self.port.to_string()])
            .args(args)
            .output()
            .expect("redis-cli");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}

/// An authority, and a certificate of it for 127.0.0.1.
fn certificates(folder: &Path) {
    let openssl = |args: &str| {
        let done =
            Command::new("openssl").args(args.split(' ')).current_dir(folder).output().expect("openssl");
        assert!(done.status.success(), "openssl {args}: {}", String::from_utf8_lossy(&done.stderr));
    };
    std::fs::write(folder.join("names"), "subjectAltName=IP:127.0.0.1,DNS:localhost\n").expect("a file");
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    openssl(&format!("req -x509 {key} -keyout ca.key -out ca.pem -subj /CN=authority -days 2"));
    openssl(&format!("req {key} -keyout server.key -out server.csr -subj /CN=redis"));
    openssl(
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out server.pem -extfile names -days 2",
    );
}
