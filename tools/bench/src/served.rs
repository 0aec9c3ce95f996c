//! contract-serve, and a client that has one connection to it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::Options;
use crate::session::Work;

/// A server that ends with this, in the way of its operator: its session leaves a transcript and a receipt.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // It may have gone already, and nobody can be told.
        let _ = kill_process(Pid::from_child(&self.0), Signal::TERM);
        let _ = self.0.wait();
    }
}

/// Times of a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Served {
    /// As the client sees it.
    pub(crate) whole: Duration,
    /// From the moment in which the server asked its session until it had the answer, as the server tells.
    pub(crate) session: Duration,
}

/// A server with a warm session, and the connection.
pub(crate) struct Connected {
    to: TcpStream,
    from: BufReader<TcpStream>,
    model: String,
    /// The last member: it ends when the connection is closed.
    _server: Server,
}

impl Connected {
    pub(crate) fn start(options: &Options, model: &Path) -> Result<Self> {
        let records = options.out.join("served");
        let process = Command::new(options.prefix.join("bin/contract-serve"))
            .args(["--port", "0", "--session-requests", "1000000", "--model"])
            .arg(model)
            .arg("--records")
            .arg(&records)
            .current_dir(&options.out)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("contract-serve")?;
        let mut server = Server(process);
        let mut line = String::new();
        BufReader::new(server.0.stdout.take().context("stdout")?).read_line(&mut line)?;
        let address = line.trim().strip_prefix("http://").context("contract-serve did not start")?;
        let to = TcpStream::connect(address)?;
        to.set_nodelay(true)?;
        let from = BufReader::new(to.try_clone()?);
        let mut served = Self { to, from, model: String::new(), _server: server };
        served.model =
            served.ask("GET", "/v1/models", "")?.0["data"][0]["id"].as_str().context("a model")?.to_owned();
        Ok(served)
    }

    /// Mean times of one such request, of `count`.
    pub(crate) fn request(&mut self, work: &Work, count: u32) -> Result<Served> {
        let body = self.body(work, false);
        self.ask("POST", "/v1/completions", &body)?;
        let (start, mut session) = (Instant::now(), Duration::ZERO);
        for _ in 0..count {
            let (answer, part) = self.ask("POST", "/v1/completions", &body)?;
            let tokens = answer["usage"]["completion_tokens"].as_u64();
            ensure!(tokens == Some(work.generate as u64), "{answer}");
            session += part.context("no server-timing with a session")?;
        }
        Ok(Served { whole: start.elapsed() / count, session: session / count })
    }

    /// Time between two tokens of a stream, as the client sees it.
    pub(crate) fn token(&mut self, work: &Work, count: u32) -> Result<Duration> {
        let body = self.body(work, true);
        let mut sum = Duration::ZERO;
        for _ in 0..count {
            self.send("POST", "/v1/completions", &body)?;
            self.head()?;
            let mut tokens: Vec<Instant> = Vec::with_capacity(work.generate);
            let mut line = String::new();
            loop {
                line.clear();
                self.from.read_line(&mut line)?;
                match line.trim_end() {
                    "data: [DONE]" => break,
                    text if text.starts_with("data: ") && !text.contains("\"text\":\"\"") => {
                        tokens.push(Instant::now())
                    }
                    _ => ensure!(!line.is_empty(), "the stream is cut"),
                }
            }
            // The end of the chunked body.
            while line != "0\r\n" {
                line.clear();
                self.from.read_line(&mut line)?;
            }
            self.from.read_line(&mut line)?;
            ensure!(tokens.len() + 2 > work.generate, "{} tokens of {}", tokens.len(), work.generate);
            let between = tokens[work.generate - 2].duration_since(tokens[0]);
            sum += between / u32::try_from(work.generate - 2)?;
        }
        Ok(sum / count)
    }

    fn body(&self, work: &Work, stream: bool) -> String {
        json!({"model": self.model, "prompt": work.text(), "max_tokens": work.generate, "stream": stream})
            .to_string()
    }

    /// The answer, and how long the session took for it.
    fn ask(&mut self, method: &str, path: &str, body: &str) -> Result<(Value, Option<Duration>)> {
        self.send(method, path, body)?;
        let head = self.head()?;
        let mut bytes = vec![0; head.length.context("no content-length")?];
        self.from.read_exact(&mut bytes)?;
        Ok((serde_json::from_slice(&bytes)?, head.session))
    }

    fn send(&mut self, method: &str, path: &str, body: &str) -> Result<()> {
        let host = self.to.peer_addr()?;
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
        );
        Ok(self.to.write_all((head + body).as_bytes())?)
    }

    /// Reads the head of an answer.
    fn head(&mut self) -> Result<Head> {
        let (mut line, mut head, mut first) = (String::new(), Head::default(), true);
        loop {
            line.clear();
            ensure!(self.from.read_line(&mut line)? > 0, "the server closed the connection");
            ensure!(!first || line.starts_with("HTTP/1.1 200"), "{line}");
            first = false;
            let header = line.trim_end().to_ascii_lowercase();
            if header.is_empty() {
                return Ok(head);
            }
            if let Some(text) = header.strip_prefix("content-length:") {
                head.length = Some(text.trim().parse()?);
            }
            if let Some(text) = header.strip_prefix("server-timing:") {
                let ms = text.split(',').find_map(|one| one.trim().strip_prefix("session;dur="));
                head.session = Some(Duration::from_secs_f64(ms.context("no session")?.parse::<f64>()? / 1e3));
            }
        }
    }
}

/// What the head of an answer tells.
#[derive(Default)]
struct Head {
    /// Length of what follows.
    length: Option<usize>,
    session: Option<Duration>,
}

/// The syncs of one request's records alone: a line each for two files, on the disk one after the other.
pub(crate) fn syncs_alone(options: &Options, count: u32) -> Result<Duration> {
    let create = |name: &str| std::fs::File::create(options.out.join(name));
    let mut files =
        [(create("evidence-alone")?, vec![b'x'; 1_700]), (create("receipts-alone")?, vec![b'x'; 1_100])];
    let start = Instant::now();
    for _ in 0..count {
        for (file, line) in &mut files {
            file.write_all(line)?;
            file.sync_data()?;
        }
    }
    Ok(start.elapsed() / count)
}
