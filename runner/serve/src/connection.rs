//! Connections: how many, how long, and to whom they are handed.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use contract_engine::Failure;
use contract_ipc::Code;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::sync::{Semaphore, watch};
use tokio_io_timeout::TimeoutStream;

use crate::api;
use crate::args::ServeArgs;
use crate::desk::Desk;
use crate::guard::Guard;
use crate::listener::{Duplex, Listener};
use crate::say;

/// A client has so long for its headers.
const HEADERS: Duration = Duration::from_secs(10);
/// A client that reads nothing for so long is gone.
const STALLED: Duration = Duration::from_secs(60);
/// Requests that are under way when the server ends have so long for their receipts.
const FAREWELL: Duration = Duration::from_secs(5);
/// After a failed accept, such as one without free descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// The HTTP side, on a thread of its own.
pub(crate) struct Server {
    stop: watch::Sender<bool>,
    thread: JoinHandle<()>,
}

impl Server {
    /// # Errors
    /// No event loop or thread.
    pub(crate) fn start(
        listener: Listener,
        desk: Arc<Desk>,
        guard: Guard,
        args: &ServeArgs,
    ) -> Result<Self, Failure> {
        let (stop, stopped) = watch::channel(false);
        let internal = |error| Failure::new(Code::ContractInternal, format!("no event loop: {error}"));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map_err(internal)?;
        let router = api::router(desk.clone(), guard, args.max_body);
        let connections = Arc::new(Semaphore::new(usize::from(args.connections)));
        let thread = std::thread::Builder::new()
            .name("http".to_owned())
            .spawn(move || {
                runtime.block_on(accept(listener, router, connections, desk, stopped));
            })
            .map_err(internal)?;
        Ok(Self { stop, thread })
    }

    /// Takes no more connections, and waits for the receipts of what is under way.
    pub(crate) fn stop(self) {
        // A thread that panicked does not listen any more.
        let _ = self.stop.send(true);
        let _ = self.thread.join();
    }
}

async fn accept(
    listener: Listener,
    router: axum::Router,
    connections: Arc<Semaphore>,
    desk: Arc<Desk>,
    mut stopped: watch::Receiver<bool>,
) {
    let most = u32::try_from(connections.available_permits()).expect("it came from a u16");
    let all = connections.clone();
    let serving = async {
        let Ok(listener) = listener.listen() else { return };
        loop {
            let Ok(seat) = connections.clone().acquire_owned().await else { return };
            match listener.accept().await {
                Ok(stream) => drop(tokio::spawn(serve(stream, router.clone(), seat, stopped.clone()))),
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    };
    let mut watched = stopped.clone();
    tokio::select! {
        () = serving => {}
        () = told(&mut watched) => {}
    }
    told(&mut stopped).await;
    // A request holds a seat until its receipt is written, a connection until its last answer is out. A receipt that waits for somebody
    // else's lock must not keep the server up for ever.
    let seats = u32::try_from(desk.all_seats()).expect("it is the sum of two u16");
    let over = async {
        let _seats = desk.seats.acquire_many(seats).await;
        let _connections = all.acquire_many(most).await;
    };
    if tokio::time::timeout(FAREWELL, over).await.is_err() {
        // Or only a client does not read its answer.
        let left = desk.all_seats() - desk.seats.available_permits();
        if left > 0 {
            say(&format!("requests without a receipt when the server ended: {left}"));
        }
    }
}

async fn serve(
    stream: Box<dyn Duplex>,
    router: axum::Router,
    seat: tokio::sync::OwnedSemaphorePermit,
    mut stopped: watch::Receiver<bool>,
) {
    let service = TowerToHyperService::new(router);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(STALLED));
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS)
        .serve_connection(TokioIo::new(Box::pin(stream)), service);
    tokio::pin!(connection);
    tokio::select! {
        // What is wrong with a connection is the client's to see.
        _ = &mut connection => {}
        () = told(&mut stopped) => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
    drop(seat);
}

/// The server is to end, or is gone.
async fn told(stopped: &mut watch::Receiver<bool>) {
    // What it gives back holds a lock, which must not be kept.
    drop(stopped.wait_for(|stop| *stop).await);
}
