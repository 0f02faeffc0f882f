# Every image of Holdfast but the database's: one stage a program, chosen by `--target order`.
#
#   docker build --target order -t holdfast/order:0.1.0 .
#   docker buildx build --platform linux/amd64,linux/arm64 --target order -t REGISTRY/order:0.1.0 --push .
#
# No line here needs more than the builder of Docker 20.10.
ARG BUILD_IMAGE=rust:1.95-slim-trixie

# What says which crates we build on, and nothing else: as long as that stays as it is, so does the layer built from it.
FROM ${BUILD_IMAGE} AS skeleton
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY crates crates
COPY services services
RUN find crates services -type f ! -name Cargo.toml ! -name build.rs ! -path '*/src/main.rs' ! -path '*/src/lib.rs' ! -path '*/src/bin/*.rs' -delete \
 && find crates services -name '*.rs' -exec sh -c 'echo "//! Nothing yet." >"$1"; case $1 in */lib.rs) ;; *) echo "fn main() { }" >>"$1" ;; esac' - {} \; \
 && find crates services -type d -empty -delete

FROM ${BUILD_IMAGE} AS dependencies
# To see an image sooner: `--build-arg CARGO_PROFILE_RELEASE_OPT_LEVEL=0 --build-arg CARGO_PROFILE_RELEASE_LTO=off`.
ARG CARGO_PROFILE_RELEASE_OPT_LEVEL=3
ARG CARGO_PROFILE_RELEASE_LTO=thin
ENV CARGO_PROFILE_RELEASE_OPT_LEVEL=${CARGO_PROFILE_RELEASE_OPT_LEVEL} CARGO_PROFILE_RELEASE_LTO=${CARGO_PROFILE_RELEASE_LTO}
WORKDIR /src
ENV SQLX_OFFLINE=true CARGO_INCREMENTAL=0 CARGO_TERM_COLOR=never
# Each with the package that it is of. The whole `holdfast` would hold every service once more.
ENV PROGRAMS="-p gateway --bin gateway -p user --bin user -p order --bin order -p news --bin news -p control --bin control -p holdfast --bin holdfast-light"
COPY --from=skeleton /src ./
RUN cargo build --release --locked ${PROGRAMS}

FROM dependencies AS build
COPY . .
# Cargo goes by the time of a file, and a checkout may be older than the skeleton that was built.
RUN find crates services proto migrations -type f -exec touch {} + \
 && cargo build --release --locked ${PROGRAMS}
# What `ldd` says that the programs need, a name for who runs them, and what scanners read.
RUN mkdir -p /root-of/etc /root-of/var/lib/dpkg/status.d && cd target/release \
 && ldd gateway user order news control holdfast-light | grep -o '/[^ ]*' | sort -u | xargs -I{} cp -L --parents {} /root-of/ \
 && echo 'nonroot:x:65532:65532:nonroot:/:/nowhere' >/root-of/etc/passwd \
 && echo 'nonroot:x:65532:' >/root-of/etc/group \
 && echo 'hosts: files dns' >/root-of/etc/nsswitch.conf \
 && for package in libc6 libgcc-s1; do dpkg -s "$package" >"/root-of/var/lib/dpkg/status.d/$package"; done
# Where `holdfast provision` meets the volumes: an empty volume takes over whose the folder below it is.
RUN cd / && for name in authority public gateway user order news control spool owner postgres pg-1 pg-2 pg-3 etcd-1 etcd-2 etcd-3 redis-1 redis-2 sentinel-1 sentinel-2 sentinel-3 prometheus grafana; \
    do mkdir -p "volumes/$name"; done

# What all of them share. There is nothing in it to be run but the program itself.
FROM scratch AS runtime
COPY --from=build /root-of /
USER 65532:65532
STOPSIGNAL SIGTERM
LABEL org.opencontainers.image.vendor="Holdfast" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="0.1.0"

FROM runtime AS holdfast
LABEL org.opencontainers.image.title="holdfast" org.opencontainers.image.description="The command line of Holdfast, as far as it opens no shop"
COPY --from=build --chown=65532:65532 /volumes /volumes
COPY --from=build /src/target/release/holdfast-light /app/holdfast
ENTRYPOINT ["/app/holdfast"]

FROM runtime AS gateway
LABEL org.opencontainers.image.title="gateway" org.opencontainers.image.description="The front door of Holdfast"
COPY --from=build /src/target/release/gateway /app/gateway
EXPOSE 8080 9090
HEALTHCHECK --interval=2s --timeout=3s --start-period=30s --retries=3 CMD ["/app/gateway", "healthcheck"]
ENTRYPOINT ["/app/gateway"]
CMD ["serve"]

FROM runtime AS user
LABEL org.opencontainers.image.title="user" org.opencontainers.image.description="Accounts and money"
COPY --from=build /src/target/release/user /app/user
EXPOSE 50051 9090
HEALTHCHECK --interval=2s --timeout=3s --start-period=30s --retries=3 CMD ["/app/user", "healthcheck"]
ENTRYPOINT ["/app/user"]
CMD ["serve"]

FROM runtime AS news
LABEL org.opencontainers.image.title="news" org.opencontainers.image.description="Articles"
COPY --from=build /src/target/release/news /app/news
EXPOSE 50051 9090
HEALTHCHECK --interval=2s --timeout=3s --start-period=30s --retries=3 CMD ["/app/news", "healthcheck"]
ENTRYPOINT ["/app/news"]
CMD ["serve"]

FROM runtime AS control
LABEL org.opencontainers.image.title="control" org.opencontainers.image.description="Locks, faults, resources, capacity"
COPY --from=build /src/target/release/control /app/control
EXPOSE 50051 9090
HEALTHCHECK --interval=2s --timeout=3s --start-period=30s --retries=3 CMD ["/app/control", "healthcheck"]
ENTRYPOINT ["/app/control"]
CMD ["serve"]

FROM runtime AS order
LABEL org.opencontainers.image.title="order" org.opencontainers.image.description="Products, stock, carts and orders"
COPY --from=build /src/target/release/order /app/order
EXPOSE 50051 9090
HEALTHCHECK --interval=2s --timeout=3s --start-period=30s --retries=3 CMD ["/app/order", "healthcheck"]
ENTRYPOINT ["/app/order"]
CMD ["serve"]
