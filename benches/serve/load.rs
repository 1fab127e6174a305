//! The load: a few kept-alive HTTP/1.1 connections, each sending its next request when the last was
//! answered. Blocking, and as little work as can be, for the servers share the machine with it.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

/// What is asked of a server.
#[derive(Clone)]
pub struct Target {
    pub address: SocketAddr,
    /// The whole request.
    pub request: Vec<u8>,
}

impl Target {
    pub fn get(address: SocketAddr, path: &str) -> Self {
        let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\naccept: application/json\r\n\r\n");
        Self { address, request: request.into_bytes() }
    }

    pub fn post(address: SocketAddr, path: &str, body: &str) -> Self {
        Self::post_with(address, path, body, "")
    }

    /// With a token.
    pub fn post_as(address: SocketAddr, path: &str, body: &str, token: &str) -> Self {
        Self::post_with(address, path, body, &format!("authorization: Bearer {token}\r\n"))
    }

    fn post_with(address: SocketAddr, path: &str, body: &str, headers: &str) -> Self {
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: {address}\r\naccept: application/json\r\n{headers}\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        Self { address, request: request.into_bytes() }
    }

    /// Asks once.
    pub fn body(&self) -> io::Result<Vec<u8>> {
        let mut connection = Connection::open(self)?;
        connection.ask(&self.request)?;
        Ok(connection.buffer[connection.body..].to_vec())
    }

    /// Asks for some time over some connections; how long each answer took.
    pub fn load(&self, connections: usize, time: Duration) -> io::Result<Vec<Duration>> {
        let until = Instant::now() + time;
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..connections).map(|_| scope.spawn(move || self.one(until))).collect();
            let mut all = Vec::new();
            for thread in threads {
                all.extend(thread.join().map_err(|_| io::Error::other("a connection's thread broke off"))??);
            }
            Ok(all)
        })
    }

    fn one(&self, until: Instant) -> io::Result<Vec<Duration>> {
        let mut connection = Connection::open(self)?;
        let mut took = Vec::with_capacity(1 << 16);
        let mut before = Instant::now();
        while before < until {
            connection.ask(&self.request)?;
            let after = Instant::now();
            took.push(after - before);
            before = after;
        }
        Ok(took)
    }
}

struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    chunk: Vec<u8>,
    /// Where the body of the last answer starts.
    body: usize,
}

impl Connection {
    fn open(target: &Target) -> io::Result<Self> {
        let stream = TcpStream::connect(target.address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        Ok(Self { stream, buffer: Vec::with_capacity(1 << 16), chunk: vec![0; 1 << 16], body: 0 })
    }

    fn ask(&mut self, request: &[u8]) -> io::Result<()> {
        self.stream.write_all(request)?;
        self.buffer.clear();
        loop {
            let read = self.stream.read(&mut self.chunk)?;
            if read == 0 {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the server hung up"));
            }
            self.buffer.extend_from_slice(&self.chunk[..read]);
            let Some(head) = self.buffer.windows(4).position(|w| w == b"\r\n\r\n") else { continue };
            self.body = head + 4;
            let head = String::from_utf8_lossy(&self.buffer[..head]).to_ascii_lowercase();
            if !head.starts_with("http/1.1 200") {
                return Err(io::Error::other(format!("not an answer: {head}")));
            }
            let length = head
                .lines()
                .find_map(|l| l.strip_prefix("content-length:")?.trim().parse::<usize>().ok())
                .ok_or_else(|| io::Error::other("an answer without content-length"))?;
            while self.buffer.len() < self.body + length {
                let read = self.stream.read(&mut self.chunk)?;
                if read == 0 {
                    return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the server hung up"));
                }
                self.buffer.extend_from_slice(&self.chunk[..read]);
            }
            return Ok(());
        }
    }
}
