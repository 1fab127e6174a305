//! The binary as a user runs it, and the JavaScript referees. What is started here is ended here.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use super::shops::root;

/// A run of `comptoir` to its end.
pub fn comptoir(args: &[&str], dir: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_comptoir"))
        .args(args)
        .current_dir(dir)
        .stdin(Stdio::null())
        .output()
        .expect("the binary runs")
}

/// `comptoir serve`, ended when dropped.
pub struct Server {
    child: Child,
    /// `http://127.0.0.1:PORT`.
    pub base: String,
}

impl Server {
    /// Serves a shop on a free port; waits until it says where.
    pub fn start(dir: &Path) -> Self {
        Self::start_with(dir, &[], Stdio::null())
    }

    /// As [`Server::start`], with all that it logs in a file.
    pub fn start_logged(dir: &Path, level: &str, log: &Path) -> Self {
        let file = std::fs::File::create(log).expect("a file for the log");
        Self::start_with(dir, &["--log", "json", "--log-level", level], file.into())
    }

    fn start_with(dir: &Path, args: &[&str], stderr: Stdio) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_comptoir"))
            .args(["serve", "--port", "0", "--shop"])
            .arg(dir)
            .args(args)
            .current_dir(dir)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .expect("the binary starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let base = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| {
                let start = line.find("http://127.0.0.1:")?;
                Some(line[start..].split("/graphql").next()?.trim().to_owned())
            })
            .expect("it says where it serves");
        // Whoever closes the pipe breaks the server's next line.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, base }
    }

    /// Sends SIGINT, as Ctrl-C does, and gives the exit code.
    pub fn interrupt(&mut self) -> Option<i32> {
        let _ = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        let until = Instant::now() + Duration::from_secs(20);
        while Instant::now() < until {
            if let Ok(Some(status)) = self.child.try_wait() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        None
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether the referees can run: Node.js and their packages; says why not.
pub fn node(test: &str) -> bool {
    let node = Command::new("node").arg("--version").output().is_ok_and(|o| o.status.success());
    let packages = root().join("tests/js/node_modules/graphql").is_dir();
    if !node {
        eprintln!("skipped {test}: no Node.js on this machine");
    } else if !packages {
        eprintln!("skipped {test}: tests/js has no node_modules (npm ci there, or make test)");
    }
    node && packages
}

/// A run of a referee of `tests/js`.
pub fn referee(script: &str, args: &[&str]) -> Output {
    Command::new("node")
        .arg(root().join("tests/js").join(script))
        .args(args)
        .stdin(Stdio::null())
        .output()
        .expect("node runs")
}
