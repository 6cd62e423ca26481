//! A small HTTP server on the loopback interface that misbehaves on demand, for the tests of
//! downloads.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// What a client asked for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Request {
    /// Path of the URL, with its leading slash.
    pub(super) path: String,
    /// First byte of `Range: bytes=N-`, where there is one.
    pub(super) from: Option<usize>,
}

/// What the server sends.
pub(super) struct Reply {
    status: u16,
    content_range: Option<String>,
    body: Vec<u8>,
    /// The connection closes after this many bytes of the body.
    sent: usize,
}

impl Reply {
    /// A status with a short text.
    pub(super) fn status(status: u16) -> Self {
        Self::whole(status, b"not the file".to_vec())
    }

    /// The whole file, whatever the request says of ranges.
    pub(super) fn file(bytes: &[u8]) -> Self {
        Self::whole(200, bytes.to_vec())
    }

    /// The part of the file that was asked for; 416 where it lies beyond the end.
    pub(super) fn range(bytes: &[u8], request: &Request) -> Self {
        match request.from {
            None => Self::file(bytes),
            Some(from) if from >= bytes.len() => Self::status(416),
            Some(from) => Self::part(bytes, from),
        }
    }

    /// The file from byte `from` on, as a partial content.
    pub(super) fn part(bytes: &[u8], from: usize) -> Self {
        let (last, length) = (bytes.len() - 1, bytes.len());
        Self {
            content_range: Some(format!("bytes {from}-{last}/{length}")),
            ..Self::whole(206, bytes[from..].to_vec())
        }
    }

    /// The same reply, broken off after `sent` bytes of its body.
    pub(super) fn broken_after(self, sent: usize) -> Self {
        Self { sent, ..self }
    }

    fn whole(status: u16, body: Vec<u8>) -> Self {
        Self {
            status,
            content_range: None,
            sent: body.len(),
            body,
        }
    }

    fn write(self, stream: &mut TcpStream) -> std::io::Result<()> {
        let mut head = format!(
            "HTTP/1.1 {} -\r\nConnection: close\r\nContent-Length: {}\r\n",
            self.status,
            self.body.len()
        );
        if let Some(range) = self.content_range {
            head += &format!("Content-Range: {range}\r\n");
        }
        stream.write_all(head.as_bytes())?;
        stream.write_all(b"\r\n")?;
        stream.write_all(&self.body[..self.sent.min(self.body.len())])
    }
}

/// A running server; it stops when dropped.
pub(super) struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts a server that answers each request, with its number counted from 0, by `answer`.
    pub(super) fn start(answer: impl Fn(usize, &Request) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let thread = std::thread::spawn({
            let (requests, stop) = (Arc::clone(&requests), Arc::clone(&stop));
            move || {
                for stream in listener.incoming() {
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                    let mut stream = stream.unwrap();
                    if let Some(request) = read_request(&stream) {
                        let number = {
                            let mut requests = requests.lock().unwrap();
                            requests.push(request.clone());
                            requests.len() - 1
                        };
                        // A client may hang up before it has read everything.
                        let _ = answer(number, &request).write(&mut stream);
                    }
                }
            }
        });
        Self {
            address,
            requests,
            stop,
            thread: Some(thread),
        }
    }

    /// The URL of the folder `name` on this server.
    pub(super) fn url(&self, name: &str) -> String {
        format!("http://{}/{name}/", self.address)
    }

    /// What was asked for so far.
    pub(super) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the thread from waiting for a connection.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Reads the head of a request; `None` where the client sent none.
fn read_request(stream: &TcpStream) -> Option<Request> {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    let mut from = None;
    for line in lines.take_while(|line| !line.is_empty()) {
        let line = line.to_ascii_lowercase();
        if let Some(range) = line.strip_prefix("range: bytes=") {
            from = range.trim_end_matches('-').parse().ok();
        }
    }
    Some(Request { path, from })
}
