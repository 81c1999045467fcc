//! The operator's credential reaches the service, and nobody else.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
};

use cofferdam_tests::{Output, Service, needs_kernel};
use serde_json::json;

use crate::node::{ADDRESS, Node, TOKEN, TOLD, echo, get, respond};

const CONFLICT: u64 = 105;
const PASSWORD: &str = "swordfish-5f2b-basic";

fn granted(node: &Node, service: &Service) -> String {
    let origin = format!("http://{}", service.address());
    node.grant(&format!(
        "origins = [\"{origin}\"]\nmethods = [\"GET\", \"POST\"]\ncredential = \"ipam\""
    ));
    origin
}

/// That no output and no file but the operator's own has a secret, in any of
/// its forms.
#[track_caller]
fn assert_kept(node: &Node, what: &str, output: &Output) {
    for secret in [TOKEN, PASSWORD, "c3dvcmRmaXNoLTVmMmI"] {
        assert!(!output.stdout.contains(secret), "{what}: {output}");
        assert!(!output.stderr.contains(secret), "{what}: {output}");
        let installation = node.site.installation();
        let files = installation.assert_nowhere_written(secret, what, &["etc/cofferdam/credentials"]);
        assert!(files > 2, "{what}: {files}");
    }
}

#[test]
fn a_service_gets_the_credential_and_a_new_one_as_soon_as_it_is_there() {
    needs_kernel!();
    let node = Node::new();
    let service = node.friendly();
    let origin = granted(&node, &service);
    for (text, authorization) in [
        (format!("{TOKEN}\n"), format!("Bearer {TOKEN}")),
        (
            format!("basic ipam:{PASSWORD}\n"),
            "Basic aXBhbTpzd29yZGZpc2gtNWYyYi1iYXNpYw==".to_owned(),
        ),
        ("another-token-9".to_owned(), "Bearer another-token-9".to_owned()),
    ] {
        node.credential("ipam", &text);
        let output = node.try_all(&[get(&origin)], &[]);
        assert_eq!(output.error().code, TOLD, "{output}");
        assert_eq!(
            service.asked().last().unwrap().header("authorization"),
            Some(authorization.as_str())
        );
        assert_kept(&node, "a request", &output);
    }
}

#[test]
fn a_credential_is_replaced_during_a_call() {
    needs_kernel!();
    let node = Node::new();
    let file = node.credential("ipam", TOKEN);
    let service = Service::start(node.site.node(), ADDRESS, move |asked, out| {
        // As an operator does it: beside, and then in its place.
        let new = file.with_file_name("new");
        fs::write(&new, "another-token-9\n").unwrap();
        fs::set_permissions(&new, fs::Permissions::from_mode(0o600)).unwrap();
        fs::rename(&new, &file).unwrap();
        respond(
            out,
            if asked.header("authorization").is_some() {
                200
            } else {
                401
            },
            "ok",
        )
    });
    let origin = granted(&node, &service);
    let told = node.try_all(&[get(&origin), get(&origin)], &[]).error();
    assert_eq!(told.message.matches("(200, ").count(), 2, "{told:?}");
    let sent: Vec<_> = service
        .asked()
        .iter()
        .map(|asked| asked.header("authorization").unwrap().to_owned())
        .collect();
    assert_eq!(sent, [format!("Bearer {TOKEN}"), "Bearer another-token-9".to_owned()]);
}

