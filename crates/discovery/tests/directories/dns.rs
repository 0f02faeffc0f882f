//! A name server of a test's own, and what is true of DNS alone.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use hickory_resolver::proto::op::{Message, OpCode, ResponseCode};
use hickory_resolver::proto::rr::rdata::A;
use hickory_resolver::proto::rr::{RData, Record, RecordType};
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

use crate::same::Knows;

/// A name server that knows one name.
pub(crate) struct NameServer {
    addr: SocketAddr,
    ips: Arc<Mutex<Vec<IpAddr>>>,
    task: JoinHandle<()>,
}

impl NameServer {
    async fn listen(
        addr: SocketAddr,
        ips: Arc<Mutex<Vec<IpAddr>>>,
    ) -> (SocketAddr, JoinHandle<()>) {
        let socket = UdpSocket::bind(addr).await.unwrap();
        let addr = socket.local_addr().unwrap();
        let task = tokio::spawn(async move {
            let mut bytes = [0; 4096];
            loop {
                let (count, asker) = socket.recv_from(&mut bytes).await.unwrap();
                let answer = answer(&bytes[..count], &ips.lock().unwrap());
                socket.send_to(&answer, asker).await.unwrap();
            }
        });
        (addr, task)
    }
}

/// Answers a question; where the name stands for nothing there is no such name.
fn answer(question: &[u8], ips: &[IpAddr]) -> Vec<u8> {
    let question = Message::from_vec(question).unwrap();
    let mut answer = Message::response(question.metadata.id, OpCode::Query);
    let asked = question.queries[0].clone();
    assert_eq!(asked.name().to_string(), "order.shop.");
    if ips.is_empty() {
        answer.metadata.response_code = ResponseCode::NXDomain;
    }
    if asked.query_type() == RecordType::A {
        for ip in ips {
            let IpAddr::V4(ip) = ip else { continue };
            let record = Record::from_rdata(asked.name().clone(), 1, RData::A(A(*ip)));
            answer.add_answer(record);
        }
    }
    answer.add_query(asked);
    answer.to_vec().unwrap()
}

impl Knows for NameServer {
    async fn start() -> Self {
        let ips = Arc::<Mutex<Vec<IpAddr>>>::default();
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let (addr, task) = Self::listen(any, ips.clone()).await;
        Self { addr, ips, task }
    }

    fn source(&self) -> String {
        format!("dns://{}/order.shop.:7000", self.addr)
    }

    async fn says(&mut self, addrs: &[&str]) {
        let ips = addrs
            .iter()
            .map(|addr| addr.parse::<SocketAddr>().unwrap().ip());
        *self.ips.lock().unwrap() = ips.collect();
    }

    async fn goes(&mut self) {
        self.task.abort();
        // Its socket is closed when it has ended.
        let _ = (&mut self.task).await;
    }

    async fn returns(&mut self) {
        (_, self.task) = Self::listen(self.addr, self.ips.clone()).await;
    }

    async fn forgets(&mut self) {
        self.ips.lock().unwrap().clear();
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}
