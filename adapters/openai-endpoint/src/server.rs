//! The server that an invoke names, and how it is asked.

use std::time::Duration;

use contract_adapter::{Context, Failure};
use serde::de::DeserializeOwned;

use crate::EndpointAdapter;
use crate::address::Address;
use crate::exchange::{Exchange, Turn};
use crate::key::ApiKey;
use crate::patience::{Patience, Signs};
use crate::place::Place;
use crate::quoted::Private;
use crate::request::Request;

/// The default of `basePath`.
pub(crate) fn default_base_path() -> String {
    "/v1".to_owned()
}

/// The default of `idleTimeoutMs`.
pub(crate) fn default_idle_ms() -> u64 {
    120_000
}

/// One server.
#[derive(Debug)]
pub(crate) struct Server {
    address: Address,
    key: Option<ApiKey>,
    patience: Patience,
}

impl Server {
    /// # Errors
    /// `ADAPTER_BAD_INPUT`
    pub(crate) fn new(
        adapter: &EndpointAdapter,
        context: &Context<'_>,
        (endpoint, base_path, key): (&str, &str, Option<&str>),
        idle_ms: u64,
    ) -> Result<Self, Failure> {
        let patience = Patience::new(context.timeout_ms(), Duration::from_millis(idle_ms));
        let address = Address::parse(endpoint, base_path)?;
        let key = key.map(|name| ApiKey::read(name, &*adapter.variable)).transpose()?;
        Ok(Self { address, key, patience })
    }

    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    /// Since the invoke began.
    pub(crate) fn elapsed(&self) -> Duration {
        self.patience.elapsed()
    }

    /// Connects; the request goes out with the turns of the exchange.
    ///
    /// # Errors
    /// `POLICY_DENIED`, `ADAPTER_ENDPOINT_UNREACHABLE`
    pub(crate) fn open(
        &self,
        adapter: &EndpointAdapter,
        context: &mut Context<'_>,
        mut request: Request,
    ) -> Result<Exchange, Failure> {
        context.check()?;
        let place = Place::new(request.method(), self.address.authority(), &request.path);
        let call = request
            .encode(&self.address, self.key.as_ref())
            .map_err(|error| Failure::bad_input(format!("the request cannot be made: {error}")))?;
        let stream = (adapter.connect)(context, self.address.authority()).map_err(|failure| {
            // Denied, or a mistake of the arguments: the runner's word stands.
            if failure.code() != "ADAPTER_IO" {
                return failure;
            }
            let text = failure.to_string();
            place.unreachable(text.strip_prefix("ADAPTER_IO: ").unwrap_or(&text))
        })?;
        let key = self.key.as_ref().map(|key| key.secret().to_owned());
        let private = Private { texts: std::mem::take(&mut request.private), key };
        let turn = adapter.turns.begin();
        Exchange::new((stream, turn), place, call, (request.accepts, private), self.patience)
    }

    /// Asks for one document.
    ///
    /// # Errors
    /// As the exchange; `ADAPTER_CANCELLED`; `ADAPTER_ENDPOINT_PROTOCOL` when it is no `T`.
    pub(crate) fn ask<T: DeserializeOwned>(
        &self,
        adapter: &EndpointAdapter,
        context: &mut Context<'_>,
        request: Request,
    ) -> Result<(T, Place), Failure> {
        let mut asking = Asking::begin(self, adapter, context, request)?;
        loop {
            if let Some(answer) = asking.look(context)? {
                return Ok(answer);
            }
        }
    }
}

/// A request for one document that is under way.
pub(crate) struct Asking {
    exchange: Exchange,
    body: Vec<u8>,
    signs: Signs,
}

impl Asking {
    /// # Errors
    /// As [`Server::open`].
    pub(crate) fn begin(
        server: &Server,
        adapter: &EndpointAdapter,
        context: &mut Context<'_>,
        request: Request,
    ) -> Result<Self, Failure> {
        let exchange = server.open(adapter, context, request)?;
        Ok(Self { exchange, body: Vec::new(), signs: Signs::new(adapter.sign_of_life) })
    }

    /// The document, when it is there.
    ///
    /// # Errors
    /// As [`Server::ask`].
    pub(crate) fn look<T: DeserializeOwned>(
        &mut self,
        context: &mut Context<'_>,
    ) -> Result<Option<(T, Place)>, Failure> {
        context.check()?;
        match self.exchange.turn()? {
            Turn::Nothing => self.signs.send_when_due(context)?,
            Turn::Body(piece) => self.body.extend_from_slice(&piece),
            Turn::End => {
                let place = self.exchange.place().clone();
                // What serde says would quote the document.
                let read = contract_json::from_slice(&self.body)
                    .map_err(|error| place.protocol(&format!("the body {}", what_it_is_not(&error))))?;
                return Ok(Some((read, place)));
            }
        }
        Ok(None)
    }
}

/// What a text is not, without a word of it.
pub(crate) fn what_it_is_not(error: &contract_json::ReadError) -> String {
    match error {
        contract_json::ReadError::Json { at, .. } => format!("is no JSON, at {at}"),
        contract_json::ReadError::Shape { line, column, .. } => {
            format!("has not the members of the API, at {line}:{column}")
        }
    }
}
