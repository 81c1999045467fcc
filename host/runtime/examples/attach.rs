//! Attaches a network namespace to a network, waits for a line on standard
//! input, and detaches it:
//!
//! ```text
//! ip netns add demo
//! cargo run --example attach -- mynet /run/netns/demo
//! ```

use std::{
    env,
    error::Error,
    io::{self, Write as _},
    path::Path,
};

use cofferdam_runtime::{AttachmentRequest, ResultCache, Runtime, SearchPath, load_network};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(name), Some(netns)) = (arguments.next(), arguments.next()) else {
        return Err("usage: attach NETWORK NAMESPACE".into());
    };
    let network = load_network(Path::new("/etc/cni/net.d"), &name)?;
    let runtime = Runtime::new(SearchPath::new(vec!["/opt/cni/bin".into()]), ResultCache::default());
    let request = AttachmentRequest {
        container_id: "example".to_owned(),
        netns,
        interface_name: "eth0".to_owned(),
        ..AttachmentRequest::default()
    };
    let attached = runtime.add(&network, &request);
    if let Ok(result) = &attached {
        writeln!(io::stdout(), "{}", result.to_json()?)?;
        io::stdin().read_line(&mut String::new())?;
    }
    // Also where ADD failed: plugins before the one that did have done their part.
    runtime.del(&network, &request)?;
    attached?;
    Ok(())
}
