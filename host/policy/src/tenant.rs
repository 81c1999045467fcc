use cofferdam_protocol::args;

/// The key of `CNI_ARGS` in which container runtimes tell a pod's namespace.
const KEY: &str = "K8S_POD_NAMESPACE";

/// Whose attachment it is: the Kubernetes namespace that `CNI_ARGS` names.
///
/// Where it names two, one of them may have been slipped in, and nobody can
/// tell which: there is no tenant then, and nothing that is granted to tenants
/// is granted.
#[must_use]
pub fn tenant(cni_args: &str) -> Option<String> {
    let mut tenants = args::parse(cni_args)
        .into_iter()
        .filter(|argument| argument.key == KEY)
        .map(|argument| argument.value.unwrap_or_default());
    let tenant = tenants.next().filter(|tenant| !tenant.is_empty())?;
    tenants.all(|other| other == tenant).then_some(tenant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tenant_is_the_pods_namespace() {
        for (cni_args, expected) in [
            (
                "IgnoreUnknown=1;K8S_POD_NAMESPACE=team-a;K8S_POD_NAME=web",
                Some("team-a"),
            ),
            ("K8S_POD_NAMESPACE=team-a", Some("team-a")),
            ("K8S_POD_NAMESPACE=team-a;K8S_POD_NAMESPACE=team-a", Some("team-a")),
            ("", None),
            ("IgnoreUnknown=1", None),
            ("K8S_POD_NAMESPACE", None),
            ("K8S_POD_NAMESPACE=", None),
            ("k8s_pod_namespace=team-a", None),
            ("X=K8S_POD_NAMESPACE=team-a", None),
        ] {
            assert_eq!(tenant(cni_args).as_deref(), expected, "{cni_args:?}");
        }
    }

    #[test]
    fn two_tenants_are_none() {
        for cni_args in [
            "K8S_POD_NAMESPACE=team-a;K8S_POD_NAMESPACE=team-b",
            "K8S_POD_NAMESPACE=team-a;K8S_POD_NAMESPACE=",
            "K8S_POD_NAMESPACE=;K8S_POD_NAMESPACE=team-b",
            "K8S_POD_NAMESPACE;K8S_POD_NAMESPACE=team-b",
        ] {
            assert_eq!(tenant(cni_args), None, "{cni_args:?}");
        }
    }
}
