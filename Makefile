# Everything that a person or CI does with Dozen. A bare `make` prints this list.
.DEFAULT_GOAL := help
SHELL := /bin/bash -o pipefail
.PHONY: help synth diff deploy destroy up dev test test-short test-long bench lint fmt snapshots clean

# Node 20 works, and says for ever that it is old; Node 24 synthesizes faster and is used where it is found.
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 20
JSII_NODE ?= $(shell ls -d $$HOME/.nvm/versions/node/v24.*/bin/node 2>/dev/null | tail -n 1)
ifneq ($(JSII_NODE),)
export JSII_NODE
endif

CDK := npx --no-install cdk
GOLANGCI_LINT := .build/bin/golangci-lint-2.15.0

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  \033[1m%-12s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

synth: node_modules ## write cdk.out for every environment, and check it
	@rm -rf cdk.out
	@$(CDK) synth --quiet '**'

diff: node_modules .needs-env ## ENV=dev: what a deployment would change
	@$(CDK) diff '$(ENV)/*'

deploy: node_modules .needs-env ## ENV=dev: deploy an environment
	@$(CDK) deploy '$(ENV)/*'

destroy: node_modules .needs-env ## ENV=dev: destroy an environment
	@$(CDK) destroy '$(ENV)/*'

test: node_modules .services ## the whole suite
	@go test -count=1 ./...
	@cd app && go test -race -count=1 ./...

test-short: node_modules ## what needs no server and no second synthesis: about a minute
	@go test -count=1 -short ./...

test-long: node_modules .services ## the long proofs
	@DOZEN_LONG=1 go test -count=1 -timeout 60m ./...
	@cd app && DOZEN_LONG=1 go test -race -count=1 -timeout 60m ./...

up: node_modules .services ## ENV=dev: run the synthesized environment on this machine, behind its migration
	@go build -o .build/bin/dozen ./cmd/dozen
	@exec .build/bin/dozen up $(or $(ENV),dev) $(ARGS)

dev: node_modules .services ## run the bundled app here, with a database, a cache and a demo source
	@cd app && go run ./cmd/dev

bench: node_modules test/twin/node_modules ## ratios against references, in one run: takes minutes
	@go test -run '^$$' -bench . -timeout 60m ./test

snapshots: node_modules ## rewrite the template snapshots and the README's tables after a wanted change
	@go test -count=1 ./test -run 'Snapshots|Readme' -update

lint: $(GOLANGCI_LINT) ## formatting, the linters, the migrations, the workflows
	@$(GOLANGCI_LINT) fmt --diff >/dev/null || { $(GOLANGCI_LINT) fmt --diff; echo "run make fmt"; exit 1; }
	@$(GOLANGCI_LINT) run ./...
	@cd app && ../$(GOLANGCI_LINT) run --config ../.golangci.yml ./...
	@go run ./cmd/dozen lint-migrations app/...
	@go run github.com/rhysd/actionlint/cmd/actionlint@v1.7.12 -shellcheck=

fmt: ## format the Go code
	@gofmt -w $$(git ls-files '*.go')

clean: ## remove what was built
	@rm -rf .build cdk.out

.PHONY: .needs-env .services
.needs-env:
	@test -n "$(ENV)" || { echo "Which environment? Write for example: make $(MAKECMDGOALS) ENV=dev"; exit 2; }

.services:
	@./scripts/services

$(GOLANGCI_LINT):
	@echo "Compiling golangci-lint 2.15.0, once: takes a few minutes" >&2
	@GOBIN=$(CURDIR)/.build/bin go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
	@mv .build/bin/golangci-lint $@

node_modules: package-lock.json
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@

test/twin/node_modules: test/twin/package-lock.json
	@cd test/twin && npm ci --no-audit --no-fund --loglevel=error
	@touch $@
