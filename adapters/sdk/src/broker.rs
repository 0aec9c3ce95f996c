//! Connections from the runner's broker.

use std::io::IoSliceMut;
use std::mem::MaybeUninit;
use std::net::TcpStream;
use std::os::fd::{BorrowedFd, OwnedFd};

use contract_ipc::Code;
use contract_ipc::broker::{BROKER_VARIABLE, BrokerAnswer, BrokerRequest, MAX_PACKET_BYTES};
use rustix::io::{fcntl_dupfd_cloexec, retry_on_intr};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendFlags, recvmsg, send};
use serde_json::json;

use crate::failure::Failure;

/// The way to the runner's broker, when there is one.
pub(crate) enum Broker {
    /// To be looked up in the environment at the first use.
    Inherited,
    /// At hand.
    Socket(OwnedFd),
}

impl Broker {
    /// A connection to `to`.
    ///
    /// # Errors
    /// What the broker says; `POLICY_DENIED` when there is none; `ADAPTER_IO` when it does not answer.
    pub(crate) fn connect(&mut self, to: &str) -> Result<TcpStream, Failure> {
        let request =
            serde_json::to_vec(&BrokerRequest { connect: to.to_owned() }).expect("a request is one string");
        if request.len() > MAX_PACKET_BYTES {
            return Err(Failure::bad_input("the address of a connection is too long"));
        }
        let socket = self.socket(to)?;
        retry_on_intr(|| send(&*socket, &request, SendFlags::NOSIGNAL))
            .map_err(|errno| lost(errno.into()))?;
        receive(socket, to)
    }

    fn socket(&mut self, to: &str) -> Result<&OwnedFd, Failure> {
        if matches!(self, Self::Inherited) {
            *self = Self::Socket(inherited().ok_or_else(|| not_granted(to))?);
        }
        match self {
            Self::Socket(socket) => Ok(socket),
            Self::Inherited => Err(not_granted(to)),
        }
    }
}

fn not_granted(to: &str) -> Failure {
    let message = format!("no connection is granted to this run; `connect={to}` would ask for this one");
    Failure::new(Code::PolicyDenied.as_str(), message).details(json!({ "connect": to }))
}

fn lost(error: std::io::Error) -> Failure {
    Failure::new(Code::AdapterIo.as_str(), format!("the runner's broker does not answer: {error}"))
}

/// A copy of the descriptor that `CONTRACT_BROKER_FD` names, when it names an open one.
fn inherited() -> Option<OwnedFd> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the runner says in the environment which descriptor it is"
    )]
    let number: i32 = std::env::var(BROKER_VARIABLE).ok()?.parse().ok()?;
    if number < 3 {
        return None;
    }
    #[expect(unsafe_code, reason = "there is no safe way from a descriptor's number to the descriptor")]
    // SAFETY: `number` is not -1. The runner opened the descriptor for this process before it began, nothing in this
    // process closes it, and this borrow ends with the copy below. If it is not open, the copy fails with EBADF.
    let inherited = unsafe { BorrowedFd::borrow_raw(number) };
    fcntl_dupfd_cloexec(inherited, 3).ok()
}

fn receive(socket: &OwnedFd, to: &str) -> Result<TcpStream, Failure> {
    let mut packet = [0; MAX_PACKET_BYTES];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let received = retry_on_intr(|| {
        recvmsg(socket, &mut [IoSliceMut::new(&mut packet)], &mut control, RecvFlags::CMSG_CLOEXEC)
    })
    .map_err(|errno| lost(errno.into()))?;
    let answer: BrokerAnswer = contract_json::from_slice(&packet[..received.bytes])
        .map_err(|error| lost(std::io::Error::other(error.to_string())))?;
    let descriptor = control.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
        _ => None,
    });
    match (answer, descriptor) {
        (BrokerAnswer { ok: true, .. }, Some(descriptor)) => Ok(TcpStream::from(descriptor)),
        (BrokerAnswer { ok: true, .. }, None) => Err(lost(std::io::Error::other("it sent no connection"))),
        (BrokerAnswer { code, message, .. }, _) => {
            let code = code.unwrap_or_else(|| Code::PolicyDenied.as_str().to_owned());
            let message = message.unwrap_or_else(|| format!("the connection to {to} was refused"));
            Err(Failure::new(code, message).details(json!({ "connect": to })))
        }
    }
}
