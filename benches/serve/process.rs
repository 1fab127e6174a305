//! A server as a process of its own: its address, its time on the processor, its memory.

use std::{
    io::{self, BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    time::Duration,
};

/// A running server; ended when dropped.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
}

/// Memory in kilobytes.
#[derive(Clone, Copy)]
pub struct Memory {
    pub now: u64,
    pub peak: u64,
}

impl Server {
    /// Starts a server that prints a line with its URL.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn()?;
        let Some(out) = child.stdout.take() else { return Err(io::Error::other("no output")) };
        let mut lines = BufReader::new(out).lines();
        let address = loop {
            let Some(line) = lines.next() else {
                let _ = child.wait();
                return Err(io::Error::other("the server ended before it served"));
            };
            let line = line?;
            let Some((_, rest)) = line.split_once("http://") else { continue };
            let host = rest.split('/').next().unwrap_or_default().trim();
            break host.parse().map_err(|_| io::Error::other(format!("not an address: {line}")))?;
        };
        // Whatever else it prints is read and dropped, so that it never waits for us.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Self { child, address })
    }

    /// User and system time so far. Linux counts it in hundredths of a second.
    pub fn processor(&self) -> io::Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The second field is a name in parentheses and may hold blanks.
        let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
        let ticks: u64 = fields.skip(11).take(2).filter_map(|f| f.parse::<u64>().ok()).sum();
        Ok(Duration::from_millis(ticks * 10))
    }

    /// Resident memory.
    pub fn memory(&self) -> io::Result<Memory> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let kilobytes = |name: &str| {
            let line = status.lines().find_map(|l| l.strip_prefix(name));
            line.and_then(|l| l.split_whitespace().next()?.parse().ok()).unwrap_or(0)
        };
        Ok(Memory { now: kilobytes("VmRSS:"), peak: kilobytes("VmHWM:") })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
