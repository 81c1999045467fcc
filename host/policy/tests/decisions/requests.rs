use super::decide;

#[test]
fn a_request_has_origin_method_and_path_granted() {
    decide(
        "allow = \"http.request\"\norigins = [\"https://ipam.example:8443\", \"http://[fd00::1]\"]\n\
         methods = [\"GET\", \"POST\"]\npaths = [\"/v1/addresses\"]\ncredential = \"ipam\"\nca = \"lab\"",
        &[
            (
                "http.request method=POST url=https://ipam.example:8443/v1/addresses",
                true,
            ),
            (
                "http.request method=GET url=https://IPAM.example:8443/v1/addresses/7?x=y",
                true,
            ),
            ("http.request method=GET url=http://[FD00:0::1]:80/v1/addresses", true),
            (
                "http.request method=DELETE url=https://ipam.example:8443/v1/addresses",
                false,
            ),
            ("http.request method=GET url=https://ipam.example/v1/addresses", false),
            (
                "http.request method=GET url=http://ipam.example:8443/v1/addresses",
                false,
            ),
            (
                "http.request method=GET url=https://sub.ipam.example:8443/v1/addresses",
                false,
            ),
            (
                "http.request method=GET url=https://ipam.example.evil.example:8443/v1/addresses",
                false,
            ),
            (
                "http.request method=GET url=https://ipam.example:8443/v1/addresses2",
                false,
            ),
            ("http.request method=GET url=https://ipam.example:8443/v1", false),
            (
                "http.request method=GET url=https://ipam.example:8443/V1/addresses",
                false,
            ),
            (
                "http.request method=GET url=https://ipam.example:8443/?/v1/addresses",
                false,
            ),
        ],
    );
    decide(
        "allow = \"http.request\"\norigins = [\"https://ipam.example\"]\nmethods = [\"GET\"]",
        &[
            ("http.request method=GET url=https://ipam.example:443", true),
            ("http.request method=GET url=https://ipam.example/any/path", true),
            ("http.request method=HEAD url=https://ipam.example/any/path", false),
            ("upkeep.keep", false),
        ],
    );
}
