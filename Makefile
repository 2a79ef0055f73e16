# Copyright the Gatehouse authors
# SPDX-License-Identifier: Apache-2.0

# make build STATIC=1 puts Swift's standard library into the program.
STATIC ?=
# make run ARGS='--port 9090 --state DIR' passes options to `gatehouse sandbox`.
ARGS ?=
# make test FILTER='an expired token' runs the tests whose names fit.
FILTER ?=

.DEFAULT_GOAL := help
.PHONY: help run test build lint format compat acceptance integration soak rotation fuzz bench packages

help: ## List these targets
	@sed -n 's/^\([a-z]*\):.*## /\1|/p' $(MAKEFILE_LIST) | while IFS='|' read -r name text; do printf '  make %-12s %s\n' "$$name" "$$text"; done

run: packages ## Build what is needed and start the sandbox: everything on this machine, offline
	@echo 'Building gatehouse, without optimisation. The first time takes about eight minutes on two cores.'
	swift build --product gatehouse
	@echo 'Starting the sandbox. Ctrl-C stops it.'
	@exec .build/debug/gatehouse sandbox $(ARGS)

test: packages ## Run every test
	swift test --no-parallel $(if $(FILTER),--filter '$(FILTER)')

build: packages ## Build the optimised program, .build/release/gatehouse
	@echo 'Building gatehouse, optimised. The first time takes about ten minutes on two cores.'
	swift build --configuration release --product gatehouse $(if $(STATIC),--static-swift-stdlib)

lint: packages ## Check the format, the doors between the rooms, the rules of the house and the documents' links
	@for check in imports house docs; do scripts/check-$$check.sh --self-test && scripts/check-$$check.sh || exit 1; done
	swift format lint --strict --recursive --parallel Package.swift Sources Tests $(wildcard Benchmarks Fuzzing)

format: packages ## Put the sources into the format
	swift format --in-place --recursive --parallel Package.swift Sources Tests $(wildcard Benchmarks Fuzzing)

compat: packages ## Let the forges' well-known Python clients work in a sandbox; hold answers to openapi.yaml
	scripts/compat.sh

acceptance: packages ## Drive a sandbox with Huawei Cloud's ServiceStage SDK
	scripts/acceptance.sh

integration: packages ## Let a real OpenStack Keystone give the tokens, and OpenStack's client library sign in at a sandbox
	scripts/integration.sh

soak: packages ## Let two processes on one store renew tokens for a hundred callers, a hundred times; then the same with kills
	swift build --product gatehouse
	scripts/soak-renewal.py .build/debug/gatehouse
	scripts/soak-renewal.py .build/debug/gatehouse --kill

rotation: packages ## Change the master key of 100,000 credentials while a server reads them, with a kill half way
	GATEHOUSE_BENCH=1 swift build --configuration release --product gatehouse
	GATEHOUSE_BENCH=1 swift build --configuration release --product gatehouse-fill
	scripts/rotation.py .build/release/gatehouse .build/release/gatehouse-fill

bench: packages ## Measure: requests a second, first answer, memory
	scripts/bench.sh

fuzz: packages ## Give the parsers random bytes, a minute each, and a sandbox made-up requests: FUZZ_SECONDS, FUZZ_SEED
	scripts/fuzz.sh

packages:
	@scripts/install-packages.sh
