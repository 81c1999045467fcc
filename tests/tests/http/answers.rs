//! Services that are slow, endless or hostile.

use std::{
    io::Write,
    thread,
    time::{Duration, Instant},
};

use cofferdam_tests::{CniError, Service, needs_kernel};
use proptest::{collection::vec, prelude::*, test_runner::TestRunner};

use crate::node::{ADDRESS, Node, TOLD, get};

const QUOTA: u64 = 106;
const TRY_AGAIN: u64 = 11;

/// What a GET of a service that answers with these bytes comes to.
fn answered(bytes: impl Fn(&mut dyn Write) -> std::io::Result<()> + Send + Sync + 'static) -> CniError {
    let node = Node::new();
    let service = Service::start(node.site.node(), ADDRESS, move |_, out| bytes(out));
    let origin = format!("http://{}", service.address());
    node.grant(&format!("origins = [\"{origin}\"]\nmethods = [\"GET\"]"));
    node.ask(&get(&origin))
}

#[test]
fn a_slow_service_ends_with_the_calls_time() {
    needs_kernel!();
    let slow: [fn(&mut dyn Write) -> std::io::Result<()>; 3] = [
        |_| {
            thread::sleep(Duration::from_secs(15));
            Ok(())
        },
        |out| {
            out.write_all(b"HTTP/1.1 200 OK\r\n")?;
            loop {
                out.write_all(b"x-a: b\r\n")?;
                out.flush()?;
                thread::sleep(Duration::from_millis(100));
            }
        },
        |out| {
            out.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")?;
            loop {
                out.write_all(b"x")?;
                out.flush()?;
                thread::sleep(Duration::from_millis(100));
            }
        },
    ];
    for answer in slow {
        let node = Node::new();
        let service = Service::start(node.site.node(), ADDRESS, move |_, out| answer(out));
        let origin = format!("http://{}", service.address());
        node.grant(&format!("origins = [\"{origin}\"]\nmethods = [\"GET\"]"));
        let begun = Instant::now();
        let error = node.try_all(&[get(&origin)], &["--budget", "1500"]).error();
        assert_eq!(error.code, TRY_AGAIN, "{error:?}");
        assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
    }
}

#[test]
fn a_response_is_bounded() {
    needs_kernel!();
    let mebibyte = |out: &mut dyn Write, length: usize| {
        write!(out, "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n")?;
        out.write_all(&vec![b'x'; length])
    };
    let told = answered(move |out| mebibyte(out, 1 << 20));
    assert_eq!(told.code, TOLD, "{told:?}");
    assert!(told.message.contains("(200, 1048576, "), "{told:?}");
    for error in [
        answered(move |out| mebibyte(out, (1 << 20) + 1)),
        // Without a length, for ever.
        answered(|out| {
            out.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
            loop {
                out.write_all(&[b'x'; 4096])?;
            }
        }),
        answered(|out| {
            out.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")?;
            loop {
                out.write_all(b"4\r\nabcd\r\n")?;
            }
        }),
        // Headers without end, and one that is.
        answered(|out| {
            out.write_all(b"HTTP/1.1 200 OK\r\n")?;
            for number in 0.. {
                write!(out, "x-{number}: {}\r\n", "y".repeat(1000))?;
            }
            Ok(())
        }),
        answered(|out| {
            out.write_all(b"HTTP/1.1 200 OK\r\nx-a: ")?;
            loop {
                out.write_all(&[b'x'; 4096])?;
            }
        }),
        answered(|out| {
            out.write_all(b"HTTP/1.1 200 OK\r\n")?;
            for number in 0..65 {
                write!(out, "x-{number}: y\r\n")?;
            }
            out.write_all(b"content-length: 0\r\n\r\n")
        }),
    ] {
        assert_eq!(error.code, QUOTA, "{error:?}");
    }
}

#[test]
fn what_is_no_response_is_an_error_with_words() {
    needs_kernel!();
    for bytes in [
        "",
        "SSH-2.0-OpenSSH_9.9\r\n",
        "HTTP/1.1 abc\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nabcdef",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nabc",
        "HTTP/1.1 200 OK\r\nx\0y: z\r\n\r\n",
        "HTTP/1.1 999 Odd\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\n",
    ] {
        let error = answered(move |out| out.write_all(bytes.as_bytes()));
        assert_eq!(error.code, TOLD, "{bytes:?}: {error:?}");
        let is_told = error.message.contains("no HTTP response") || error.message.contains("ended before");
        assert!(is_told, "{bytes:?}: {error:?}");
    }
}

#[test]
fn no_bytes_of_a_service_do_harm() {
    needs_kernel!();
    let node = Node::new();
    let said: std::sync::Arc<std::sync::Mutex<Vec<u8>>> = std::sync::Arc::default();
    let says = std::sync::Arc::clone(&said);
    let service = Service::start(node.site.node(), ADDRESS, move |_, out| {
        let bytes = says.lock().unwrap().clone();
        out.write_all(&bytes)
    });
    let origin = format!("http://{}", service.address());
    node.grant(&format!("origins = [\"{origin}\"]\nmethods = [\"GET\"]"));
    let head = "(HTTP/1\\.[01] [0-9]{3} [a-z]{0,5}\r\n)?((content-length|transfer-encoding|x-a|connection|location|content-encoding): [ -~]{0,20}\r\n){0,6}(\r\n)?";
    let bytes = (head, vec(any::<u8>(), 0..60)).prop_map(|(head, rest)| [head.as_bytes(), &rest].concat());
    let mut runner = TestRunner::new(ProptestConfig::with_cases(60));
    runner
        .run(&bytes, |bytes| {
            *said.lock().unwrap() = bytes;
            let output = node.try_all(&[get(&origin)], &["--budget", "5000"]);
            // One document, whatever came.
            prop_assert!([TOLD, QUOTA, TRY_AGAIN].contains(&output.error().code), "{}", output);
            Ok(())
        })
        .unwrap();
}
