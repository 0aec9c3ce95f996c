//! One text in the making. Each step is one look at the connection and all events that it brought.

use contract_adapter::{Answer, Context, Failure, Progress, Step, Task};
use serde::Serialize;

use crate::EndpointAdapter;
use crate::bounds::{EVENT_BYTES, TEXT_BYTES};
use crate::chunk::{Choice, Chunk, StopReason};
use crate::events::{Event, Events};
use crate::exchange::{Exchange, Turn};
use crate::generate::input::Generate;
use crate::generate::transcript::{FinishReason, Generated, Transcript};
use crate::patience::Signs;
use crate::schema::Schema;
use crate::server::{Server, what_it_is_not};
use crate::stop::{Passed, Stop};
use crate::usage::ms;

/// What ends an object of a stream, by the API.
const DONE: &[u8] = b"[DONE]";

pub(crate) struct GenerateTask {
    exchange: Exchange,
    events: Events,
    stop: Stop,
    schema: Option<Schema>,
    transcript: Transcript,
    /// The server said why it ended; counts may still come.
    finished: Option<FinishReason>,
    signs: Signs,
}

/// The data of one progress message.
#[derive(Serialize)]
struct Piece<'a> {
    text: &'a str,
    tokens: u32,
}

/// Whether there is more to read.
enum Next {
    More,
    End(FinishReason),
}

impl GenerateTask {
    /// # Errors
    /// Bad input, or no connection.
    pub(crate) fn begin(
        adapter: &mut EndpointAdapter,
        input: Generate,
        context: &mut Context<'_>,
    ) -> Result<Self, Failure> {
        let schema = input.json_schema.as_ref().map(Schema::compile).transpose()?;
        let names = (&*input.endpoint, &*input.base_path, input.api_key_env.as_deref());
        let server = Server::new(adapter, context, names, input.idle_timeout_ms)?;
        let request = input.request(server.address())?;
        let exchange = server.open(adapter, context, request)?;
        Ok(Self {
            exchange,
            events: Events::default(),
            stop: Stop::new(input.stop),
            schema,
            transcript: Transcript::default(),
            finished: None,
            signs: Signs::new(adapter.sign_of_life),
        })
    }

    /// The answer, when there is one.
    ///
    /// # Errors
    /// What the server did wrong; `ADAPTER_CANCELLED` before it had the request.
    fn look(&mut self, context: &mut Context<'_>) -> Result<Option<Answer<Generated>>, Failure> {
        if let Err(cancelled) = context.check() {
            // Nothing of it had begun.
            if !self.exchange.is_sent() {
                return Err(cancelled);
            }
            return Ok(Some(self.end(FinishReason::Cancelled)));
        }
        let next = match self.exchange.turn()? {
            Turn::Nothing => {
                // That it was cancelled is seen by the next step.
                let _ = self.signs.send_when_due(context);
                Next::More
            }
            Turn::Body(bytes) => self.take(&bytes, context)?,
            Turn::End => match self.finished {
                Some(reason) => Next::End(reason),
                None => return Err(self.protocol("the stream ended without a finish_reason").retryable()),
            },
        };
        match next {
            Next::More => Ok(None),
            Next::End(FinishReason::Cancelled) => Ok(Some(self.end(FinishReason::Cancelled))),
            Next::End(reason) => {
                let rest = self.stop.rest();
                let reason = if self.tell(&rest, context)? { reason } else { FinishReason::Cancelled };
                Ok(Some(self.end(reason)))
            }
        }
    }

    fn end(&mut self, reason: FinishReason) -> Answer<Generated> {
        let total_ms = ms(self.exchange.elapsed());
        std::mem::take(&mut self.transcript).end(reason, self.schema.as_ref(), total_ms)
    }

    fn take(&mut self, bytes: &[u8], context: &mut Context<'_>) -> Result<Next, Failure> {
        if self.events.push(bytes).is_err() {
            return Err(
                self.protocol(&format!("a line or an event of the stream has more than {EVENT_BYTES} bytes"))
            );
        }
        while let Some(event) = self.events.next() {
            let next = match event {
                Event::Data(data) if data.trim_ascii() == DONE => match self.finished {
                    Some(reason) => Next::End(reason),
                    None => return Err(self.protocol("the stream is done without a finish_reason")),
                },
                Event::Data(data) => self.chunk(&data, context)?,
                Event::Error(data) => {
                    let words = crate::answer::words(&data);
                    return Err(self.broken_off(&words));
                }
            };
            if let Next::End(_) = next {
                return Ok(next);
            }
        }
        Ok(Next::More)
    }

