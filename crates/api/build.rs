//! Generates the wire contract from `proto/`, without a system `protoc`.

use std::path::{Path, PathBuf};

use prost::Message as _;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let proto = Path::new("../../proto");
    println!("cargo::rerun-if-changed={}", proto.display());
    let files = [
        "common/v1/common",
        "user/v1/user",
        "order/v1/order",
        "news/v1/news",
        "control/v1/audit",
        "control/v1/backups",
        "control/v1/faults",
        "control/v1/locks",
        "control/v1/resources",
        "control/v1/registry",
        "control/v1/scaling",
    ]
    .map(|file| proto.join(format!("holdfast/{file}.proto")));
    let descriptors = protox::compile(files, [proto])?;
    let keda = protox::compile([proto.join("keda/externalscaler.proto")], [proto])?;
    let etcd = protox::compile([proto.join("etcd/v3/etcd.proto")], [proto])?;
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    std::fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure().compile_fds(descriptors)?;
    // KEDA's contract, by which it asks us.
    tonic_prost_build::configure().compile_fds(keda)?;
    // Others' contract: we only call it, and the simulation answers; reflection does not tell of it.
    tonic_prost_build::configure().compile_fds(etcd)?;
    Ok(())
}
