//! A client of bytes: what it sends and what it gets is exactly what is on the wire.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// An answer as it came.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    /// Whether the body came to its end.
    pub(crate) whole: bool,
}

impl Got {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// A connection that is kept.
pub(crate) struct Client {
    pub(crate) stream: BufReader<TcpStream>,
}

impl Client {
    pub(crate) fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        Self { stream: BufReader::new(stream) }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.stream.get_mut().write_all(bytes).unwrap();
    }

    pub(crate) fn ask(&mut self, method: &str, path: &str, headers: &str, body: &str) -> Got {
        self.write(request(method, path, headers, body).as_bytes());
        self.read(method == "HEAD").unwrap()
    }

    pub(crate) fn post(&mut self, path: &str, body: &str) -> Got {
        self.ask("POST", path, "", body)
    }

    fn line(&mut self) -> std::io::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    }

    /// Reads one answer; an error where not even its head comes.
    pub(crate) fn read(&mut self, no_body: bool) -> std::io::Result<Got> {
        let first = self.line()?;
        let status = first.split(' ').nth(1).unwrap().parse().unwrap();
        let mut got = Got { status, whole: true, ..Got::default() };
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(": ") else { break };
            got.headers.push((name.to_lowercase(), value.to_owned()));
        }
        let mut body = Vec::new();
        if no_body {
        } else if got.header("transfer-encoding") == Some("chunked") {
            got.whole = self.chunks(&mut body).is_ok();
        } else {
            let length = got.header("content-length").unwrap().parse().unwrap();
            body.resize(length, 0);
            self.stream.read_exact(&mut body)?;
        }
        got.body = String::from_utf8(body).unwrap();
        Ok(got)
    }

    fn chunks(&mut self, body: &mut Vec<u8>) -> std::io::Result<()> {
        loop {
            let length = usize::from_str_radix(&self.line()?, 16).map_err(std::io::Error::other)?;
            let start = body.len();
            body.resize(start + length, 0);
            if let Err(error) = self.stream.read_exact(&mut body[start..]) {
                body.truncate(start);
                return Err(error);
            }
            self.line()?;
            if length == 0 {
                return Ok(());
            }
        }
    }
}

pub(crate) fn request(method: &str, path: &str, headers: &str, body: &str) -> String {
    let length = if body.is_empty() { String::new() } else { format!("content-length: {}\r\n", body.len()) };
    format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\n{headers}{length}\r\n{body}")
}
