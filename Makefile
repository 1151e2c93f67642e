# Every target installs what it needs into .venv by itself. `make help` explains them all.

.DEFAULT_GOAL := help
SHELL := /bin/sh

BIN := .venv/bin
INSTALLED := .venv/.installed
OVERLAY := deploy/k8s/overlays/production
KUBERNETES_VERSION := 1.32
IMAGE := .cache/proto/image.binpb
RELEASED := protos/released.binpb

# Servers and commands start a fifth faster from bytecode, and the tests start hundreds; where a machine says that none
# is to be kept, it is kept here all the same.
unexport PYTHONDONTWRITEBYTECODE

# The first interpreter that runs and is 3.11 or 3.12 (a pyenv shim may be on PATH and yet not run).
PYTHON ?= $(shell for python in python3.12 python3.11 python3 python; do \
	$$python -c 'import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))' 2>/dev/null \
	&& echo $$python && break; done)

.PHONY: help
help:  ## Explain every target (this text)
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

##@ Try it
.PHONY: demo run run-services
demo: $(INSTALLED)  ## Decide on 10,000 real visits of a fashion store and report what it was worth (ARGS=… passes options)
	@$(BIN)/tandem demo $(ARGS)

run: $(INSTALLED)  ## All four services in one process: gRPC on 127.0.0.1:50051, metrics on 127.0.0.1:9464
	@exec $(BIN)/tandem serve $(ARGS)

run-services: $(INSTALLED)  ## The same four as four processes that talk gRPC on loopback; Ctrl-C drains them all
	@exec $(BIN)/tandem serve --apart $(ARGS)

##@ Work on it
.PHONY: setup mongod test promise promises bench
setup: $(INSTALLED)  ## Install the locked requirements and the project into .venv

