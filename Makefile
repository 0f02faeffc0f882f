# Everything one does here, by name. Each target installs what it needs and this machine lacks, saying so.

# SQL is checked against the committed .sqlx, whatever databases the shell knows of.
export SQLX_OFFLINE := true
export PORT ?= 8080
# All tests share one Postgres pair, and each opens a shop of its own: more at once would be more than it takes connections.
export RUST_TEST_THREADS ?= $(shell cores=$$(nproc 2>/dev/null || echo 2); echo $$((cores < 4 ? cores : 4)))

HOLDFAST := cargo run --quiet --bin holdfast --
WITH_STACK := cargo run --quiet --bin with-stack --

.DEFAULT_GOAL := help
.PHONY: help setup up ha drill down clean order compose test test-ha test-k8s test-compose test-browser test-drill model simulate lint sqlx record coverage bench bench-compare

help: ## Say what there is to do
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "make %-12s %s\n", $$1, $$2 }'

setup:
	@deploy/setup.sh

up: setup ## Run the whole shop in one process, on http://localhost:8080 (PORT= for another)
	@echo "Building (some minutes the first time) ..."
	@cargo build --bin holdfast
	@$(HOLDFAST) up

ha: ## Run it highly available, every part at least twice, on PORT and the one after
	@deploy/setup.sh ha
	@echo "Building (some minutes the first time) ..."
	@cargo build --bin holdfast
	@$(HOLDFAST) ha

drill: ## Break a shop of its own in every way it claims to survive, check it, report (MINUTES=10 SEED= RATE= REPORT= AGAINST=ha|compose)
	@deploy/setup.sh $(if $(filter compose,$(AGAINST)),,drill)
	@$(if $(filter compose,$(AGAINST)),$(COMPOSE) build)
	@echo "Building (a quarter of an hour the first time: what is measured is optimized) ..."
	@cargo build --release --bin holdfast
	@$${CARGO_TARGET_DIR:-target}/release/holdfast drill --against $(or $(AGAINST),ha) --minutes $(or $(MINUTES),10) $(if $(SEED),--seed $(SEED)) $(if $(RATE),--rate $(RATE)) --report $(or $(REPORT),.holdfast/drill)

down: ## End the shop that `make up` started elsewhere
	@$(HOLDFAST) down

clean: ## End it, and remove its data
	@$(HOLDFAST) clean

order: ## Place a demo order from the terminal
	@$(HOLDFAST) order

# Either Compose: the engine's own, or the one before it.
COMPOSE ?= $(shell docker compose version >/dev/null 2>&1 && echo docker compose || echo docker-compose)
export PORT_2 ?= $(shell echo $$(($(PORT) + 1)))

compose: ## Run it in containers, every part at least twice, on PORT and the one after, and place an order
	@$(COMPOSE) up --build --detach
	@$(COMPOSE) run --rm load order

test: setup ## Run every test, on a Postgres pair of their own
	@cargo build --workspace --all-targets
	@$${CARGO_TARGET_DIR:-target}/debug/with-stack cargo test --workspace --no-fail-fast

# The short set is the tests of this name; `ALL=1` for every fault.
HA_SHORT := short_

test-ha: ## Break the highly available form, part by part (ALL=1: every fault)
	@deploy/setup.sh ha
	@cargo build --workspace --all-targets
	@cargo test --workspace --no-fail-fast --test ha -- --ignored --test-threads=1 --skip drill:: $(if $(ALL),,$(HA_SHORT))

# It needs a Postgres pair like the others: what the cluster tells its services is tried on one.
test-k8s: ## Hold the manifests below k8s/ against their rules, and the alerts against their tests
	@deploy/setup.sh k8s
	@cargo build --workspace --all-targets
	@$${CARGO_TARGET_DIR:-target}/debug/with-stack cargo test --workspace --no-fail-fast --test manifests -- --include-ignored

test-compose: setup ## Break the containers, one of each kind, under a load of orders (ALL=1: every one, and a drill)
	@$(COMPOSE) build
	@cargo build --workspace --all-targets
	@cargo test --workspace --no-fail-fast --test compose -- --ignored --test-threads=1 $(if $(ALL),,--skip drill::)

# Bounded by the tests' own limits; pictures of every page are left in target/screenshots.
test-browser: setup ## Use the shop as people do, in Chromium; leaves pictures of every page
	@deploy/setup.sh browser
	@cargo build --workspace --all-targets
	@$${CARGO_TARGET_DIR:-target}/debug/with-stack cargo test --workspace --no-fail-fast --test browser -- --ignored --test-threads=2

# The short set is the tests of this module; `ALL=1` for every mistake, and every moment at which one may interrupt.
DRILL_SHORT := drill::short::

test-drill: ## Drill briefly (ALL=1: also shops with a mistake planted, which it has to find, and Ctrl-C)
	@deploy/setup.sh drill
	@cargo build --workspace --all-targets
	@cargo test --workspace --no-fail-fast --test ha -- --ignored --test-threads=1 $(if $(ALL),drill::,$(DRILL_SHORT))

model: ## Check the protocols in small, in every state that they can get into
	@cargo build --workspace --all-targets
	@cargo test --workspace --test models -- --include-ignored --nocapture

simulate: ## Tell the history of a seed over a simulated network, or go through a thousand of each world (SEED= WORLD= HISTORIES=)
	@cargo build --workspace --all-targets
	@cargo test --quiet --workspace --test simulate simulate -- --exact --include-ignored --nocapture

lint: setup ## Check format, lints and documentation
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --quiet -- --deny warnings
	RUSTDOCFLAGS="--deny warnings --allow rustdoc::private-intra-doc-links" cargo doc --workspace --no-deps --document-private-items --quiet

sqlx: setup ## Make .sqlx anew, after a change of SQL or of a migration
	@$(WITH_STACK) --migrated deploy/sqlx.sh

record: setup ## Write down anew what tests compare with: contract, settings, OpenAPI, rules of alerts
	@HOLDFAST_RECORD=1 $(WITH_STACK) cargo test --quiet --workspace record

coverage: setup ## Run every test and print what they cover
	@command -v cargo-llvm-cov >/dev/null || { echo "Installing cargo-llvm-cov"; cargo install --locked cargo-llvm-cov; }
	@rustup component add llvm-tools 2>/dev/null || true
	@$(WITH_STACK) cargo llvm-cov --workspace

bench: setup ## Measure an order, and each part of its way, beside what there is to compare with (JSON= for a file)
	@cargo run --quiet --release --bin holdfast -- bench all $(if $(JSON),--json $(JSON))

bench-compare: setup ## Say what became slower since another revision (BASE=main)
	@deploy/bench-compare.sh $(BASE)
