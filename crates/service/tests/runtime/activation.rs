//! A socket that is opened before the service starts.

use crate::support::{LIMIT, Running, example, wait_for};
use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

/// What systemd does: the socket becomes descriptor 3, and LISTEN_PID is the process that becomes the service.
const ACTIVATE: &str = r#"exec 3<&0 </dev/null; LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=web exec "$0""#;

#[test]
fn a_socket_that_was_handed_over_is_served() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // Connected before anybody serves: it waits in the queue of the socket.
    let mut stream = TcpStream::connect(address).unwrap();
    let mut command = Command::new("sh");
    command.arg("-c").arg(ACTIVATE).arg(example("everything"));
    command.stdin(Stdio::from(OwnedFd::from(listener))).stdout(Stdio::null());
    let _service = Running(command.spawn().unwrap());
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "web");
    wait_for("a second answer", || TcpStream::connect(address).is_ok());
}
