//! Server-sent events: bytes to the data of events, however the bytes are cut.
//!
//! The format is that of <https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation>.

use std::collections::VecDeque;

use crate::bounds::EVENT_BYTES;

/// One event.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// The field `data`.
    Data(Vec<u8>),
    /// The field `error`, with which llama-server told of errors until 2025.
    Error(Vec<u8>),
}

/// A line or an event is longer than the limit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

/// Reads a stream of events.
#[derive(Debug, Default)]
pub(crate) struct Events {
    line: Vec<u8>,
    data: Option<Vec<u8>>,
    error: Option<Vec<u8>>,
    after_cr: bool,
    begun: bool,
    ready: VecDeque<Event>,
}

impl Events {
    /// Takes in what came.
    ///
    /// # Errors
    /// [`TooLong`]
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<(), TooLong> {
        for &byte in bytes {
            match byte {
                b'\n' if self.after_cr => self.after_cr = false,
                b'\n' | b'\r' => {
                    self.after_cr = byte == b'\r';
                    self.end_of_line()?;
                }
                _ if self.line.len() >= EVENT_BYTES => return Err(TooLong),
                _ => {
                    self.after_cr = false;
                    self.line.push(byte);
                }
            }
        }
        Ok(())
    }

    /// The next whole event.
    pub(crate) fn next(&mut self) -> Option<Event> {
        self.ready.pop_front()
    }

    fn end_of_line(&mut self) -> Result<(), TooLong> {
        let line = std::mem::take(&mut self.line);
        let mut text = line.as_slice();
        if !std::mem::replace(&mut self.begun, true) {
            text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
        }
        if text.is_empty() {
            self.ready.extend(self.error.take().map(Event::Error));
            self.ready.extend(self.data.take().map(Event::Data));
            return Ok(());
        }
        let (name, value) = match text.iter().position(|&byte| byte == b':') {
            Some(at) => (&text[..at], &text[at + 1..]),
            None => (text, &[][..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match name {
            b"data" => add_line(&mut self.data, value),
            b"error" => add_line(&mut self.error, value),
            // A comment, or `event`, `id`, `retry`: the API does not use them.
            _ => Ok(()),
        }
    }
}

fn add_line(field: &mut Option<Vec<u8>>, value: &[u8]) -> Result<(), TooLong> {
    match field {
        None => *field = Some(value.to_vec()),
        Some(lines) if lines.len() + value.len() >= EVENT_BYTES => return Err(TooLong),
        Some(lines) => {
            lines.push(b'\n');
            lines.extend_from_slice(value);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(texts: &[&str]) -> Vec<Event> {
        texts.iter().map(|text| Event::Data(text.as_bytes().to_vec())).collect()
    }

    fn all(events: &mut Events) -> Vec<Event> {
        std::iter::from_fn(|| events.next()).collect()
    }

    #[test]
    fn events_are_the_same_however_they_are_cut() {
        let stream = "\u{feff}data: {\"a\":\"\u{fc}\"}\r\n\r\n: ping\n\nevent: x\ndata:two\rdata: lines\r\rid\n\ndata\n\nerror: no\n\ndata: [DONE]\n\ndata: cut";
        let mut expected = data(&["{\"a\":\"\u{fc}\"}", "two\nlines", ""]);
        expected.push(Event::Error(b"no".to_vec()));
        expected.extend(data(&["[DONE]"]));
        for size in 1..=stream.len() {
            let mut events = Events::default();
            for piece in stream.as_bytes().chunks(size) {
                events.push(piece).unwrap();
            }
            assert_eq!(all(&mut events), expected, "in pieces of {size}");
        }
    }

    #[test]
    fn lines_and_events_have_a_limit() {
        let mut events = Events::default();
        assert_eq!(events.push(&vec![b'a'; EVENT_BYTES]), Ok(()));
        assert_eq!(events.push(b"a"), Err(TooLong));
        let mut events = Events::default();
        let line = format!("data:{}\n", "a".repeat(EVENT_BYTES / 2));
        assert_eq!(events.push(line.as_bytes()), Ok(()));
        assert_eq!(events.push(line.as_bytes()), Err(TooLong));
    }
}
