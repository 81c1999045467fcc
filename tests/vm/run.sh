#!/usr/bin/env bash
# Runs a command as root under Debian's kernel, in QEMU without hardware
# support: tests/vm/run.sh [--seconds N] -- COMMAND…
#
# The machine's file system is what the virtual machine boots from: shared
# read-only, with all that is written kept in memory and forgotten. So whatever
# was built here can be run there. The exit code is the command's; 125 when the
# machine did not come so far. Emulation is some ten times slower than the
# machine itself: only what needs another kernel belongs here.
set -euo pipefail
workspace=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
kernel=${COFFERDAM_VM_KERNEL:-${CARGO_TARGET_DIR:-$workspace/target}/vm/kernel}
seconds=600

while [[ $# -gt 0 ]]; do
    case $1 in
        --seconds) seconds=$2; shift 2 ;;
        --) shift; break ;;
        *) echo "usage: tests/vm/run.sh [--seconds N] -- COMMAND…" >&2; exit 64 ;;
    esac
done
for program in qemu-system-x86_64 busybox cpio modprobe; do
    if ! command -v "$program" >/dev/null && [[ ! -x /usr/sbin/$program && ! -x /sbin/$program ]]; then
        echo "vm: $program is missing; install qemu-system-x86, busybox-static, cpio and kmod" >&2
        exit 125
    fi
done
if [[ ! -d $kernel/lib/modules ]]; then
    echo "vm: no kernel in $kernel: tests/vm/fetch-kernel.sh puts it there" >&2
    exit 125
fi
kernel=$(cd "$kernel" && pwd)
release=$(ls "$kernel/lib/modules")

work=$(mktemp -d /tmp/cofferdam-vm.XXXXXX)
trap 'rm -rf "$work"' EXIT
root=$work/initramfs
mkdir -p "$root"/{bin,modules,proc,sys,dev,lower,memory,new}
cp "$(command -v busybox)" "$root/bin/busybox"

# What it takes to mount the shared file system. The other modules are loaded
# from there, when the kernel asks for them.
number=10
for module in virtio_pci 9pnet_virtio 9p overlay; do
    /sbin/modprobe -d "$kernel" -S "$release" --show-depends "$module" | sed -n 's/^insmod \([^ ]*\).*/\1/p'
done | awk '!seen[$0]++' | while read -r file; do
    cp "$file" "$root/modules/$number-$(basename "$file")"
    number=$((number + 1))
done

{
    printf '#!/bin/bash\nexport HOME=/root LC_ALL=C.UTF-8 PATH=%q\n' "$PATH:/usr/sbin:/sbin"
    while IFS='=' read -r name _; do
        [[ $name == COFFERDAM_* || $name == RUST_BACKTRACE || $name == CARGO_TARGET_DIR ]] && printf 'export %s=%q\n' "$name" "${!name}"
    done < <(env)
    printf 'cd %q || exit 125\n' "$PWD"
    printf '%q ' "$@"
    printf '\n'
} >"$root/command"

cat >"$root/init" <<INIT
#!/bin/busybox sh
b=/bin/busybox
\$b mount -t proc proc /proc; \$b mount -t sysfs sys /sys; \$b mount -t devtmpfs dev /dev
for module in /modules/*.ko; do \$b insmod \$module; done
\$b mount -t 9p -o trans=virtio,version=9p2000.L,ro,msize=512000,cache=loose root /lower || exec \$b poweroff -f
\$b mount -t tmpfs -o size=75% memory /memory; \$b mkdir /memory/upper /memory/work
\$b mount -t overlay -o lowerdir=/lower,upperdir=/memory/upper,workdir=/memory/work overlay /new
\$b mount -t tmpfs -o mode=755 run /new/run; \$b mkdir /new/run/netns
\$b mount --move /proc /new/proc; \$b mount --move /sys /new/sys; \$b mount --move /dev /new/dev
\$b mkdir -p /new/dev/pts /new/dev/shm /new/lib/modules/$release
\$b mount -t devpts pts /new/dev/pts; \$b mount -t tmpfs shm /new/dev/shm
# Opening it has the kernel load what is behind it.
\$b mkdir -p /new/dev/net; \$b mknod /new/dev/net/tun c 10 200
\$b mount --bind /new$kernel/lib/modules/$release /new/lib/modules/$release
\$b cp /command /new/run/command
\$b cat >/new/run/first <<'FIRST'
ip link set lo up
bash /run/command </dev/null; code=\$?
echo; echo "vm-exit-code=\$code"
/bin/busybox poweroff -f
FIRST
# The kernel looks for modprobe below the first process's root.
exec \$b switch_root /new /bin/bash /run/first
INIT
chmod +x "$root/init"
(cd "$root" && find . | cpio -o -H newc --quiet | gzip -1) >"$work/initramfs.gz"

timeout "$seconds" qemu-system-x86_64 -machine q35,accel=tcg -cpu max -smp 2 -m "${COFFERDAM_VM_MEGABYTES:-3072}" \
    -nodefaults -no-user-config -display none -no-reboot -serial stdio \
    -kernel "$(echo "$kernel"/boot/vmlinuz-*)" -initrd "$work/initramfs.gz" \
    -virtfs local,path=/,mount_tag=root,security_model=none,readonly=on,multidevs=remap \
    -append "console=ttyS0 panic=-1 quiet loglevel=1 mitigations=off tsc=unstable no_timer_check" \
    </dev/null 2>&1 | sed -u 's/\r$//' | tee "$work/log" | sed -u '/^vm-exit-code=/d' || true
code=$(sed -n 's/^vm-exit-code=//p' "$work/log" | tail -n 1)
if [[ -z $code ]]; then
    echo "vm: the machine ended before the command did (after $seconds s it is stopped)" >&2
fi
exit "${code:-125}"