    fn chunk(&mut self, data: &[u8], context: &mut Context<'_>) -> Result<Next, Failure> {
        let mut chunk: Chunk = contract_json::from_slice(data)
            .map_err(|error| self.protocol(&format!("an event {}", what_it_is_not(&error))))?;
        if let Some(error) = chunk.error.take() {
            let words = error.words().unwrap_or_else(|| "it does not say why".to_owned());
            return Err(self.broken_off(&words));
        }
        self.transcript.note(&mut chunk);
        for choice in chunk.choices.unwrap_or_default() {
            if let Next::End(reason) = self.choice(choice, context)? {
                return Ok(Next::End(reason));
            }
        }
        Ok(Next::More)
    }

    fn choice(&mut self, choice: Choice, context: &mut Context<'_>) -> Result<Next, Failure> {
        if choice.index != 0 {
            return Err(self.protocol("it gives several texts, and one was asked for"));
        }
        let (mut piece, mut is_thought) = (choice.text, false);
        if let Some(delta) = choice.delta {
            if delta.calls_a_tool() {
                return Err(self.no_tools());
            }
            is_thought = delta.is_thought();
            piece = delta.content.or(piece);
        }
        let piece = piece.unwrap_or_default();
        if self.finished.is_some() && (is_thought || !piece.is_empty()) {
            return Err(self.protocol("text came after its end"));
        }
        if is_thought || !piece.is_empty() {
            self.transcript.pieces = self.transcript.pieces.saturating_add(1);
            let elapsed = ms(self.exchange.elapsed());
            self.transcript.first_ms.get_or_insert(elapsed);
        }
        let (text, stopped) = match self.stop.pass(&piece) {
            Passed::Text(text) => (text, false),
            Passed::Stopped(text) => (text, true),
        };
        // A thought is told without its words, as a sign of life.
        if is_thought && text.is_empty() && !self.send("", context) || !self.tell(&text, context)? {
            return Ok(Next::End(FinishReason::Cancelled));
        }
        if stopped {
            return Ok(Next::End(FinishReason::StopString));
        }
        if let Some(reason) = choice.finish_reason {
            self.finished = Some(self.reason(&reason, choice.stop_reason.as_ref())?);
        }
        Ok(Next::More)
    }

    /// Adds to the text and sends it on. False when the runner has cancelled.
    fn tell(&mut self, text: &str, context: &mut Context<'_>) -> Result<bool, Failure> {
        if text.is_empty() {
            return Ok(true);
        }
        if self.transcript.text.len() + text.len() > TEXT_BYTES {
            return Err(self.protocol(&format!("the text has more than {TEXT_BYTES} bytes")));
        }
        self.transcript.text.push_str(text);
        Ok(self.send(text, context))
    }

    fn send(&mut self, text: &str, context: &mut Context<'_>) -> bool {
        self.signs.told();
        let piece = Piece { text, tokens: self.transcript.pieces };
        context.progress(Progress::new().data(piece)).is_ok()
    }

    fn reason(&self, reason: &str, stopped_by: Option<&StopReason>) -> Result<FinishReason, Failure> {
        match reason {
            "stop" if matches!(stopped_by, Some(StopReason::String(_))) => Ok(FinishReason::StopString),
            "stop" => Ok(FinishReason::Stop),
            "length" => Ok(FinishReason::Length),
            "tool_calls" | "function_call" => Err(self.no_tools()),
            "content_filter" => Err(self.exchange.place().filtered()),
            other => {
                let other = self.exchange.quote(other, &self.transcript.text);
                Err(self.protocol(&format!("the finish_reason is `{other}`")))
            }
        }
    }

    fn no_tools(&self) -> Failure {
        self.protocol("it calls a tool, and none was offered")
    }

    fn broken_off(&self, words: &str) -> Failure {
        self.exchange.place().broken_off(&self.exchange.quote(words, &self.transcript.text))
    }

    fn protocol(&self, what: &str) -> Failure {
        self.exchange.place().protocol(what)
    }
}

impl Task<EndpointAdapter> for GenerateTask {
    type Output = Answer<Generated>;

    fn step(
        &mut self,
        _: &mut EndpointAdapter,
        context: &mut Context<'_>,
    ) -> Result<Step<Self::Output>, Failure> {
        Ok(self.look(context)?.map_or(Step::More, Step::Done))
    }
}
