//! One request and its answer over one connection, a read or a write at a time.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use contract_adapter::Failure;
use ureq_proto::BodyMode;
use ureq_proto::client::state::{RecvBody, RecvResponse};
use ureq_proto::client::{Call, RecvResponseResult};
use ureq_proto::http::Response;

use crate::answer::{Verdict, judge, words};
use crate::bounds::{BODY_BYTES, CHUNK_LINE_BYTES, ERROR_BODY_BYTES, HEAD_BYTES, READ_BYTES};
use crate::patience::Patience;
use crate::place::Place;
use crate::quoted::Private;
use crate::request::Accepts;
use crate::turns;

/// What one turn brought.
#[derive(Debug)]
pub(crate) enum Turn {
    /// Nothing yet.
    Nothing,
    /// The next piece of the body, which is what was asked for.
    Body(Vec<u8>),
    /// The body is whole.
    End,
}

enum State {
    Sending {
        bytes: Vec<u8>,
        sent: usize,
        call: Call<RecvResponse>,
    },
    Head(Call<RecvResponse>),
    Body(Call<RecvBody>),
    /// The body of an error is read for its words.
    Refused {
        status: u16,
        call: Call<RecvBody>,
        body: Vec<u8>,
    },
    Ended,
}

/// What one look at the connection brought.
enum Look {
    Nothing,
    Bytes,
    Closed,
}

/// A request on its way. Dropping it closes the connection, which tells the server to stop.
pub(crate) struct Exchange {
    stream: TcpStream,
    turn: turns::Turn,
    /// The deadline that the socket has for one read or write.
    look: Duration,
    place: Place,
    accepts: Accepts,
    private: Private,
    patience: Patience,
    state: State,
    /// What came and is not read yet.
    input: Vec<u8>,
    /// Bytes of heads that were read: those of 1xx answers count.
    head_bytes: usize,
    body_bytes: u64,
}

impl Exchange {
    /// Begins to send `bytes`; nothing is sent yet.
    ///
    /// # Errors
    /// When the connection takes no deadlines.
    pub(crate) fn new(
        (stream, turn): (TcpStream, turns::Turn),
        place: Place,
        (bytes, call): (Vec<u8>, Call<RecvResponse>),
        (accepts, private): (Accepts, Private),
        patience: Patience,
    ) -> Result<Self, Failure> {
        // A request is few writes; the last one is not to wait for an acknowledgement.
        stream.set_nodelay(true)?;
        let state = State::Sending { bytes, sent: 0, call };
        let look = turn.look();
        set_deadline(&stream, look)?;
        Ok(Self {
            stream,
            turn,
            look,
            place,
            accepts,
            private,
            patience,
            state,
            input: Vec::new(),
            head_bytes: 0,
            body_bytes: 0,
        })
    }

    /// Which request it is, for messages.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// Since the invoke began.
    pub(crate) fn elapsed(&self) -> Duration {
        self.patience.elapsed()
    }

    /// Whether the server has the whole request.
    pub(crate) fn is_sent(&self) -> bool {
        !matches!(self.state, State::Sending { .. })
    }

    /// Words of the server that may stand in an error. `output` is what it has made so far.
    pub(crate) fn quote(&self, words: &str, output: &str) -> String {
        self.private.without(words, output)
    }

