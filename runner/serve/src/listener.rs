//! Where the server listens: a loopback address or a unix socket.

use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::FileTypeExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use contract_engine::{Failure, Surroundings};
use contract_ipc::Code;
use rustix::fs::Mode;
use rustix::process::umask;

use crate::args::ServeArgs;

/// An open listener. A unix socket's file goes with it.
pub(crate) enum Listener {
    Tcp(TcpListener, SocketAddr),
    Unix(UnixListener, PathBuf),
}

impl Listener {
    /// # Errors
    /// `CONTRACT_USAGE`: the address is taken or may not be used.
    pub(crate) fn bind(args: &ServeArgs, around: &Surroundings) -> Result<Self, Failure> {
        match &args.socket {
            Some(path) => unix(&around.root.join(path)),
            None => tcp(SocketAddr::new(args.bind, args.port)),
        }
    }

    /// As a client writes it.
    pub(crate) fn address(&self) -> String {
        match self {
            Self::Tcp(_, address) => format!("http://{address}"),
            Self::Unix(_, path) => format!("unix:{}", path.display()),
        }
    }
}

fn refused(what: String) -> Failure {
    Failure::new(Code::ContractUsage, what)
}

fn tcp(address: SocketAddr) -> Result<Listener, Failure> {
    let open = || {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok(Listener::Tcp(listener, address))
    };
    open().map_err(|error: std::io::Error| {
        refused(format!("{address}: {error}")).hint("Give --port another one; 0 takes one that is free.")
    })
}

fn unix(path: &Path) -> Result<Listener, Failure> {
    // A socket that nobody listens on is what a server leaves that was killed. Nothing else is removed.
    let is_socket = path.symlink_metadata().is_ok_and(|found| found.file_type().is_socket());
    if is_socket
        && UnixStream::connect(path).is_err_and(|error| error.kind() == std::io::ErrorKind::ConnectionRefused)
    {
        let _ = std::fs::remove_file(path);
    }
    let open = || {
        // From its first moment on nobody else can open it. There is no other thread yet that makes files.
        let before = umask(Mode::from_raw_mode(0o177));
        let listener = UnixListener::bind(path);
        umask(before);
        let listener = listener?;
        listener.set_nonblocking(true)?;
        Ok(Listener::Unix(listener, path.to_owned()))
    };
    open().map_err(|error: std::io::Error| {
        refused(format!("{}: {error}", path.display()))
            .hint("Name a socket that does not exist, in a folder that you may write.")
    })
}
