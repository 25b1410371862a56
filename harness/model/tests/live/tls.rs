//! A server with a certificate that only a private authority vouches for, made for the test.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use base::SystemClock;
use model::ModelFault;
use model::live::{LiveModel, OpenError};

use crate::backend::{CREATED, DONE, KEY, ask, backend};

/// Answers every request with the same stream; says its port first.
const SERVER: &str = r#"
import http.server, ssl, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        self.wfile.write(sys.argv[3].encode())
    def log_message(self, *_):
        pass
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()
"#;

/// Ends the server with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// An authority and a server's certificate signed by it; nothing where there is no openssl.
fn certificates(folder: &Path) -> Option<()> {
    let run = |arguments: &str| {
        let done = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output().ok()?;
        done.status.success().then_some(())
    };
    std::fs::write(folder.join("san"), "subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n").unwrap();
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    run(&format!("req -x509 {key} -keyout ca.key -out ca.pem -days 2 -subj /CN=authority"))?;
    run(&format!("req {key} -keyout server.key -out server.csr -subj /CN=server"))?;
    run(
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out server.pem -days 2 -extfile san",
    )
}

fn serve(folder: &Path) -> Option<(Running, u16)> {
    let stream = format!("data: {CREATED}\n\ndata: {DONE}\n\n");
    let mut command = Command::new("python3");
    command.args(["-c", SERVER, "server.pem", "server.key", &stream]);
    let mut child = command.current_dir(folder).stdout(Stdio::piped()).spawn().ok()?;
    let out = child.stdout.take()?;
    let server = Running(child);
    let mut line = String::new();
    BufReader::new(out).read_line(&mut line).ok()?;
    Some((server, line.trim().parse().ok()?))
}

#[test]
fn a_private_authority_is_trusted_where_ssl_cert_file_names_it_and_not_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    let started = certificates(folder.path()).and_then(|()| serve(folder.path()));
    let Some((_server, port)) = started else {
        eprintln!("SKIPPED: openssl and python3 are needed to serve TLS");
        return;
    };
    let open = |file: Option<String>| {
        let lookup = |name: &str| match name {
            "TEST_KEY" => Some(KEY.to_owned()),
            "SSL_CERT_FILE" => file.clone(),
            _ => None,
        };
        let backend = backend(&format!("https://127.0.0.1:{port}/v1"));
        LiveModel::open(backend, &lookup, Box::new(SystemClock::start()))
    };
    let named = folder.path().join("ca.pem").display().to_string();
    let (frames, fault) = ask(&open(Some(named)).unwrap());
    assert!(fault.is_none() && frames.len() == 2, "{fault:?}");
    let (_, fault) = ask(&open(None).unwrap());
    assert!(matches!(&fault, Some(ModelFault::Transport { .. })), "{fault:?}");
    assert!(!fault.unwrap().is_transient(), "a certificate that nobody vouches for stays so");
    for (file, what) in [("server.key", "no certificate"), ("nothing", "No such file")] {
        let error = open(Some(folder.path().join(file).display().to_string())).err().unwrap();
        assert!(matches!(&error, OpenError::Setting { .. }) && error.to_string().contains(what), "{error}");
    }
}
