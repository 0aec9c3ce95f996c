//! Where the server listens: a loopback address or a unix socket.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::FileTypeExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use contract_engine::{Failure, Surroundings};
use contract_ipc::Code;
use rustix::fs::Mode;
use rustix::process::umask;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::args::ServeArgs;

/// An open listener.
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

    /// On the event loop that runs now.
    pub(crate) fn listen(self) -> io::Result<Listening> {
        match self {
            Self::Tcp(listener, _) => tokio::net::TcpListener::from_std(listener).map(Listening::Tcp),
            Self::Unix(listener, path) => {
                let _file = SocketFile(path);
                Ok(Listening::Unix { listener: tokio::net::UnixListener::from_std(listener)?, _file })
            }
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

/// A connection of either kind.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Duplex for S {}

/// A listener of the event loop.
pub(crate) enum Listening {
    Tcp(tokio::net::TcpListener),
    /// Its file goes with it.
    Unix {
        listener: tokio::net::UnixListener,
        _file: SocketFile,
    },
}

/// The file of a socket; it goes with it.
pub(crate) struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Listening {
    pub(crate) async fn accept(&self) -> io::Result<Box<dyn Duplex>> {
        match self {
            Self::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                // Tokens are small, and each is wanted at once.
                let _ = stream.set_nodelay(true);
                Ok(Box::new(stream))
            }
            Self::Unix { listener, .. } => Ok(Box::new(listener.accept().await?.0)),
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