#[test]
fn a_service_that_repeats_the_credential_tells_nobody() {
    needs_kernel!();
    for credential in [TOKEN.to_owned(), format!("basic ipam:{PASSWORD}")] {
        let node = Node::new();
        node.credential("ipam", &credential);
        let service = Service::start(node.site.node(), ADDRESS, |asked, out| {
            let authorization = asked.header("authorization").unwrap_or_default().to_owned();
            match asked.target.as_str() {
                "/body" => respond(out, 200, &echo(asked)),
                "/error" => respond(out, 500, &format!("who is {authorization}?")),
                "/header" => write!(
                    out,
                    "HTTP/1.1 200 OK\r\nx-echo: {authorization}\r\ncontent-length: 0\r\n\r\n"
                ),
                "/name" => {
                    let word = authorization.rsplit(' ').next().unwrap_or_default().replace('=', "");
                    write!(out, "HTTP/1.1 200 OK\r\n{word}: x\r\ncontent-length: 0\r\n\r\n")
                }
                "/location" => {
                    write!(
                        out,
                        "HTTP/1.1 302 Found\r\nlocation: /?{authorization}\r\ncontent-length: 0\r\n\r\n"
                    )
                }
                "/status" => write!(out, "HTTP/1.1 200 {authorization}\r\ncontent-length: 0\r\n\r\n"),
                "/chunks" => {
                    write!(out, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")?;
                    for byte in authorization.bytes() {
                        write!(out, "1\r\n{}\r\n", char::from(byte))?;
                    }
                    write!(out, "0\r\n\r\n")
                }
                "/garbage" => write!(out, "{authorization}\r\n\r\n"),
                "/short" => write!(out, "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{authorization}"),
                _ => respond(out, 200, "ok"),
            }
        });
        let origin = granted(&node, &service);
        for (path, code) in [
            ("/body", CONFLICT),
            ("/error", CONFLICT),
            ("/header", CONFLICT),
            ("/location", CONFLICT),
            ("/chunks", CONFLICT),
            ("/status", TOLD),
            ("/garbage", TOLD),
            ("/short", TOLD),
            ("/name", 0),
            ("/else", TOLD),
        ] {
            let output = node.try_all(&[get(&format!("{origin}{path}"))], &["--budget", "5000"]);
            if code != 0 {
                assert_eq!(output.error().code, code, "{path}: {output}");
            }
            assert_kept(&node, path, &output);
        }
    }
}

#[test]
fn a_credential_that_others_could_have_is_not_used() {
    needs_kernel!();
    let node = Node::new();
    let service = node.friendly();
    let origin = granted(&node, &service);
    let refused = |what: &str, words: &str| {
        let output = node.try_all(&[get(&origin)], &[]);
        let error = output.error();
        assert!(error.text().contains(words), "{what}: {output}");
        assert!(error.text().contains("errno 126"), "{what}: {output}");
        assert_kept(&node, what, &output);
    };
    refused("none", "No such file");
    let file = node.credential("ipam", TOKEN);
    for mode in [0o640, 0o604, 0o620, 0o602, 0o644] {
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        refused(&format!("{mode:o}"), "chmod 600");
    }
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let directory = file.parent().unwrap();
    fs::set_permissions(directory, fs::Permissions::from_mode(0o777)).unwrap();
    refused("a directory of everybody's", "directory");
    fs::set_permissions(directory, fs::Permissions::from_mode(0o700)).unwrap();
    fs::rename(&file, directory.join("other")).unwrap();
    symlink("other", &file).unwrap();
    refused("a link", "can't be used");
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    refused("a directory", "no plain file");
    fs::remove_dir(&file).unwrap();
    for text in [
        "",
        "short",
        "two words-of-it",
        "swordfish-5f2b-bearer\r\nX-Other: y\n",
        "basic nobody",
    ] {
        node.credential("ipam", text);
        refused(text, "can't be used");
    }
    assert_eq!(service.asked(), [], "nothing was sent without");
}

#[test]
fn the_first_grant_that_fits_says_which_credential() {
    needs_kernel!();
    let node = Node::new();
    let service = node.friendly();
    let origin = format!("http://{}", service.address());
    node.credential("one", "credential-one");
    node.credential("two", "credential-two");
    node.grant(&format!(
        "origins = [\"{origin}\"]\nmethods = [\"GET\"]\npaths = [\"/a\"]\ncredential = \"one\"\n\n\
         [[plugin.hostile.grant]]\nallow = \"http.request\"\norigins = [\"{origin}\"]\nmethods = [\"GET\"]\n\
         paths = [\"/b\", \"/a/b\"]\ncredential = \"two\"\n\n\
         [[plugin.hostile.grant]]\nallow = \"http.request\"\norigins = [\"{origin}\"]\nmethods = [\"GET\"]\npaths = [\"/c\"]"
    ));
    let requests = ["/a/b", "/b", "/c"].map(|path| get(&format!("{origin}{path}")));
    let told = node.try_all(&requests, &[]).error();
    assert_eq!(told.message.matches("(200, ").count(), 3, "{told:?}");
    let sent: Vec<_> = service
        .asked()
        .iter()
        .map(|asked| asked.header("authorization").map(str::to_owned))
        .collect();
    assert_eq!(
        sent,
        [
            Some("Bearer credential-one".to_owned()),
            Some("Bearer credential-two".to_owned()),
            None
        ]
    );
}

#[test]
fn what_the_audit_log_has_of_a_request_is_where_it_went() {
    needs_kernel!();
    let node = Node::new();
    let service = node.friendly();
    node.credential("ipam", TOKEN);
    let origin = granted(&node, &service);
    let request =
        json!({ "do": "request", "method": "POST", "url": format!("{origin}/a?key={PASSWORD}"), "body": PASSWORD });
    let output = node.try_all(&[request], &[]);
    assert_eq!(output.error().code, TOLD);
    let log = fs::read_to_string(node.site.installation().root().join("var/log/cofferdam/audit.jsonl")).unwrap();
    let expected = format!("POST \\\"{origin}/a\\\"");
    assert!(log.contains(&expected), "{log}");
    assert!(!log.contains(PASSWORD), "{log}");
}
