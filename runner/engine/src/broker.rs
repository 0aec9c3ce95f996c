//! Connections for adapters that may not open sockets: the runner connects, and hands the descriptor over.

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::net::{TcpStream, ToSocketAddrs};
use std::os::fd::{AsFd, OwnedFd};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use contract_ipc::Code;
use contract_ipc::broker::{BrokerAnswer, BrokerRequest, MAX_PACKET_BYTES};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use tokio::io::ReadBuf;
use tokio::net::UnixDatagram;

use crate::right::Right;

/// The runner's end of the socket.
#[derive(Debug)]
pub(crate) struct Broker {
    socket: UnixDatagram,
    allowed: Vec<Right>,
}

/// How long one connection may take. The session waits meanwhile, so it is short.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

impl Broker {
    /// Serves `socket`; only what `rights` name is connected.
    pub(crate) fn new(socket: OwnedFd, rights: &[Right]) -> io::Result<Self> {
        // The type is that of a packet socket: SOCK_SEQPACKET reads and writes as SOCK_DGRAM does.
        let socket = std::os::unix::net::UnixDatagram::from(socket);
        socket.set_nonblocking(true)?;
        let allowed = rights.iter().filter(|right| matches!(right, Right::Connect(..))).cloned().collect();
        Ok(Self { socket: UnixDatagram::from_std(socket)?, allowed })
    }

    /// Answers one request; ready when the adapter's end is closed.
    pub(crate) fn poll(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut packet = [0; MAX_PACKET_BYTES];
        let mut buffer = ReadBuf::new(&mut packet);
        match ready!(self.socket.poll_recv(context, &mut buffer)) {
            Ok(()) if !buffer.filled().is_empty() => {
                self.answer(buffer.filled());
                // Deadlines have their turn before the next one.
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Ok(()) | Err(_) => Poll::Ready(()),
        }
    }

    fn answer(&self, packet: &[u8]) {
        let (answer, stream) = match self.connect(packet) {
            Ok(stream) => (BrokerAnswer { ok: true, code: None, message: None }, Some(stream)),
            Err((code, message)) => {
                (BrokerAnswer { ok: false, code: Some(code), message: Some(message) }, None)
            }
        };
        let bytes = serde_json::to_vec(&answer).expect("an answer is plain data");
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        let descriptors: Vec<_> = stream.iter().map(AsFd::as_fd).collect();
        if !descriptors.is_empty() {
            let pushed = control.push(SendAncillaryMessage::ScmRights(&descriptors));
            debug_assert!(pushed, "there is space for one descriptor");
        }
        // An adapter that does not read its answers loses them; the session goes on.
        let _ = sendmsg(
            &self.socket,
            &[IoSlice::new(&bytes)],
            &mut control,
            SendFlags::NOSIGNAL | SendFlags::DONTWAIT,
        );
    }

    fn connect(&self, packet: &[u8]) -> Result<TcpStream, (String, String)> {
        let bad = |message: String| (Code::AdapterBadInput.as_str().to_owned(), message);
        let request: BrokerRequest =
            contract_json::from_slice(packet).map_err(|error| bad(error.to_string()))?;
        let wanted = Right::parse(&format!("connect={}", request.connect), std::path::Path::new("/"))
            .map_err(|error| bad(error.why))?;
        if !self.allowed.contains(&wanted) {
            return Err((
                Code::PolicyDenied.as_str().to_owned(),
                format!("{wanted} is not granted; --allow {wanted} would permit it"),
            ));
        }
        let Right::Connect(host, port) = &wanted else { return Err(bad("no host and port".to_owned())) };
        let failed =
            |error: io::Error| (Code::AdapterIo.as_str().to_owned(), format!("{}: {error}", request.connect));
        let mut last = io::Error::new(io::ErrorKind::NotFound, "no address");
        for address in (host.as_str(), *port).to_socket_addrs().map_err(failed)? {
            match TcpStream::connect_timeout(&address, CONNECT_TIMEOUT) {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(failed(last))
    }
}
