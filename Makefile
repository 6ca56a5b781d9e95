# Anlan. `make run` starts everything; `make test` is what CI runs.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

CONSOLE := cloud/console
CONSOLE_SRC := $(shell find $(CONSOLE)/src $(CONSOLE)/public -type f) $(CONSOLE)/index.html $(CONSOLE)/package-lock.json $(CONSOLE)/vite.config.ts
BINARIES := bin/anlan-edge bin/anlan-cloud bin/anlan-sim

.PHONY: help
help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | expand -t 14

.PHONY: run
run: build ## a simulated building, its edge and the cloud, until Ctrl-C
	@go build -o bin/anlan-demo ./deploy/demo
	@exec bin/anlan-demo

.PHONY: build
build: console ## the three binaries, in bin/
	@mkdir -p bin
	CGO_ENABLED=0 go build -trimpath -o bin/ ./edge/cmd/anlan-edge ./cloud/cmd/anlan-cloud ./firmware-sim/cmd/anlan-sim

.PHONY: console
console: $(CONSOLE)/dist/index.html ## the web console, into the folder the cloud embeds

$(CONSOLE)/node_modules/.package-lock.json: $(CONSOLE)/package-lock.json
	cd $(CONSOLE) && npm ci --no-fund --no-audit --loglevel=error
	@touch $@

$(CONSOLE)/dist/index.html: $(CONSOLE)/node_modules/.package-lock.json $(CONSOLE_SRC)
	cd $(CONSOLE) && npm run --silent build

.PHONY: api
api: $(CONSOLE)/node_modules/.package-lock.json ## the API's description and the console's types, from the handlers
	go run ./cloud/cmd/anlan-cloud openapi > $(CONSOLE)/openapi.json.new
	mv $(CONSOLE)/openapi.json.new $(CONSOLE)/openapi.json
	cd $(CONSOLE) && npm run --silent types && npx prettier --log-level warn --write src/api/schema.gen.ts

.PHONY: test-deps
test-deps: ## what the tests need of the system: a browser, a CJK font, PostgreSQL
	@deploy/install-test-deps

# The race detector watches our code and what shares memory with it. The database translated
# to Go, hashing and pictures only compute; watching them too takes twice as long.
UNWATCHED := -race=false -d=checkptr=0
RACE := -race $(foreach p,modernc.org golang.org/x/crypto golang.org/x/image image,'-gcflags=$(p)/...=$(UNWATCHED)')

.PHONY: test
test: test-deps lint build ## every test, from the codec to the browser
	@mkdir -p artifacts
	cd $(CONSOLE) && npm test --silent
	deploy/with-postgres go test $(RACE) -p 4 $$(go list ./... | grep -v -e /systemtest -e /cloud/sample)
	deploy/with-postgres go test -run TestF22 ./cloud/sample ./cloud/httpapi # one worker on a large history: minutes with the race detector
	$(MAKE) --no-print-directory soak >artifacts/soak.log || { cat artifacts/soak.log; exit 1; }
	ANLAN_BIN=$(CURDIR)/bin go test -count=1 -timeout 15m ./deploy/systemtest/...

.PHONY: lint
lint: $(CONSOLE)/node_modules/.package-lock.json ## formatters, vet and types; changes nothing
	@out=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$out" ]; then echo "gofmt would change:"; echo "$$out"; exit 1; fi
	go vet ./...
	cd $(CONSOLE) && npm run --silent check && npm run --silent format:check

.PHONY: fuzz
FUZZTIME ?= 30s
fuzz: ## every fuzz target for FUZZTIME (30s)
	@for pkg in $$(go list ./...); do \
	  for f in $$(go test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "$$pkg $$f"; go test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) $$pkg; \
	  done; done

.PHONY: soak
SOAK_POLLS ?= 1000000
soak: ## a million polls on bad lines, hours of polling in virtual time
	ANLAN_SOAK_POLLS=$(SOAK_POLLS) go test -count=1 -v -timeout 60m -run 'Soak' ./drivers/modbus ./edge/...

.PHONY: bench
bench: build test-deps ## ratios to the physical limit or to a peer, in one run
	ANLAN_BIN=$(CURDIR)/bin deploy/bench/run

.PHONY: clean
clean: ## built files and the demo's data
	rm -rf bin run artifacts $(CONSOLE)/node_modules
	find $(CONSOLE)/dist -mindepth 1 ! -name .keep -delete
