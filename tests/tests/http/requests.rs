//! What may be asked for, and what is refused before anything is sent.

use cofferdam_tests::needs_kernel;
use serde_json::json;

use crate::node::{Node, TOLD, get, respond};

const DENIED: u64 = 100;
const INVALID: u64 = 103;
const QUOTA: u64 = 106;

#[test]
fn a_request_reaches_the_service_and_its_answer_the_plugin() {
    needs_kernel!();
    let node = Node::new();
    let service = cofferdam_tests::Service::start(node.site.node(), crate::node::ADDRESS, |_, out| {
        write!(
            out,
            "HTTP/1.1 207 Some\r\nX-Answer: yes\r\nx-raw: \u{fc}\r\ntransfer-encoding: chunked\r\n\r\n"
        )?;
        write!(out, "3\r\nall\r\n4\r\n of \r\n2\r\nit\r\n0\r\n\r\n")
    });
    let origin = format!("http://{}", service.address());
    node.grant(&format!("origins = [\"{origin}\"]\nmethods = [\"POST\"]"));
    let told = node.ask(&json!({
        "do": "request", "method": "POST", "url": format!("{origin}/a/b?c=d%20e"),
        "headers": [["Content-Type", "text/plain"], ["X-Own", "1 2"]], "body": "hello",
    }));
    assert_eq!(told.code, TOLD, "{told:?}");
    assert!(told.message.contains("(207, 9, "), "{told:?}");
    assert!(told.message.contains(r#"("x-answer", "yes")"#), "{told:?}");
    assert!(told.message.contains(r#""all of it""#), "{told:?}");
    assert!(!told.message.contains("x-raw"), "{told:?}");
    let asked = service.asked();
    let [asked] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!((asked.method.as_str(), asked.target.as_str()), ("POST", "/a/b?c=d%20e"));
    assert_eq!(asked.body, b"hello");
    for (name, value) in [
        ("host", Some(service.address().to_string())),
        ("content-type", Some("text/plain".to_owned())),
        ("x-own", Some("1 2".to_owned())),
        ("content-length", Some("5".to_owned())),
        ("authorization", None),
        ("cookie", None),
        ("accept-encoding", Some("identity".to_owned())),
    ] {
        assert_eq!(asked.header(name).map(str::to_owned), value, "{name}");
    }
}

#[test]
fn every_method_is_sent_as_it_is() {
    needs_kernel!();
    let node = Node::new();
    let service = node.friendly();
    let origin = format!("http://{}", service.address());
    let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
    node.grant(&format!("origins = [\"{origin}\"]\nmethods = {methods:?}"));
    let requests = methods.map(|method| json!({ "do": "request", "method": method, "url": origin }));
    let told = node.try_all(&requests, &[]).error();
    assert_eq!(told.message.matches("(200, ").count(), methods.len(), "{told:?}");
    let sent: Vec<String> = service.asked().into_iter().map(|asked| asked.method).collect();
    assert_eq!(sent, methods);
}

#[test]
fn what_is_not_granted_is_denied_and_not_sent() {
    needs_kernel!();
    let node = Node::new();
    let service = node.friendly();
    let port = service.address().port();
    let origin = format!("http://{}", service.address());
    let deny = |method: &str, url: &str| {
        let denied = node.ask(&json!({ "do": "request", "method": method, "url": url }));
        assert_eq!(denied.code, DENIED, "{method} {url}: {denied:?}");
        assert!(denied.text().contains("http.request is not granted"), "{denied:?}");
        assert!(
            denied
                .text()
                .contains("missing grant: { allow = \"http.request\", origins = ["),
            "{denied:?}"
        );
    };
    node.site.installation().policy("hostile.toml", "[plugin.hostile]\n");
    deny("GET", &origin);
    node.grant(&format!(
        "origins = [\"{origin}\"]\nmethods = [\"GET\"]\npaths = [\"/v1\"]"
    ));
    for (method, url) in [
        ("POST", format!("{origin}/v1")),
        ("GET", origin.clone()),
        ("GET", format!("{origin}/v1x")),
        ("GET", format!("{origin}/V1")),
        ("GET", format!("{origin}/?/v1")),
        ("GET", format!("https://10.99.0.1:{port}/v1")),
        ("GET", "http://10.99.0.1/v1".to_owned()),
        ("GET", format!("http://127.0.0.1:{port}/v1")),
        ("GET", format!("http://localhost:{port}/v1")),
        ("GET", format!("http://10.99.0.1.example:{port}/v1")),
    ] {
        deny(method, &url);
    }
    assert_eq!(service.asked(), []);
    assert_eq!(node.ask(&get(&format!("{origin}/v1/x"))).code, TOLD);
    assert_eq!(service.asked().len(), 1);
}

#[test]
fn what_can_be_read_in_two_ways_is_refused_with_words() {
    needs_kernel!();
    let node = Node::new();
    let service = node.friendly();
    let address = service.address();
    let origin = format!("http://{address}");
    node.grant(&format!(
        "origins = [\"{origin}\"]\nmethods = [\"GET\", \"POST\"]\npaths = [\"/v1\"]"
    ));
    for (url, words) in [
        (String::new(), "does not begin with http"),
        (format!("ftp://{address}/v1"), "does not begin with http"),
        ("file:///etc/shadow".to_owned(), "does not begin with http"),
        (format!("http://user:word@{address}/v1"), "user name"),
        (format!("http://other.example@{address}/v1"), "user name"),
        (format!("http://{address}\\@other.example/v1"), "a path begins with /"),
        (format!("{origin}/v1/../v2"), "segment \"..\""),
        (format!("{origin}/v1/..;/v2"), "segment \"..;\""),
        (format!("{origin}/v1/%2e%2e/v2"), "\"%2e\""),
        (format!("{origin}/v1%2f..%2fv2"), "\"%2f\""),
        (format!("{origin}/v1/%00"), "\"%00\""),
        (format!("{origin}/v1#x"), "fragment"),
        (format!("{origin}/v1 HTTP/1.1\r\nHost: other"), "no ' '"),
        (format!("{origin}/v1\r\nX: y"), "no '\\r'"),
        ("http://2130706433/v1".to_owned(), "in disguise"),
        ("http://0x7f.1/v1".to_owned(), "in disguise"),
        ("http://[::ffff:10.99.0.1]/v1".to_owned(), "in disguise"),
        (
            "http://169.254.169.254/latest/meta-data".to_owned(),
            "no service's address",
        ),
        ("http://[fd00:ec2::254]/".to_owned(), "no service's address"),
        ("http://[fe80::1]/".to_owned(), "no service's address"),
        ("http://0.0.0.0/".to_owned(), "no service's address"),
        ("http://10.99.0.1:0/v1".to_owned(), "no port"),
        ("http://10.99.0.1:99999/v1".to_owned(), "no port"),
        (format!("{origin}/v1?{}", "a".repeat(2048)), "more than 2048 bytes"),
    ] {
        let refused = node.ask(&get(&url));
        assert_eq!(refused.code, INVALID, "{url}: {refused:?}");
        assert!(refused.message.contains(words), "{url}: {refused:?}");
    }
    for (name, value) in [
        ("Host", "other.example"),
        ("Authorization", "Bearer x"),
        ("Content-Length", "5"),
        ("Transfer-Encoding", "chunked"),
        ("Connection", "keep-alive"),
        ("Proxy-Authorization", "x"),
        ("Cookie", "a=b"),
        ("X-A", "b\r\nAuthorization: Bearer x"),
        ("X-A\r\nAuthorization", "Bearer x"),
        ("X A", "b"),
    ] {
        let url = format!("{origin}/v1");
        let refused = node.ask(&json!({ "do": "request", "method": "GET", "url": url, "headers": [[name, value]] }));
        assert_eq!(refused.code, INVALID, "{name}: {refused:?}");
    }
    assert_eq!(service.asked(), []);
}

#[test]
fn requests_are_bounded() {
    needs_kernel!();
    let node = Node::new();
    let service = node.friendly();
    let url = format!("http://{}/", service.address());
    node.grant(&format!(
        "origins = [\"http://{}\"]\nmethods = [\"GET\", \"POST\"]",
        service.address()
    ));
    let post = |bytes: usize| json!({ "do": "request", "method": "POST", "url": url, "bytes": bytes });
    assert_eq!(node.ask(&post(64 << 10)).code, TOLD);
    assert_eq!(node.ask(&post((64 << 10) + 1)).code, INVALID);
    let with_body = json!({ "do": "request", "method": "GET", "url": url, "body": "x" });
    assert_eq!(node.ask(&with_body).code, INVALID);
    let count = service.asked().len();
    let many = json!({ "do": "repeat", "times": 65, "calls": [get(&url)] });
    let refused = node.try_all(&[many], &[]).error();
    assert_eq!(refused.code, QUOTA, "{refused:?}");
    assert!(refused.message.contains("64 requests"), "{refused:?}");
    assert_eq!(service.asked().len() - count, 64);
}

#[test]
fn no_redirect_is_followed() {
    needs_kernel!();
    let node = Node::new();
    let other = node.friendly();
    let elsewhere = format!("http://{}/", other.address());
    let service = cofferdam_tests::Service::start(node.site.node(), crate::node::ADDRESS, move |asked, out| {
        if asked.target == "/own" {
            return respond(out, 200, "followed");
        }
        let to = if asked.target == "/" {
            "/own"
        } else {
            elsewhere.as_str()
        };
        write!(out, "HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n")
    });
    let origin = format!("http://{}", service.address());
    let both = format!(
        "origins = [\"{origin}\", \"http://{}\"]\nmethods = [\"GET\"]",
        other.address()
    );
    node.grant(&both);
    for path in ["/", "/elsewhere"] {
        let told = node.ask(&get(&format!("{origin}{path}")));
        assert!(told.message.contains("(302, 0, "), "{told:?}");
    }
    assert_eq!((service.asked().len(), other.asked().len()), (2, 0));
}
