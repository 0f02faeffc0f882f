//! The file of one HAProxy.

use super::{Backend, Front, Seat};

/// `retries 0`: a connection that is refused is the client's to try again, at the other HAProxy if it likes. A session does
/// not outlive the role of its server.
const HEAD: &str = "\
global
  maxconn 8192
  nbthread 1
  hard-stop-after 30s

defaults
  mode tcp
  retries 0
  timeout connect 1s
  timeout check 1s
  timeout client 1h
  timeout server 1h
  option clitcpka
  option srvtcpka
  default-server inter 500ms fastinter 100ms downinter 200ms fall 2 rise 1 on-marked-down shutdown-sessions
";

/// Writes it: the ports of `seat` before `backends`, and `front` where there is one.
pub(super) fn text(seat: &Seat, backends: &[Backend], front: Option<&Front>) -> String {
    let mut text = HEAD.to_owned();
    text += &doors(seat);
    text += &database("primary", "OPTIONS /primary", backends);
    text += &database("replicas", "OPTIONS /replica?lag=1MB", backends);
    text += &admin(seat.admin);
    text += &front.map(gateways).unwrap_or_default();
    text
}

/// Where there is no replica, the primary answers reads as well.
fn doors(seat: &Seat) -> String {
    format!(
        "
frontend writes
  bind 127.0.0.1:{}
  default_backend primary

frontend reads
  bind 127.0.0.1:{}
  use_backend primary if {{ nbsrv(replicas) eq 0 }}
  default_backend replicas
",
        seat.primary, seat.replicas
    )
}

fn database(name: &str, check: &str, backends: &[Backend]) -> String {
    let mut text = format!(
        "
backend {name}
  balance leastconn
  option httpchk {check}
  http-check expect status 200
"
    );
    text.extend(backends.iter().map(|backend| {
        let Backend {
            name,
            postgres,
            rest,
        } = backend;
        format!("  server {name} 127.0.0.1:{postgres} check port {rest}\n")
    }));
    text
}

fn admin(port: u16) -> String {
    format!(
        "
listen admin
  bind 127.0.0.1:{port}
  mode http
  timeout client 1m
  http-request use-service prometheus-exporter if {{ path /metrics }}
  stats enable
  stats uri /
  stats refresh 2s
  stats admin if LOCALHOST
"
    )
}

/// TLS is passed through to the gateways, which are told whose connection it is. Only one that was never made is made again,
/// at another instance: what is sent may be an order. In turn, since only so the other is tried at once; by any other rule
/// HAProxy waits half a second first, and ends whoever waits when it has seen that the instance is gone. Gateways hang up on
/// those who are idle, before this does.
fn gateways(front: &Front) -> String {
    let mut text = format!(
        "
listen gateways
  bind 127.0.0.1:{}
  balance roundrobin
  option httpchk GET /readyz
  http-check expect status 200
  option redispatch 1
  retries 3
  timeout connect 500ms
  timeout client 2m
  timeout server 2m
  timeout queue 1s
  default-server send-proxy-v2 observe layer4 error-limit 3 on-error mark-down
",
        front.port
    );
    text.extend(front.instances.iter().map(|(name, addr, ready)| {
        let (ip, port) = (ready.ip(), ready.port());
        format!("  server {name} {addr} check addr {ip} port {port}\n")
    }));
    text
}
