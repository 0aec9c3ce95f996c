//! Operations that show what the process has around it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use contract_adapter::{Context, Failure};
use serde::{Deserialize, Serialize};
use serde_json::Map;

use crate::Echo;

#[derive(Deserialize, Serialize)]
pub(crate) struct Text {
    text: String,
}

/// A text on what was stdout: it must not reach the runner as a message.
pub(crate) fn print(_: &mut Echo, print: Text, _: &mut Context<'_>) -> Result<Text, Failure> {
    #[expect(clippy::print_stdout, reason = "the very thing that an adapter should not do, and may")]
    {
        println!("{}", print.text);
    }
    std::io::stdout().flush()?;
    Ok(print)
}

#[derive(Serialize)]
pub(crate) struct Surroundings {
    /// Names only: values may be secrets.
    variables: Vec<String>,
    cwd: String,
}

/// Names of the environment's variables, and the working directory.
pub(crate) fn env(
    _: &mut Echo,
    _: Map<String, serde_json::Value>,
    _: &mut Context<'_>,
) -> Result<Surroundings, Failure> {
    let mut variables: Vec<_> =
        std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned()).collect();
    variables.sort_unstable();
    Ok(Surroundings { variables, cwd: std::env::current_dir()?.to_string_lossy().into_owned() })
}

#[derive(Deserialize)]
pub(crate) struct ReadFile {
    path: String,
}

/// The text of a file.
pub(crate) fn read(_: &mut Echo, read: ReadFile, _: &mut Context<'_>) -> Result<Text, Failure> {
    Ok(Text { text: String::from_utf8_lossy(&std::fs::read(read.path)?).into_owned() })
}

#[derive(Deserialize)]
pub(crate) struct Connect {
    to: String,
    #[serde(default)]
    line: String,
}

/// The longest answer that is read from a connection.
const MAX_ANSWER_BYTES: u64 = 1 << 20;

/// Writes a line to a connection that the runner made, and returns what comes back until its end.
pub(crate) fn connect(_: &mut Echo, connect: Connect, context: &mut Context<'_>) -> Result<Text, Failure> {
    hear(&ask(&connect, context)?)
}

/// Opens a connection and writes the line to it.
pub(crate) fn ask(connect: &Connect, context: &mut Context<'_>) -> Result<TcpStream, Failure> {
    let mut stream = context.connect(&connect.to)?;
    stream.write_all(format!("{}\n", connect.line).as_bytes())?;
    stream.shutdown(std::net::Shutdown::Write)?;
    Ok(stream)
}

/// Reads what comes back until its end.
pub(crate) fn hear(stream: &TcpStream) -> Result<Text, Failure> {
    let mut answer = Vec::new();
    stream.take(MAX_ANSWER_BYTES).read_to_end(&mut answer)?;
    Ok(Text { text: String::from_utf8_lossy(&answer).into_owned() })
}
