//! What a container may not do, as the kernel has it, and as one that tries is told.

use std::fs;

use holdfast::compose::{Container, Shop, attempt};

/// Tries what it should not be able to, and prints what it was able to do nevertheless.
const TRY: &str = r"
import ctypes, os, socket
def attempt(what, deed):
    try:
        deed()
        print(what)
    except OSError:
        pass
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *args):
    if getattr(libc, name)(*args) != 0:
        raise OSError(ctypes.get_errno(), name)
for folder in ['/', '/etc', '/usr/local/bin', '/run/secrets', '/var/lib', '/root']:
    attempt('write into ' + folder, lambda: open(folder + '/mark', 'w'))
attempt('become root', lambda: os.setuid(0))
attempt('open a raw socket', lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP))
attempt('open a packet socket', lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
attempt('mount', lambda: call('mount', b'none', b'/tmp', b'tmpfs', 0, None))
attempt('leave its namespaces', lambda: call('unshare', 0x10000000))
attempt('set the clock', lambda: call('settimeofday', ctypes.byref((ctypes.c_long * 2)(0, 0)), None))
open('/tmp/mark', 'w')
open('/var/lib/postgresql/data/mark', 'w')
os.remove('/var/lib/postgresql/data/mark')
print('write where it may')
";

/// What the kernel says of a process, under `name`.
fn status(container: &Container, name: &str) -> String {
    let text = fs::read_to_string(format!("/proc/{}/status", container.pid().unwrap())).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap_or_default()
        .trim_start_matches(':')
        .trim()
        .to_owned()
}

/// Every process runs as nobody, without capabilities, behind the engine's filter of system calls, and can gain nothing.
pub(crate) async fn the_kernel_holds_every_container_in(shop: &Shop) {
    let all = shop.containers().await.unwrap();
    let running: Vec<&Container> = all.iter().filter(|one| !one.is_job()).collect();

    for container in &running {
        let name = &container.name;
        for (what, is) in [
            ("NoNewPrivs", "1"),
            ("Seccomp", "2"),
            ("CapPrm", "0000000000000000"),
            ("CapEff", "0000000000000000"),
            ("CapBnd", "0000000000000000"),
        ] {
            assert_eq!(status(container, what), is, "{name}: {what}");
        }
        assert!(
            status(container, "Uid").starts_with("65532\t65532"),
            "{name}"
        );
        let host = &container.told["HostConfig"];
        assert_eq!(host["ReadonlyRootfs"], true, "{name}");
        for limit in ["Memory", "NanoCpus", "PidsLimit"] {
            assert!(host[limit].as_i64() > Some(0), "{name}: {limit}");
        }
    }
    assert!(running.len() > 20);
}

/// One that tries is refused.
pub(crate) async fn who_tries_to_get_out_is_refused(shop: &Shop) {
    let node = shop.container("pg-1").await.unwrap();

    let tried = attempt(&["docker", "exec", &node.id, "python3", "-c", TRY])
        .await
        .unwrap();

    let said = String::from_utf8_lossy(&tried.stderr);
    assert!(tried.status.success(), "{said}");
    assert_eq!(
        String::from_utf8_lossy(&tried.stdout),
        "write where it may\n"
    );
}
