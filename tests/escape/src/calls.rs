use std::io;

use libc::{c_int, c_long};

/// A system call that a confined process can't make, with arguments that do
/// no harm where it can.
#[derive(Debug)]
pub struct Call {
    /// Its name in `sys/syscall.h`.
    pub name: &'static str,
    number: c_long,
    arguments: &'static [c_long],
}

impl Call {
    /// The arguments, to tell calls of one name apart.
    #[must_use]
    pub fn arguments(&self) -> String {
        format!("{:x?}", self.arguments)
    }

    /// Makes it: its number in `errno.h`, 0 for success.
    #[must_use]
    pub fn make(&self) -> c_int {
        let mut all = [0; 6];
        all[..self.arguments.len()].copy_from_slice(self.arguments);
        // SAFETY: the table has only calls that fail without doing anything,
        // or that change nothing: their pointers are null, and their
        // descriptors and flags are none that exist.
        #[allow(unsafe_code)]
        let answer = unsafe { libc::syscall(self.number, all[0], all[1], all[2], all[3], all[4], all[5]) };
        if answer == -1 {
            io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO)
        } else {
            0
        }
    }
}

macro_rules! calls {
    ($($name:ident ($($argument:expr),*);)*) => {
        &[$(Call {
            name: stringify!($name),
            number: libc::$name,
            arguments: &[$($argument as c_long),*],
        }),*]
    };
}

const NO: c_int = -1;

/// What a guest that has escaped would try first, by what it is good for.
pub const REFUSED: &[Call] = calls! {
    // Programs, and other processes.
    SYS_execve(0, 0, 0);
    SYS_execveat(NO, 0, 0, 0, 0);
    SYS_clone(libc::CLONE_THREAD);
    SYS_ptrace(NO, NO);
    SYS_process_vm_readv(NO, 0, 0, 0, 0, NO);
    SYS_process_vm_writev(NO, 0, 0, 0, 0, NO);
    SYS_process_madvise(NO, 0, 0, NO, NO);
    SYS_kcmp(NO, NO, NO, 0, 0);
    SYS_pidfd_open(NO, 0);
    SYS_pidfd_getfd(NO, 0, 0);
    SYS_pidfd_send_signal(NO, 0, 0, 0);
    SYS_kill(NO, NO);
    SYS_tkill(NO, 0);
    SYS_tgkill(1, 1, NO);
    SYS_rt_sigqueueinfo(NO, 0, 0);
    SYS_setns(NO, 0);
    SYS_unshare(1);
    // Users, capabilities, filters, limits.
    SYS_setuid(0);
    SYS_setgid(0);
    SYS_setresuid(NO, NO, NO);
    SYS_setfsuid(0);
    SYS_setgroups(NO, 0);
    SYS_capset(0, 0);
    SYS_seccomp(NO, 0, 0);
    SYS_landlock_restrict_self(NO, 0);
    SYS_prctl(NO);
    SYS_prlimit64(0, NO, 1, 0);
    SYS_setrlimit(NO, 0);
    SYS_setpriority(NO, 0, 0);
    SYS_sched_setscheduler(0, NO, 0);
    SYS_sched_setaffinity(NO, 0, 0);
    SYS_personality(NO);
    // File systems.
    SYS_mount(0, 0, 0, 0, 0);
    SYS_umount2(0, 0);
    SYS_pivot_root(0, 0);
    SYS_chroot(0);
    SYS_open_tree(NO, 0, NO);
    SYS_move_mount(NO, 0, NO, 0, NO);
    SYS_fsopen(0, NO);
    SYS_fsconfig(NO, NO, 0, 0, 0);
    SYS_fsmount(NO, NO, 0);
    SYS_fspick(NO, 0, NO);
    SYS_mount_setattr(NO, 0, NO, 0, 0);
    SYS_open_by_handle_at(NO, 0, 0);
    SYS_name_to_handle_at(NO, 0, 0, 0, NO);
    SYS_quotactl(NO, 0, 0, 0);
    SYS_swapon(0, NO);
    SYS_swapoff(0);
    SYS_mknodat(NO, 0, libc::S_IFCHR);
    SYS_fchmod(NO, 0);
    SYS_fchmodat(NO, 0, 0);
    SYS_fchown(NO, NO, NO);
    SYS_fchownat(NO, 0, NO, NO, 0);
    SYS_utimensat(NO, 1, 0, 0);
    SYS_setxattr(0, 0, 0, 0, NO);
    SYS_fanotify_init(NO, NO);
    SYS_inotify_init1(NO);
    // The kernel.
    SYS_init_module(0, NO, 0);
    SYS_finit_module(NO, 0, 0);
    SYS_delete_module(0, 0);
    SYS_kexec_load(NO, NO, 0, NO);
    SYS_reboot(0, 0, 0, 0);
    SYS_bpf(NO, 0, 0);
    SYS_perf_event_open(0, NO, NO, NO, NO);
    SYS_userfaultfd(NO);
    SYS_keyctl(NO, 0, 0, 0, 0);
    SYS_add_key(0, 0, 0, 0, 0);
    SYS_request_key(0, 0, 0, 0);
    SYS_io_uring_setup(0, 0);
    SYS_io_setup(NO, 0);
    SYS_memfd_create(0, NO);
    SYS_clock_settime(NO, 0);
    SYS_adjtimex(0);
    SYS_sethostname(0, NO);
    SYS_acct(1);
    SYS_syslog(NO, 0, 0);
    // Memory that holds code, sockets that lead elsewhere, driver requests.
    SYS_mmap(0, 4096, libc::PROT_EXEC, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, NO, 0);
    SYS_mprotect(0, 0, libc::PROT_EXEC);
    SYS_pkey_mprotect(0, 0, libc::PROT_EXEC, NO);
    SYS_socket(libc::AF_INET, libc::SOCK_STREAM, 0);
    SYS_socket(libc::AF_INET, libc::SOCK_DGRAM, 0);
    SYS_socket(libc::AF_INET6, libc::SOCK_RAW, libc::IPPROTO_ICMPV6);
    SYS_socket(libc::AF_UNIX, libc::SOCK_STREAM, 0);
    SYS_socket(libc::AF_PACKET, libc::SOCK_RAW, 0);
    SYS_socket(libc::AF_NETLINK, libc::SOCK_RAW, libc::NETLINK_KOBJECT_UEVENT);
    SYS_socketpair(NO, 0, 0, 0);
    SYS_accept4(NO, 0, 0, 0);
    SYS_setsockopt(NO, libc::SOL_IP, 0, 0, 0);
    SYS_ioctl(NO, libc::TIOCSTI, 0);
    SYS_fcntl(NO, libc::F_SETOWN, 0);
    SYS_shmget(0, 0, 0);
    SYS_msgget(NO, 0);
};

/// What only x86-64 has.
#[cfg(target_arch = "x86_64")]
pub const REFUSED_OF_X86: &[Call] = calls! {
    SYS_iopl(5);
    SYS_ioperm(NO, 0, 0);
    SYS_modify_ldt(NO, 0, 0);
    SYS_arch_prctl(NO, 0);
    SYS_mknod(0, libc::S_IFCHR, 0);
    SYS_chmod(0, 0);
};
/// What only x86-64 has.
#[cfg(not(target_arch = "x86_64"))]
pub const REFUSED_OF_X86: &[Call] = &[];
