# Everything runs with the Go toolchain alone; go.mod pins the tools.

GO ?= go

# Without CGO test binaries link in half the time: with it, the plugin loader of kustomize
# needs the C linker and keeps all methods.
export CGO_ENABLED ?= 0

.PHONY: build test race rig e2e check demo bench fuzz soak update clean

build: ## bin/tenantry
	$(GO) build -o bin/tenantry ./cmd/tenantry

# No test depends on the clock; -timeout ends what hangs.
test: ## all tests, examples and generated pages included
	$(GO) test -timeout 30m ./...

race: ## short tests with the race detector, which needs a C compiler and compiles everything anew
	CGO_ENABLED=1 $(GO) test -race -short -timeout 1h ./compiler/... ./internal/... ./render/...

rig: ## bin/rig: the control planes of the end-to-end tests; the first build takes some ten minutes
	$(GO) run ./fixtures/rig/build

e2e: rig ## end-to-end tests: real API servers, Flux, Argo CD, Kubernetes' authorizer, histories of real definitions
	$(GO) -C fixtures/e2e test -count=1 -timeout 30m ./...
	$(GO) -C fixtures/authorizer test -count=1 ./...
	$(GO) -C fixtures/crds test -count=1 ./...

check: ## formatting, vet and staticcheck
	@unformatted="$$(gofmt -l $$(git ls-files '*.go'))"; \
	if [ -n "$$unformatted" ]; then echo "not formatted:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	$(GO) -C fixtures/e2e vet ./...
	$(GO) -C fixtures/authorizer vet ./...
	$(GO) -C fixtures/crds vet ./...
	$(GO) -C fixtures/e2e tool staticcheck ./...

demo: build ## build the small example into bin/demo and show what came of it
	rm -rf bin/demo
	bin/tenantry build -C examples/simple/repo --out bin/demo --bootstrap --as-of 2026-11-20
	bin/tenantry list -C examples/simple/repo --out bin/demo
	@echo
	@echo "The rendered output:"
	@find bin/demo -type f -not -path '*/.tenantry/*' | sort

bench: ## time and memory at size
	$(GO) run ./fixtures/bench

FUZZTIME ?= 20s
fuzz: ## each fuzz target for FUZZTIME
	@set -e; for package in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz' || true); do \
			echo "$$package $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) $$package; \
		done; \
	done

SOAK ?= 100000
soak: ## what takes longer than tests may: compare SOAK pairs of schemas, and of definitions, with what the API server's own code makes of their objects; change all fields of documents; make all mistakes of package hold's tests
	TENANTRY_SOAK=1 $(GO) test -count=1 -timeout 1h -run 'TestNoFieldIsOverlooked|TestEqualInputMakesNoNoise|TestNoLooseningIsOverlooked' ./compiler/analysis/plan
	TENANTRY_SOAK=1 $(GO) test -count=1 -timeout 1h -run TestPatchesChangeWhatIsBelowThem ./compiler
	TENANTRY_SOAK=1 $(GO) test -count=1 -timeout 1h -v -run TestHoldingIsSound ./compiler/hold
	TENANTRY_SOAK=$(SOAK) $(GO) test -count=1 -timeout 2h -v -run 'TestSoundness|TestSoakFindsLies|TestMergeIsSound|TestCommonIsSound|TestReadersAreNotSurprised' ./compiler/crd/evolution
	TENANTRY_SOAK=$(SOAK) $(GO) -C fixtures/crds test -count=1 -timeout 2h -v -run 'TestDefinitionsAreSound' .

update: ## rewrite expected outputs and generated pages; the examples first, since pages show them
	TENANTRY_UPDATE=1 $(GO) test -count=1 ./examples
	TENANTRY_UPDATE=1 $(GO) test -count=1 ./...

clean:
	rm -rf bin
