//! One call of containerd's CRI: `cri SOCKET METHOD`, with the request as JSON on standard input and the response as JSON
//! on standard output. What is left out of a request has protobuf's default. An error is the status that came, on
//! standard error.

mod messages;

use std::{
    io::{self, Read as _, Write as _},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context as _, bail};
use http::{Uri, uri::PathAndQuery};
use hyper_util::rt::TokioIo;
use prost::Message;
use serde::{Serialize, de::DeserializeOwned};
use tokio::net::UnixStream;
use tonic::{
    Request,
    client::Grpc,
    transport::{Channel, Endpoint},
};
use tonic_prost::ProstCodec;

/// What kubelet waits for a pod at the most.
const PATIENCE: Duration = Duration::from_secs(120);

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "cri: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(socket), Some(method), None) = (arguments.next(), arguments.next(), arguments.next()) else {
        bail!("usage: cri SOCKET METHOD < REQUEST.json");
    };
    let mut request = String::new();
    io::stdin().read_to_string(&mut request)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let response = runtime.block_on(async { call(connect(PathBuf::from(socket)).await?, &method, &request).await })?;
    io::stdout().write_all(response.as_bytes())?;
    Ok(())
}

async fn connect(socket: PathBuf) -> anyhow::Result<Channel> {
    let connector = tower::service_fn(move |_: Uri| {
        let socket = socket.clone();
        async move { UnixStream::connect(socket).await.map(TokioIo::new) }
    });
    // A URI is asked for; whom it names is of no account with a socket.
    let endpoint = Endpoint::from_static("http://localhost").timeout(PATIENCE);
    endpoint.connect_with_connector(connector).await.context("connect")
}

async fn call(channel: Channel, method: &str, request: &str) -> anyhow::Result<String> {
    match method {
        "RunPodSandbox" => exchange::<messages::RunPod, messages::Pod>(channel, method, request).await,
        "StopPodSandbox" | "RemovePodSandbox" => {
            exchange::<messages::Pod, messages::Nothing>(channel, method, request).await
        }
        "PodSandboxStatus" => exchange::<messages::Pod, messages::PodStatusResponse>(channel, method, request).await,
        "ListPodSandbox" => exchange::<messages::Nothing, messages::Pods>(channel, method, request).await,
        "CreateContainer" => exchange::<messages::CreateContainer, messages::Container>(channel, method, request).await,
        "StartContainer" => exchange::<messages::Container, messages::Nothing>(channel, method, request).await,
        "ExecSync" => exchange::<messages::Exec, messages::ExecResponse>(channel, method, request).await,
        "Status" => exchange::<messages::Nothing, messages::StatusResponse>(channel, method, request).await,
        _ => bail!("{method} is none of the calls that this client knows"),
    }
}

async fn exchange<Q, A>(channel: Channel, method: &str, request: &str) -> anyhow::Result<String>
where
    Q: Message + DeserializeOwned + Default + 'static,
    A: Message + Serialize + Default + 'static,
{
    let request: Q = serde_json::from_str(request).context("the request")?;
    let path = PathAndQuery::try_from(format!("/runtime.v1.RuntimeService/{method}"))?;
    let mut client = Grpc::new(channel);
    client.ready().await.context("connect")?;
    let codec = ProstCodec::<Q, A>::default();
    let response = client.unary(Request::new(request), path, codec).await;
    let response = response.map_err(|status| anyhow::anyhow!("{method}: {:?}: {}", status.code(), status.message()))?;
    Ok(serde_json::to_string(response.get_ref())?)
}
