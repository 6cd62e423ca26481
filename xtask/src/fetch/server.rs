//! A small HTTP server on the loopback interface that misbehaves on demand, for trials and tests of
//! downloads.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// What a client asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Request {
    /// Path of the URL, with its leading slash.
    pub(crate) path: String,
    /// First byte of `Range: bytes=N-`, where there is one.
    pub(crate) from: Option<usize>,
}

/// What the server sends.
pub(crate) struct Reply {
    status: u16,
    content_range: Option<String>,
    body: Vec<u8>,
    /// The connection closes after this many bytes of the body.
    sent: usize,
    /// Bytes that are sent at once, and the pause after them.
    pace: (usize, Duration),
}

impl Reply {
    /// A status with a short text.
    pub(crate) fn status(status: u16) -> Self {
        Self::whole(status, b"not the file".to_vec())
    }

    /// The whole file, whatever the request says of ranges.
    pub(crate) fn file(bytes: &[u8]) -> Self {
        Self::whole(200, bytes.to_vec())
    }

    /// The part of the file that was asked for; 416 where it lies beyond the end.
    pub(crate) fn range(bytes: &[u8], request: &Request) -> Self {
        match request.from {
            None => Self::file(bytes),
            Some(from) if from >= bytes.len() => Self::status(416),
            Some(from) => Self::part(bytes, from),
        }
    }

    /// The file from byte `from` on, as a partial content.
    pub(crate) fn part(bytes: &[u8], from: usize) -> Self {
        let (last, length) = (bytes.len() - 1, bytes.len());
        Self {
            content_range: Some(format!("bytes {from}-{last}/{length}")),
            ..Self::whole(206, bytes[from..].to_vec())
        }
    }

    /// The same reply, broken off after `sent` bytes of its body.
    #[cfg(test)]
    pub(crate) fn broken_after(self, sent: usize) -> Self {
        Self { sent, ..self }
    }

    fn whole(status: u16, body: Vec<u8>) -> Self {
        Self {
            status,
            content_range: None,
            sent: body.len(),
            pace: (usize::MAX, Duration::ZERO),
            body,
        }
    }

    /// The same reply, so many bytes at a time with a pause after each lot.
    pub(crate) fn paced(self, bytes: usize, pause: Duration) -> Self {
        Self {
            pace: (bytes.max(1), pause),
            ..self
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
        let (lot, pause) = self.pace;
        for bytes in self.body[..self.sent.min(self.body.len())].chunks(lot) {
            stream.write_all(bytes)?;
            std::thread::sleep(pause);
        }
        Ok(())
    }
}

/// A running server; it stops when dropped.
pub(crate) struct Server {
    address: SocketAddr,
    #[cfg(test)]
    requests: Arc<Mutex<Vec<Request>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// [`Server::new`], for tests.
    #[cfg(test)]
    pub(crate) fn start(answer: impl Fn(usize, &Request) -> Reply + Send + 'static) -> Self {
        Self::new(answer).unwrap()
    }

    /// Starts a server that answers each request, with its number counted from 0, by `answer`.
    ///
    /// # Errors
    /// If this machine has no loopback interface or no free port.
    pub(crate) fn new(
        answer: impl Fn(usize, &Request) -> Reply + Send + 'static,
    ) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let requests = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let thread = std::thread::spawn({
            let (requests, stop) = (Arc::clone(&requests), Arc::clone(&stop));
            move || {
                for stream in listener.incoming() {
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                    // A client that is gone before it is served.
                    let Ok(mut stream) = stream else { continue };
                    if let Some(request) = read_request(&stream) {
                        let number = {
                            let mut requests = held(&requests);
                            requests.push(request.clone());
                            requests.len() - 1
                        };
                        // A client may hang up before it has read everything.
                        let _ = answer(number, &request).write(&mut stream);
                    }
                }
            }
        });
        Ok(Self {
            address,
            #[cfg(test)]
            requests,
            stop,
            thread: Some(thread),
        })
    }

    /// The URL of the folder `name` on this server.
    pub(crate) fn url(&self, name: &str) -> String {
        format!("http://{}/{name}/", self.address)
    }

    /// What was asked for so far.
    #[cfg(test)]
    pub(crate) fn requests(&self) -> Vec<Request> {
        held(&self.requests).clone()
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

/// The requests, whether or not a thread has panicked with them in its hands.
fn held(requests: &Mutex<Vec<Request>>) -> MutexGuard<'_, Vec<Request>> {
    requests.lock().unwrap_or_else(PoisonError::into_inner)
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
