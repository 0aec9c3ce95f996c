//! Attempts to reach something over a socket.

use std::io::Write;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{UnixDatagram, UnixStream};

use crate::call::{Answer, Scene, at, done, number, out, raw};

pub(crate) fn attempt(scene: &Scene) -> Option<Answer> {
    internet(scene).or_else(|| families(scene)).or_else(|| unix(scene))
}

fn internet(scene: &Scene) -> Option<Answer> {
    let port = || u16::try_from(scene.number("port")).expect("a port");
    let connect =
        |address: SocketAddr| done(TcpStream::connect(address).and_then(|mut s| s.write_all(b"attack")));
    Some(match scene.name.as_str() {
        "tcp-connect" | "raw-tcp-granted-port" | "raw-tcp-other-port" => {
            connect((Ipv4Addr::LOCALHOST, port()).into())
        }
        "tcp-connect-v6" | "raw-tcp-other-port-v6" => connect((Ipv6Addr::LOCALHOST, port()).into()),
        "tcp-connect-mapped" | "raw-tcp-other-port-mapped" => {
            connect((Ipv4Addr::LOCALHOST.to_ipv6_mapped(), port()).into())
        }
        "tcp-fast-open" | "raw-tcp-fast-open" => fast_open(port()),
        "tcp-fast-open-option" | "raw-tcp-fast-open-option" => fast_open_option(port()),
        "mptcp-connect" | "raw-tcp-mptcp" => stream(262).and_then(|fd| connect_v4(fd, port())),
        "udp-send" | "raw-tcp-udp" => done(
            UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))
                .and_then(|socket| socket.send_to(b"attack", (Ipv4Addr::LOCALHOST, port()))),
        ),
        "tcp-listen" | "raw-tcp-listen" => listener(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))),
        "tcp-listen-without-bind" | "raw-tcp-listen-without-bind" => stream(0).and_then(|fd| {
            raw(libc::SYS_listen, &[fd, 1])?;
            let mut address = [0_u8; 16];
            let mut length = 16_u32;
            raw(libc::SYS_getsockname, &[fd, out(&mut address), out(&mut length)])?;
            Ok(format!("port={}", u16::from_be_bytes([address[2], address[3]])))
        }),
        "socket-raw-icmp" => socket(libc::AF_INET, libc::SOCK_RAW, libc::IPPROTO_ICMP),
        "socket-ping" => socket(libc::AF_INET, libc::SOCK_DGRAM, libc::IPPROTO_ICMP),
        _ => return None,
    })
}

fn families(scene: &Scene) -> Option<Answer> {
    Some(match scene.name.as_str() {
        "socket-packet" => socket(libc::AF_PACKET, libc::SOCK_RAW, 0),
        "socket-vsock" => socket(libc::AF_VSOCK, libc::SOCK_STREAM, 0),
        "socket-netlink" => socket(libc::AF_NETLINK, libc::SOCK_RAW, 0),
        "socket-alg" => socket(libc::AF_ALG, libc::SOCK_SEQPACKET, 0),
        _ => return None,
    })
}

fn unix(scene: &Scene) -> Option<Answer> {
    use std::os::unix::net::SocketAddr as UnixAddr;
    Some(match scene.name.as_str() {
        "unix-stream" | "raw-tcp-unix" => {
            done(UnixStream::connect(scene.path("stream.sock")).and_then(|mut s| s.write_all(b"attack")))
        }
        "unix-datagram" => done(
            UnixDatagram::unbound().and_then(|socket| socket.send_to(b"attack", scene.path("datagram.sock"))),
        ),
        "unix-datagram-of-a-pair" => done(
            UnixDatagram::pair()
                .and_then(|(socket, _peer)| socket.send_to(b"attack", scene.path("datagram.sock"))),
        ),
        "unix-abstract" => {
            let address = UnixAddr::from_abstract_name(scene.value("abstract")).expect("a name");
            done(UnixStream::connect_addr(&address).and_then(|mut s| s.write_all(b"attack")))
        }
        "unix-bind-in-work" => std::os::unix::net::UnixListener::bind(scene.path("work/sock"))
            .map(|listener| {
                std::mem::forget(listener);
                "bound".to_owned()
            })
            .map_err(|e| e.raw_os_error().unwrap_or(0)),
        _ => return None,
    })
}

fn socket(family: i32, kind: i32, protocol: i32) -> Answer {
    number(raw(libc::SYS_socket, &[i64::from(family), i64::from(kind), i64::from(protocol)]))
}

fn stream(protocol: i64) -> Result<i64, i32> {
    raw(libc::SYS_socket, &[i64::from(libc::AF_INET), i64::from(libc::SOCK_STREAM), protocol])
}

fn loopback(port: u16) -> [u8; 16] {
    let mut address = [0; 16];
    address[..2].copy_from_slice(&(libc::AF_INET as u16).to_ne_bytes());
    address[2..4].copy_from_slice(&port.to_be_bytes());
    address[4..8].copy_from_slice(&[127, 0, 0, 1]);
    address
}

fn connect_v4(fd: i64, port: u16) -> Answer {
    let address = loopback(port);
    raw(libc::SYS_connect, &[fd, at(&address), 16])?;
    number(raw(libc::SYS_write, &[fd, at(b"attack"), 6]))
}

fn fast_open(port: u16) -> Answer {
    let address = loopback(port);
    let fd = stream(0)?;
    number(raw(libc::SYS_sendto, &[fd, at(b"attack"), 6, i64::from(libc::MSG_FASTOPEN), at(&address), 16]))
}

/// With this option connect sends nothing and the first write does.
fn fast_open_option(port: u16) -> Answer {
    let fd = stream(0)?;
    raw(libc::SYS_setsockopt, &[fd, i64::from(libc::IPPROTO_TCP), 30, at(&1_i32), 4])?;
    connect_v4(fd, port)
}

fn listener(result: std::io::Result<TcpListener>) -> Answer {
    let listener = result.map_err(|e| e.raw_os_error().unwrap_or(0))?;
    let port = listener.local_addr().expect("it is bound").port();
    std::mem::forget(listener);
    Ok(format!("port={port}"))
}
