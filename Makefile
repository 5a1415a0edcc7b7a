# nfstest-tui. `make nfstest` is the main job; `make help` lists the rest.
# GNU make ends with 2 whenever a recipe fails and prints the recipe's own exit code ("Error 1"):
# scripts that need that code call build/nfstest-tui --ci themselves.

include nfstest/defaults.mk

.DEFAULT_GOAL := help
SHELL := /bin/sh
NODE_MAJOR := 24

# The system's Node where it is new enough, else npm's package `node` in build/.
ifeq ($(shell node -p 'var v = process.versions.node.split(".").map(Number); v[0] > 22 || (v[0] == 22 && v[1] >= 12)' 2>/dev/null),true)
NODE :=
else
NODE := build/node/node_modules/node/bin/node
export PATH := $(CURDIR)/build/node/node_modules/node/bin:$(PATH)
endif

CLI := build/nfstest-tui
SOURCES := $(shell find src components -name '*.ts' -o -name '*.tsx' 2>/dev/null)

.PHONY: help nfstest start-test-env stop-test-env tui doctor setup test test-faults soak check bench clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo "  Settings and their defaults: nfstest/defaults.mk, for example"
	@echo "    make nfstest TESTCASE=all NFS_VERSION=4.1"
	@echo "    make nfstest SERVER_SRC=../my-server KEEP=1"

nfstest: setup ## stop, start, test, stop: the verdict is the exit code (KEEP=1 leaves it running)
	@$(CLI) --ci $(if $(filter-out 0,$(KEEP)),--keep)

start-test-env: setup ## start server and client VM and leave them running
	@$(CLI) start-env

stop-test-env: $(CLI) ## stop server and client VM
	@$(CLI) stop-env

tui: setup ## the dashboard
	@$(CLI) dashboard

doctor: $(CLI) ## what is here and what is missing
	@$(CLI) doctor

setup: $(CLI) ## install what is missing and start an engine (apt-get; asks on a terminal)
	@$(CLI) setup $(if $(filter-out 0,$(YES)),--yes)

test: $(CLI) ## all tests, with the real engine and a real VM (and a browser for the HTML report)
	@$(CLI) setup --for-tests $(if $(filter-out 0,$(YES)),--yes)
	@npm run --silent test:all

test-faults: setup ## inflict every fault on real parts: build/faults.json (FAULTS=name,name chooses; as root)
	@npm run --silent test:faults

soak: setup ## start, run and stop 50 times (SOAK_ROUNDS) and see that nothing grows: build/soak.json
	@npm run --silent soak

check: node_modules/.package-lock.json ## types, lint and unit tests: under a minute
	@npm run --silent check

bench: setup ## measure starts, suite, inner loop and more for real: about twenty minutes; build/bench.json
	@npm run --silent bench

clean: ## stop everything and remove what was built; runs are kept
	@if [ -x $(CLI) ]; then $(CLI) clean; fi
	rm -rf node_modules
	find build -mindepth 1 -maxdepth 1 ! -name README.md ! -name runs -exec rm -rf {} +

build/node/node_modules/node/bin/node:
	@echo "==> bringing Node $(NODE_MAJOR) through npm (the system's is older than 22)"
	@npm install --loglevel=error --no-fund --no-audit --prefix build/node node@$(NODE_MAJOR)

node_modules/.package-lock.json: package-lock.json | $(NODE)
	@echo "==> installing the program's packages"
	@npm ci --loglevel=error --no-fund --no-audit
	@touch $@

# A launcher, so that the Node that compiled it runs it from any folder, whatever PATH says then.
$(CLI): $(SOURCES) tsconfig.json rolldown.config.ts package.json node_modules/.package-lock.json
	@echo "==> compiling"
	@npm run --silent build
	@printf '#!/bin/sh\nnode="%s"\n[ -x "$$node" ] || node=node\nexec "$$node" "%s/build/compiled/cli.js" "$$@"\n' '$(if $(NODE),$(CURDIR)/$(NODE),$(shell command -v node))' '$(CURDIR)' > $@
	@chmod +x $@
