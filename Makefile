# Everything that people and CI do with Dozen. `make` without a target lists the targets.
.DEFAULT_GOAL := help
SHELL := /bin/bash -o pipefail
.PHONY: help synth diff deploy destroy up check dev test test-short test-long mutants bench lint scan fmt snapshots clean

# Node 20 works; this silences the library's warning about its end of life. Node 24 is faster and is used if it is found.
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 20
# The same warning of AWS's SDK, seven lines for each command.
export AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED := true
# package.json pins the CDK: it must not advise to install another one.
export CDK_DISABLE_VERSION_CHECK := 1
JSII_NODE ?= $(shell ls -d $$HOME/.nvm/versions/node/v24.*/bin/node 2>/dev/null | tail -n 1)
ifneq ($(JSII_NODE),)
export JSII_NODE
endif

# The packages that do several things at once. They run with the race detector, which needs a C compiler, while the others run:
# they take minutes in which they mostly wait. The app's tests follow as soon as one of the two has ended.
CONCURRENT := ./internal/local/... ./internal/gate/handler/... ./internal/proxy
RACE := $(if $(filter 1,$(shell go env CGO_ENABLED)),-race)

# The app has its own tests, in its own language. If it is a Go module, as the one that comes with Dozen, they run with ours.
GO_APP := $(wildcard app/go.mod)

CDK := npx --no-install cdk
GOLANGCI_LINT := .build/bin/golangci-lint-2.15.0

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  \033[1m%-12s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

synth: node_modules ## synthesize every environment into cdk.out and check it
	@rm -rf cdk.out
	@$(CDK) synth --quiet '**' 2>&1 | { grep -v -e '^Supply a stack id' -e '^$$' || true; } >&2

# ARGS are options of the CDK's own commands, such as ARGS='--require-approval never'.
diff: node_modules .needs-env ## ENV=dev: show what a deployment would change
	@$(CDK) diff --ci '$(ENV)/*' $(ARGS) || { scripts/credentials; exit 1; }

deploy: node_modules .needs-env ## ENV=dev: show what would change, ask, and deploy an environment
	@./scripts/deploy '$(ENV)' $(ARGS)

# cdk destroy ends with success if no stack has the name, and the environment stays. The synthesis fails.
destroy: node_modules .needs-env ## ENV=dev: destroy an environment
	@$(CDK) synth --quiet '$(ENV)/*'
	@$(CDK) destroy --app cdk.out '$(ENV)/*' $(ARGS) || { scripts/credentials; exit 1; }

test: node_modules .services .race ## run the whole test suite, which must leave nothing in the temporary directory
	@$(MAKE) --no-print-directory -j2 .test-concurrent .test-serial .test-app

test-short: node_modules ## run the tests that need no server and no second synthesis: about a minute
	@go test -count=1 -short ./...

test-long: node_modules .services .race ## run the long tests too: kills, releases under load
	@DOZEN_LONG=1 go test -count=1 -timeout 60m ./...
	@[ -z '$(GO_APP)' ] || { cd app && DOZEN_LONG=1 go test $(RACE) -count=1 -timeout 60m ./...; }

# What decides about safety, see test/mutants. It takes about half an hour on two cores; ONLY='guard|lease' measures a part.
mutants: node_modules .services ## ONLY=...: break the code on purpose, and print how much of it the tests notice
	@go test -count=1 -timeout 4h -v -run Killed ./test/mutants -kill -only '$(ONLY)'

up: node_modules .services ## ENV=dev: run the synthesized environment on this machine, starting with its migration
	@go build -o .build/bin/dozen ./cmd/dozen
	@exec .build/bin/dozen up $(or $(ENV),dev) $(ARGS)

check: node_modules .services ## ENV=dev: try whether the app keeps the contract, docs/contract.md
	@go build -o .build/bin/dozen ./cmd/dozen
	@exec .build/bin/dozen check $(or $(ENV),dev) $(ARGS)

dev: node_modules .services ## run the bundled app here, with a database, a cache and a demo source
	@[ -d app/cmd/dev ] || { echo "make dev runs the app that comes with Dozen, and app/ is another one. make up runs any app."; exit 2; }
	@cd app && go run ./cmd/dev

bench: node_modules test/twin/node_modules ## measure the synthesis against a twin in JavaScript: takes minutes
	@go test -run '^$$' -bench . -timeout 60m ./test

snapshots: node_modules ## rewrite the template snapshots and the generated tables after an intended change
	@go test -count=1 ./test -run 'Snapshots|Readme|NamedResources' -update

lint: $(GOLANGCI_LINT) ## check formatting, Go code, migrations and workflows
	@$(GOLANGCI_LINT) fmt --diff >/dev/null || { $(GOLANGCI_LINT) fmt --diff; echo "run make fmt"; exit 1; }
	@$(GOLANGCI_LINT) run ./...
	@[ -z '$(GO_APP)' ] || { cd app && ../$(GOLANGCI_LINT) run --config ../.golangci.yml ./...; }
	@go run ./cmd/dozen lint-migrations
	@go run github.com/rhysd/actionlint/cmd/actionlint@v1.7.12 -shellcheck=

GOVULNCHECK := go run golang.org/x/vuln/cmd/govulncheck@v1.6.0
scan: ## look for known vulnerabilities in what the Go code calls
	@$(GOVULNCHECK) $(ARGS) ./...
	@[ -z '$(GO_APP)' ] || { cd app && $(GOVULNCHECK) $(ARGS) ./...; }

fmt: ## format the Go code
	@gofmt -w $$(git ls-files '*.go')

clean: ## remove build output
	@rm -rf .build cdk.out

.PHONY: .needs-env .services .tools .race .test-concurrent .test-serial .test-app
.test-concurrent:
	@scripts/tidy go test $(RACE) -vet=off -count=1 -p 1 -timeout 20m $(CONCURRENT)

.test-serial:
	@scripts/tidy go test -vet=off -count=1 -p 1 -timeout 20m $$(go list ./... | grep -vxF "$$(go list $(CONCURRENT))")

.test-app:
	@[ -z '$(GO_APP)' ] || { cd app && ../scripts/tidy go test $(RACE) -count=1 ./...; }

.race:
	@test -n "$(RACE)" || echo "No C compiler found: the tests run without the race detector. Install gcc." >&2
.tools:
	@./scripts/tools

.needs-env:
	@test -n "$(ENV)" || { echo "ENV is not set. Name the environment, for example: make $(MAKECMDGOALS) ENV=dev"; exit 2; }
	@case '$(ENV)' in *[*?{]*) ;; *) go run ./cmd/dozen environments '$(ENV)';; esac

.services:
	@./scripts/services

$(GOLANGCI_LINT):
	@echo "Compiling golangci-lint 2.15.0. This takes a few minutes, once." >&2
	@GOBIN=$(CURDIR)/.build/bin go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
	@mv .build/bin/golangci-lint $@

node_modules: package-lock.json | .tools
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@

test/twin/node_modules: test/twin/package-lock.json
	@cd test/twin && npm ci --no-audit --no-fund --loglevel=error
	@touch $@