$(INSTALLED): requirements-dev.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Tandem needs Python 3.11 or 3.12, and found neither as python3.12, python3.11," \
		"python3 or python; install one, or name it: make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Tandem needs the venv module of $(PYTHON)," \
		"which is not installed (on Debian: apt-get install python3-venv)" >&2; exit 1; }
	@for compiler in "$${CC:-cc}" gcc clang; do command -v $$compiler >/dev/null 2>&1 && exit 0; done; \
		echo "Tandem needs a C compiler, and found neither cc, gcc nor clang" \
		"(on Debian: apt-get install gcc libc6-dev)" >&2; exit 1
	@$(PYTHON) -c 'import os, sysconfig; os.stat(os.path.join(sysconfig.get_path("include"), "Python.h"))' 2>/dev/null || { \
		echo "Tandem needs the header files of $(PYTHON), which are not installed (on Debian: apt-get install python3-dev)" >&2; \
		exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	@echo "Installing the locked requirements into .venv"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

mongod: $(INSTALLED)  ## Fetch a real MongoDB server for the tests into .cache, unless the machine has one
	@$(BIN)/python -m tests.support.fetch_mongod

test: $(INSTALLED)  ## Run all tests on all cores, on SQLite and on a real MongoDB (ARGS="-k name"; REQUIRE_MONGO=1 forbids skipping it)
	@$(BIN)/python -m tests.support.fetch_mongod || true
	@$(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder $(ARGS)

promise: $(INSTALLED)  ## Test one promise at full strength: NAME=… (without it, lists them); the last line is JSON
	@$(BIN)/python -m tests.support.fetch_mongod || true
	@$(BIN)/python -m tests.support.promises "$(NAME)" $(ARGS)

promises: $(INSTALLED)  ## Test every promise at full strength, one after the other; a line of JSON each
	@$(BIN)/python -m tests.support.fetch_mongod || true
	@$(BIN)/python -m tests.support.promises --all

# The peers of a benchmark, if it has any, live in a virtual environment of their own.
PEERS := $(if $(wildcard tests/bench/peers/$(NAME).lock),.bench/peers-$(NAME)/.installed)

.bench/peers-%/.installed: tests/bench/peers/%.lock $(INSTALLED)
	@echo "Installing the peers of the benchmark $* into $(@D)"
	@$(PYTHON) -m venv --clear $(@D)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@

bench: $(INSTALLED) $(PEERS)  ## Measure on this machine, beside peers: NAME=profile, rules, scoring, explore, triggers, decide or own-pressure (ARGS=--full takes longer); writes .bench/<name>.json
	@$(BIN)/python -m tests.support.fetch_mongod || true
	@PYTHONPATH=.:shared/gen $(BIN)/python -m tests.bench $(NAME) $(ARGS)

##@ Check it
.PHONY: lint format python-lint type-lint import-lint proto-lint yaml-lint manifest-lint
lint: python-lint type-lint import-lint proto-lint proto-check yaml-lint manifest-lint  ## All static checks below

python-lint: $(INSTALLED)  ## ruff: rules and format
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check

type-lint: $(INSTALLED)  ## mypy --strict
	@$(BIN)/mypy services shared tests

import-lint: $(INSTALLED)  ## The direction of dependencies (.importlinter)
	@$(BIN)/lint-imports

proto-lint: $(IMAGE)  ## buf: the STANDARD rules, and nothing that breaks the released contracts
	@$(BIN)/buf lint $(IMAGE) --path tandem
	@$(BIN)/buf breaking $(IMAGE) --against $(RELEASED) --path tandem

yaml-lint: $(INSTALLED)  ## yamllint over every YAML file of the project
	@$(BIN)/yamllint --strict .

manifest-lint: $(INSTALLED)  ## Render the Kubernetes overlay and validate it offline
	@if kubectl version --client 2>/dev/null | grep -q Kustomize; then \
		mkdir -p .cache && kubectl kustomize $(OVERLAY) > .cache/manifests.yaml || exit 1; \
		$(BIN)/kubernetes-validate --kubernetes-version $(KUBERNETES_VERSION) --strict .cache/manifests.yaml \
			> .cache/manifests.log 2>&1; status=$$?; \
		grep -v '^INFO' .cache/manifests.log && exit 1; \
		test $$status -eq 0 && echo "$$(grep -c '^INFO' .cache/manifests.log) Kubernetes objects are valid"; \
	else echo "!!! KUBERNETES MANIFESTS NOT VALIDATED: kubectl is not installed !!!"; fi

format: $(INSTALLED)  ## Let ruff format and fix the Python files
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

##@ Change it
.PHONY: proto proto-check proto-release lock
PROTOS := $(shell find protos -name '*.proto' | sort)
PROTOC = $(BIN)/python -m grpc_tools.protoc -Iprotos -I$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
GENERATE = $(PROTOC) --python_out=$(1) --grpc_python_out=$(1) --pyi_out=$(1) $(PROTOS)

proto: $(INSTALLED)  ## Generate shared/gen from protos/
	@fresh=$$(mktemp -d) && trap 'rm -rf "$$fresh"' EXIT && $(call GENERATE,"$$fresh") \
		&& rm -rf shared/gen/tandem && mkdir -p shared/gen && cp -R "$$fresh/tandem" shared/gen/

proto-check: $(INSTALLED)  ## Fail when shared/gen is not what protos/ generate
	@fresh=$$(mktemp -d) && trap 'rm -rf "$$fresh"' EXIT && $(call GENERATE,"$$fresh") \
		&& diff --recursive --brief --exclude=__pycache__ "$$fresh" shared/gen \
		|| { echo "shared/gen is out of date: run 'make proto'" >&2; exit 1; }

$(IMAGE): $(PROTOS) $(INSTALLED)
	@mkdir -p $(@D)
	@$(PROTOC) --include_imports --include_source_info --descriptor_set_out=$@ $(PROTOS)

proto-release: $(INSTALLED)  ## At a release: make today's contracts the ones that later changes must not break
	@$(PROTOC) --include_imports --descriptor_set_out=$(RELEASED) $(PROTOS)

COMPILE = $(BIN)/uv pip compile --quiet pyproject.toml --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-header
lock: $(INSTALLED)  ## Lock the requirements of pyproject.toml (ARGS=--upgrade moves them all to their newest versions)
	@$(COMPILE) --group dev --group build --output-file requirements-dev.lock $(ARGS)
	@$(COMPILE) --constraint requirements-dev.lock --output-file requirements.lock
	@for peers in tests/bench/peers/*.in; do $(BIN)/uv pip compile --quiet $$peers --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header --output-file $${peers%.in}.lock $(ARGS) || exit 1; done
