# One task runner. `make run` and `make test` set up what they need on a machine that has rustup and a C linker.

TARGET := wasm32-wasip1
BROWSER := wasm32-unknown-unknown
# Where cargo puts things, also with CARGO_TARGET_DIR or build.target-dir set.
TARGET_DIR = $(shell cargo metadata --format-version 1 --no-deps | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')
MODULE = $(TARGET_DIR)/$(TARGET)/release/aws_headless_service_policy.wasm
VERSION = $(shell sed -n 's/^version = "\(.*\)"$$/\1/p' Cargo.toml)
# What `make run` evaluates: ARGS="--mode mutate my-manifests/", for example.
ARGS ?= e2e-tests/samples/shop

.PHONY: all
all: policy.wasm

# Paths of this machine stay out of the module, so that it has the same bytes wherever it is built (`make reproducible`).
# The sources of std are on the machine when rustup has `rust-src`; without it they are named as in the last line anyway.
CARGO_HOME ?= $(HOME)/.cargo
REMAPPED = "$(CURDIR)=." "$(TARGET_DIR)=target" "$(CARGO_HOME)/registry/src=registry" \
	"$$(rustc --print sysroot)/lib/rustlib/src/rust=/rustc/$$(rustc -vV | sed -n 's/^commit-hash: //p')"

# The module: cargo does no link-time optimisation while `rlib` is among the crate types, so that one is built alone.
# Its flags, separated as cargo wants it, are for this target only, and take the place of RUSTFLAGS of the environment.
# wasmtime, which runs it in every Kubewarden host, has SIMD unless it is turned off.
SIMD := -Ctarget-feature=+simd128
# A host looks at its clock in every function that is called. To put functions of up to 14 instructions in line, instead of
# 5, costs no bytes to speak of.
INLINED := -Cllvm-args=-inline-threshold=14
.PHONY: policy.wasm
policy.wasm: wasm-target
	CARGO_ENCODED_RUSTFLAGS="$$(printf -- '%s' $(SIMD); printf -- '\037--remap-path-prefix=%s' $(REMAPPED))" \
		cargo rustc --locked --release --lib --crate-type cdylib --target $(TARGET) -- $(INLINED)
	@cmp -s "$(MODULE)" $@ || cp "$(MODULE)" $@

# The module with its metadata, as kwctl run, kwctl push and policy-server read it.
.PHONY: annotated-policy.wasm
annotated-policy.wasm: kwctl policy.wasm
	kwctl annotate -m policy-metadata.yml -u README.md -o $@ policy.wasm

# To a registry of your own, where you are logged in: make push REGISTRY=registry.example.com/policies
.PHONY: push
push: registry annotated-policy.wasm
	kwctl push annotated-policy.wasm registry://$(REGISTRY)/aws-headless-service-policy:v$(VERSION)

# `deploy/` with the Kustomize in the kubectl on the PATH: every overlay with every component is what the tests say.
.PHONY: kustomize
kustomize:
	@command -v kubectl >/dev/null || { echo "kubectl is not on the PATH: get it from https://kubernetes.io/docs/tasks/tools" >&2; exit 1; }
	cargo run --locked --quiet --package e2e-tests --bin compare-kustomize -- "$(TARGET_DIR)/kustomize"

.PHONY: registry
registry:
	@[ -n "$(REGISTRY)" ] || { echo "where to? make push REGISTRY=registry.example.com/policies" >&2; exit 1; }

# Asked for before anything is built, so that nobody waits for a build that ends in this message.
.PHONY: kwctl
kwctl:
	@command -v kwctl >/dev/null || { echo "kwctl is not on the PATH: get it from https://github.com/kubewarden/adm-controller/releases" >&2; exit 1; }

# What rustup has is not asked for again, so that these three do without a network.
.PHONY: wasm-target browser-target
wasm-target: NEEDED := $(TARGET)
browser-target: NEEDED := $(BROWSER)
wasm-target browser-target:
	@! command -v rustup >/dev/null || rustup target list --installed | grep -qx $(NEEDED) || rustup target add $(NEEDED)

.PHONY: lint-tools
lint-tools:
	@! command -v rustup >/dev/null || for tool in rustfmt clippy; do \
		rustup component list --installed | grep -q "^$$tool-" || rustup component add $$tool || exit; \
	done

# The module and the programs of this machine are built side by side: each build has stretches that keep one core busy.
BESIDE_THE_MODULE = +@$(MAKE) --no-print-directory --jobs=2 policy.wasm
.PHONY: built-cli built-tests
built-cli:
	cargo build --locked --quiet --package aws-headless-service-policy-cli
built-tests:
	cargo test --locked --quiet --workspace --no-run

# A refusal (exit code 2) is a result, not a failure.
.PHONY: run
run:
	$(BESIDE_THE_MODULE) built-cli
	@cargo run --locked --quiet --package aws-headless-service-policy-cli -- --module policy.wasm $(ARGS) || [ $$? -eq 2 ]

.PHONY: test
test:
	$(BESIDE_THE_MODULE) built-tests
	cargo test --locked --workspace

# The policy for browsers: what a page imports, in target/playground/. It is no part of the module.
PLAYGROUND = $(TARGET_DIR)/playground
.PHONY: playground
playground: browser-target
	cargo build --locked --release --lib --package playground --target $(BROWSER)
	cargo run --locked --package playground --features bindgen --bin bindgen -- \
		"$(TARGET_DIR)/$(BROWSER)/release/playground.wasm" "$(PLAYGROUND)"

# Every case in Node, with the answer of the command line.
.PHONY: playground-test
playground-test: node playground
	cargo build --locked --package aws-headless-service-policy-cli --no-default-features --features program
	node playground/tests/node.mjs "$(PLAYGROUND)/playground.js" "$(TARGET_DIR)/debug/aws-headless-service-policy-cli" e2e-tests/cases

.PHONY: node
node:
	@command -v node >/dev/null || { echo "node is not on the PATH: get it from https://nodejs.org" >&2; exit 1; }

# Properties on as many random clusters as RUNS says, others with every START (docs/reliability.md).
RUNS ?= 20000
START ?= 1
.PHONY: properties
properties: policy.wasm
	PROPERTY_RUNS=$(RUNS) PROPERTY_START=$(START) cargo test --locked --package reliability --test properties --test failing_hosts

# Hands arbitrary bytes to the policy, so many seconds for each input that others write. What is found is left in
# fuzz/artifacts: it belongs into fuzz/found, and becomes a case. The policy has no unsafe code for a sanitizer to look at.
FUZZ_SECONDS ?= 30
FUZZ_TARGETS ?= request settings actions host json
FUZZ_LIMITS = -timeout=10 -rss_limit_mb=512 -malloc_limit_mb=128 -max_len=16384
.PHONY: fuzz
fuzz: fuzz-tools
	cargo run --locked --quiet --package reliability --example write-seeds -- fuzz/corpus
	for target in $(FUZZ_TARGETS); do \
		cargo +nightly fuzz run --fuzz-dir fuzz --sanitizer none $$target -- -max_total_time=$(FUZZ_SECONDS) \
			-dict=fuzz/corpus/words.dict -print_final_stats=1 $(FUZZ_LIMITS) || exit; \
	done

.PHONY: fuzz-tools
fuzz-tools:
	@command -v cargo-fuzz >/dev/null || { echo "cargo-fuzz is not on the PATH: cargo install cargo-fuzz --locked" >&2; exit 1; }
	@rustup toolchain list | grep -q '^nightly' || { echo "libFuzzer needs a nightly compiler: rustup toolchain install nightly" >&2; exit 1; }

# Changes one expression of the policy at a time, and looks for a test that fails; the module is not built. All of them
# take a day: SHARD=0/40 makes a fortieth.
SHARD ?= 0/1
.PHONY: mutants
mutants:
	@command -v cargo-mutants >/dev/null || { echo "cargo-mutants is not on the PATH: cargo install cargo-mutants --locked" >&2; exit 1; }
	cargo mutants --sharding round-robin --shard $(SHARD)

# Every case that kwctl can run, with the kwctl on the PATH: several at a time where bats has GNU parallel.
E2E = $(TARGET_DIR)/e2e
JOBS = $(shell ! parallel --version 2>/dev/null | grep -q '^GNU' || echo "--jobs $$(nproc)")
.PHONY: e2e-tests
e2e-tests: kwctl e2e-tools annotated-policy.wasm
	cargo run --locked --quiet --package e2e-tests --bin render-cases -- "$(E2E)"
	RENDERED="$(E2E)" bats $(JOBS) e2e-tests/kwctl "$(E2E)"

.PHONY: e2e-tools
e2e-tools:
	@for tool in bats jq; do command -v $$tool >/dev/null || missing="$$missing $$tool"; done; \
	[ -z "$$missing" ] || { echo "not on the PATH, and needed for the end-to-end tests (Debian's packages):$$missing" >&2; exit 1; }

# A later compiler has lints that nobody has seen yet: a warning fails CI, which sets this variable, and nobody else.
DENIED = $(if $(CI),-- -D warnings)
.PHONY: lint
lint: wasm-target lint-tools
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets $(DENIED)
	cargo clippy --locked --package aws-headless-service-policy --target $(TARGET) $(DENIED)

# What an evaluation costs, as one table: this policy beside an empty one and a plain one (docs/performance.md).
PEERS = $(TARGET_DIR)/$(TARGET)/release
.PHONY: bench
bench: policy.wasm
	RUSTFLAGS="$(SIMD)" cargo build --locked --release --target $(TARGET) $(addprefix --package ,empty-policy plain-policy repeating-policy)
	PEERS="$(PEERS)" cargo bench --locked --package benches --features kubewarden-host

# Writes benches/costs.json, which `make test` compares: say in the commit why the policy costs something else.
.PHONY: costs
costs: policy.wasm
	UPDATE_COSTS=1 cargo test --locked --package benches --test costs on_record

# A real API server and kubectl, for what follows (api-server/README.md); Go builds them in some minutes.
API_SERVER = $(TARGET_DIR)/api-server
KUBERNETES = $(shell sed -n 's/^\tk8s.io\/kubernetes \(v.*\)$$/\1/p' api-server/go.mod)
.PHONY: api-server
api-server:
	@command -v go >/dev/null || { echo "go is not on the PATH: get it from https://go.dev/dl" >&2; exit 1; }
	cd api-server && go build -ldflags "-X k8s.io/component-base/version.gitVersion=$(KUBERNETES)" -o "$(API_SERVER)/" ./...

# What the policy costs in the policy-server on the PATH, in clusters of several sizes, as one table. It takes half an hour.
BESIDE_API_SERVER = PATH="$(API_SERVER):$$PATH" MODULE="$(CURDIR)/annotated-policy.wasm" api-server/run.bash
.PHONY: bench-host
bench-host: kwctl policy-server api-server annotated-policy.wasm annotated-empty-policy
	EMPTY_MODULE="$(API_SERVER)/empty-policy.wasm" $(BESIDE_API_SERVER) api-server/bench-host.bash

.PHONY: annotated-empty-policy
annotated-empty-policy: kwctl api-server
	RUSTFLAGS="$(SIMD)" cargo build --locked --release --target $(TARGET) --package empty-policy
	kwctl annotate -m api-server/empty-policy-metadata.yml -o "$(API_SERVER)/empty-policy.wasm" "$(PEERS)/empty_policy.wasm"

# What people do with kubectl, and all that it prints, to the letter; UPDATE_EXPECT=1 writes it down. Ten minutes.
.PHONY: cluster-tests
cluster-tests: kwctl policy-server api-server annotated-policy.wasm
	AUDIT=yes $(BESIDE_API_SERVER) api-server/cluster-tests.bash

.PHONY: policy-server
policy-server:
	@command -v policy-server >/dev/null || { echo "policy-server is not on the PATH: get it from https://github.com/kubewarden/adm-controller/releases" >&2; exit 1; }

# Writes the table of settings, the form, the schema, docs/rules.md, deploy/gateway/ and artifacthub-pkg.yml; `make test` fails when they are stale.
.PHONY: docs
docs:
	UPDATE_DOCS=1 cargo test --locked --package e2e-tests --test shipped is_fresh

.PHONY: fmt
fmt: lint-tools
	cargo fmt --all

# Advisories, bans, licenses, sources: deny.toml. Without a way to the advisories: make deny CHECKS="bans licenses sources"
CHECKS ?= all
.PHONY: deny
deny:
	@command -v cargo-deny >/dev/null || { echo "cargo-deny is not on the PATH: cargo install cargo-deny --locked" >&2; exit 1; }
	cargo deny --locked --workspace check $(CHECKS)

# Two builds in different folders, and the same bytes.
.PHONY: reproducible
reproducible: wasm-target
	scripts/reproducible.sh

# The compiler of releases. Any recent one builds the policy; with this one, policy.wasm has the bytes of the release.
RELEASE_RUSTC := 1.95.0
.PHONY: release-rustc
release-rustc:
	@rustc --version | grep -q '^rustc $(RELEASE_RUSTC) ' || { echo "a release is built by rustc $(RELEASE_RUSTC), and this is $$(rustc --version)" >&2; exit 1; }

# What a release publishes.
.PHONY: release
release: release-rustc annotated-policy.wasm policy-sbom.cdx.json policy-sbom.spdx.json
	sha256sum policy.wasm annotated-policy.wasm policy-sbom.cdx.json policy-sbom.spdx.json > SHA256SUMS

# All of a release that needs no identity: what is built is pushed to a registry on loopback, pulled and compared.
.PHONY: release-dry-run
release-dry-run: release
	scripts/release-dry-run.sh

# What the module is made of, without the host and the tests; features that the tests ask for add a few crates to the list.
CYCLONEDX := 0.5.9
.PHONY: policy-sbom.cdx.json
policy-sbom.cdx.json:
	@command -v cargo-cyclonedx >/dev/null || { echo "cargo-cyclonedx is not on the PATH: cargo install cargo-cyclonedx --version $(CYCLONEDX) --locked" >&2; exit 1; }
	cargo cyclonedx --format json --spec-version 1.5 --target $(TARGET) --no-build-deps --override-filename policy-sbom.cdx
	find . -mindepth 2 -name policy-sbom.cdx.json -not -path './target/*' -delete # one for each other member

# The same in the other format; it names crates of other platforms too, such as libc.
SPDX := 0.10.0
.PHONY: policy-sbom.spdx.json
policy-sbom.spdx.json:
	@command -v cargo-sbom >/dev/null || { echo "cargo-sbom is not on the PATH: cargo install cargo-sbom --version $(SPDX) --locked" >&2; exit 1; }
	cargo sbom --cargo-package aws-headless-service-policy --output-format spdx_json_2_3 > $@

# Spelling, and what is wrong or careless in the workflows. .github/hygiene.txt has the versions.
.PHONY: hygiene
hygiene:
	@for tool in typos actionlint zizmor; do command -v $$tool >/dev/null || missing="$$missing $$tool"; done; \
	[ -z "$$missing" ] || { echo "not on the PATH (pip install -r .github/hygiene.txt):$$missing" >&2; exit 1; }
	typos
	actionlint
	zizmor --offline --pedantic .github

.PHONY: clean
clean:
	cargo clean
	rm -f policy.wasm annotated-policy.wasm policy-sbom.cdx.json policy-sbom.spdx.json SHA256SUMS