    /// One read or write, which waits at most [`turns::Turn::look`].
    ///
    /// # Errors
    /// An `ADAPTER_ENDPOINT_...` failure; the exchange is over then.
    pub(crate) fn turn(&mut self) -> Result<Turn, Failure> {
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Sending { bytes, sent, call } => self.send(bytes, sent, call),
            State::Head(call) => self.head(call),
            State::Body(call) => self.body(call),
            State::Refused { status, call, body } => self.refused(status, call, body),
            State::Ended => Ok(Turn::End),
        }
    }

    fn send(&mut self, bytes: Vec<u8>, sent: usize, call: Call<RecvResponse>) -> Result<Turn, Failure> {
        self.check("sending the request")?;
        let sent = match self.stream.write(&bytes[sent..]) {
            Ok(count) => {
                self.patience.moved();
                sent + count
            }
            Err(error) if is_for_later(&error) => sent,
            // A server may answer before it has read all, and close: the answer says why.
            Err(_) => bytes.len(),
        };
        self.state =
            if sent == bytes.len() { State::Head(call) } else { State::Sending { bytes, sent, call } };
        Ok(Turn::Nothing)
    }

    fn head(&mut self, mut call: Call<RecvResponse>) -> Result<Turn, Failure> {
        let closed = match self.look("waiting for the answer")? {
            Look::Nothing => {
                self.state = State::Head(call);
                return Ok(Turn::Nothing);
            }
            Look::Bytes => false,
            Look::Closed => true,
        };
        loop {
            // The size is looked at first: the library would read a head of any length.
            let room = HEAD_BYTES - self.head_bytes.min(HEAD_BYTES);
            let looked_at = self.input.len().min(room);
            let (used, head) =
                call.try_response(&self.input[..looked_at], false).map_err(|error| self.no_http(&error))?;
            self.input.drain(..used);
            self.head_bytes += used;
            if let Some(head) = head {
                return self.judged(&head, call);
            }
            if used == 0 && looked_at == room {
                return Err(self
                    .place
                    .protocol(&format!("the head of the answer has more than {HEAD_BYTES} bytes")));
            }
            if used == 0 {
                break;
            }
        }
        if closed {
            let what = if self.input.is_empty() && self.head_bytes == 0 {
                "the server closed the connection without an answer"
            } else {
                "the connection ended in the head of the answer"
            };
            return Err(self.place.protocol(what).retryable());
        }
        self.state = State::Head(call);
        Ok(Turn::Nothing)
    }

    fn judged(&mut self, head: &Response<()>, call: Call<RecvResponse>) -> Result<Turn, Failure> {
        let verdict = judge(head, self.accepts);
        let body = match call.proceed() {
            Some(RecvResponseResult::RecvBody(call)) => Some(call),
            _ => None,
        };
        match (verdict, body) {
            (Verdict::Broken(what), _) => Err(self.place.protocol(&self.quote(&what, ""))),
            (Verdict::Elsewhere(status, to), _) => {
                let words = format!("it points to {}", if to.is_empty() { "nowhere" } else { &to });
                let words = self.quote(&words, "");
                Err(self.place.status(
                    status,
                    &format!("{words}. Redirects are never followed: name the address of the server itself"),
                ))
            }
            (Verdict::Refused(status), Some(call)) => {
                self.state = State::Refused { status, call, body: Vec::new() };
                Ok(Turn::Nothing)
            }
            (Verdict::Refused(status), None) => Err(self.place.status(status, &words(b""))),
            (Verdict::Good, Some(call)) => {
                self.state = State::Body(call);
                Ok(Turn::Nothing)
            }
            (Verdict::Good, None) => Ok(Turn::End),
        }
    }

    fn body(&mut self, mut call: Call<RecvBody>) -> Result<Turn, Failure> {
        let piece = self.decode(&mut call)?;
        if !piece.is_empty() {
            self.body_bytes += piece.len() as u64;
            if self.body_bytes > BODY_BYTES {
                return Err(self.place.protocol(&format!("the body has more than {BODY_BYTES} bytes")));
            }
            self.state = State::Body(call);
            return Ok(Turn::Body(piece));
        }
        if is_whole(&call) {
            return Ok(Turn::End);
        }
        match self.look("reading the answer")? {
            Look::Closed if call.body_mode() == BodyMode::CloseDelimited => return Ok(Turn::End),
            Look::Closed => {
                return Err(self
                    .place
                    .protocol("the connection ended in the middle of the answer")
                    .retryable());
            }
            Look::Nothing | Look::Bytes => {}
        }
        self.state = State::Body(call);
        Ok(Turn::Nothing)
    }

    /// Whatever ends the body of an error, the error is told.
    fn refused(&mut self, status: u16, mut call: Call<RecvBody>, mut body: Vec<u8>) -> Result<Turn, Failure> {
        let decoded = self.decode(&mut call);
        let piece = decoded.as_deref().unwrap_or_default();
        body.extend_from_slice(&piece[..piece.len().min(ERROR_BODY_BYTES - body.len())]);
        let goes_on = decoded.is_ok() && body.len() < ERROR_BODY_BYTES && !is_whole(&call);
        let goes_on = goes_on
            && (!piece.is_empty()
                || matches!(self.look("reading the error"), Ok(Look::Nothing | Look::Bytes)));
        if goes_on {
            self.state = State::Refused { status, call, body };
            return Ok(Turn::Nothing);
        }
        Err(self.place.status(status, &self.quote(&words(&body), "")))
    }

    /// Reads what can be read of the input.
    fn decode(&mut self, call: &mut Call<RecvBody>) -> Result<Vec<u8>, Failure> {
        let mut piece = vec![0; self.input.len()];
        let mut length = 0;
        loop {
            let (used, made) = call.read(&self.input, &mut piece[length..]).map_err(|error| {
                self.place.protocol(&format!("the chunks of its body are broken: {error}"))
            })?;
            self.input.drain(..used);
            length += made;
            if used == 0 {
                break;
            }
        }
        piece.truncate(length);
        if length == 0 && self.input.len() > CHUNK_LINE_BYTES && !is_whole(call) {
            return Err(self
                .place
                .protocol("the chunks of its body are broken: a line of them does not end"));
        }
        Ok(piece)
    }

    fn look(&mut self, doing: &str) -> Result<Look, Failure> {
        self.check(doing)?;
        let before = self.input.len();
        self.input.resize(before + READ_BYTES, 0);
        let read = self.stream.read(&mut self.input[before..]);
        self.input.truncate(before + read.as_ref().copied().unwrap_or(0));
        match read {
            Ok(0) => Ok(Look::Closed),
            Ok(_) => {
                self.patience.moved();
                Ok(Look::Bytes)
            }
            Err(error) if is_for_later(&error) => Ok(Look::Nothing),
            // A reset ends the connection as a close does, and what is missing is told in the same words.
            Err(_) => Ok(Look::Closed),
        }
    }

    /// Before a read or write.
    fn check(&mut self, doing: &str) -> Result<(), Failure> {
        let look = self.turn.look();
        if look != self.look {
            set_deadline(&self.stream, look)?;
            self.look = look;
        }
        self.patience.check().map_err(|passed| self.place.timeout(passed, doing))
    }

    fn no_http(&self, error: &ureq_proto::Error) -> Failure {
        // The record of an alert or a handshake message: RFC 8446, 5.1.
        if matches!(self.input.first(), Some(0x15 | 0x16)) {
            return self.place.protocol(
                "the server speaks TLS. This adapter does not: start a tunnel on this machine that does, and name its address",
            );
        }
        self.place.protocol(&format!("the answer is no HTTP/1.1: {}", self.quote(&error.to_string(), "")))
    }
}

fn set_deadline(stream: &TcpStream, look: Duration) -> Result<(), Failure> {
    stream.set_read_timeout(Some(look))?;
    stream.set_write_timeout(Some(look))?;
    Ok(())
}

fn is_whole(call: &Call<RecvBody>) -> bool {
    call.can_proceed() && call.body_mode() != BodyMode::CloseDelimited
}

fn is_for_later(error: &std::io::Error) -> bool {
    // What a deadline of the socket gives: socket(7), SO_RCVTIMEO.
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}
