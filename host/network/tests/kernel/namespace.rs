use std::{
    fs::File,
    os::fd::AsRawFd,
    path::{Path, PathBuf},
};

use cofferdam_network::namespace::{NamespaceError, identity, is_current, open_current, open_namespace};
use cofferdam_protocol::Place;

use crate::fixture::{in_new_namespaces, new_namespace, skipped, with_namespace};

#[test]
fn a_path_gives_the_namespace_that_is_there() {
    with_namespace(|container| {
        let path = PathBuf::from(format!("/proc/self/fd/{}", container.as_raw_fd()));
        let opened = open_namespace(&path).unwrap();
        assert_eq!(identity(&opened).unwrap(), identity(&container).unwrap());
        assert!(!is_current(&opened).unwrap());
        assert!(is_current(open_current().unwrap()).unwrap());
        assert_ne!(identity(&opened).unwrap(), identity(new_namespace()).unwrap());
    });
}

#[test]
fn a_path_with_nothing_there_does_not_exist() {
    let error = open_namespace(Path::new("/var/run/netns/no-such")).unwrap_err();
    assert!(matches!(error, NamespaceError::NotExist(_)));
    assert_eq!(
        error.to_string(),
        r#"failed to Statfs "/var/run/netns/no-such": no such file or directory"#
    );
}

#[test]
fn an_ordinary_file_is_not_a_namespace() {
    let path = std::env::current_exe().unwrap();
    let error = open_namespace(&path).unwrap_err();
    assert!(matches!(error, NamespaceError::NotANamespace { .. }));
    let start = format!("unknown FS magic on {path:?}: ");
    assert!(error.to_string().starts_with(&start), "{error}");
}

#[test]
fn a_file_of_proc_or_another_kind_of_namespace_is_not_one_of_networks() {
    for path in ["/proc/self/status", "/proc/self/ns/mnt"] {
        let error = open_namespace(Path::new(path)).unwrap_err();
        assert!(matches!(error, NamespaceError::NotANetworkNamespace(_)), "{error}");
        assert!(error.to_string().contains(path));
    }
}

#[test]
fn a_pipe_does_not_make_us_wait() {
    let directory = std::env::temp_dir();
    let path = directory.join(format!("cofferdam-fifo-{}", std::process::id()));
    nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let result = open_namespace(&path);
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(result, Err(NamespaceError::NotANamespace { .. })));
}

#[test]
fn an_opened_namespace_is_not_given_to_children() {
    let opened = open_current().unwrap();
    let flags = nix::fcntl::fcntl(&opened, nix::fcntl::FcntlArg::F_GETFD).unwrap();
    assert_eq!(flags & nix::libc::FD_CLOEXEC, nix::libc::FD_CLOEXEC);
    drop(File::from(opened));
}

#[test]
fn a_namespace_has_a_number_of_its_own() {
    in_new_namespaces(|kernel| {
        let host = kernel.namespace_cookie(Place::Host).unwrap();
        let container = kernel.namespace_cookie(Place::Container).unwrap();
        if host.is_none() {
            skipped(format_args!("this kernel has no SO_NETNS_COOKIE"));
            return;
        }
        assert_ne!(host, container);
        assert_eq!(host, kernel.namespace_cookie(Place::Host).unwrap());
    });
}
