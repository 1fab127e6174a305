# make demo         a demo shop, made and served (ARGS="--articles 10000 --port 9000")
# make test         all tests; installs what they need
# make soak         the long runs: thousands of generated operations
# make bench        the gateway against hand-written handlers (docs/performance.md)
# make fmt lint     format the code; look for mistakes
# make playground   the GraphiQL page, embedded at the next build
# make build        the release binary: target/release/comptoir
#
# Works from a fresh Debian with Rust, Node.js and make; what is missing is installed (as root) by tests/support/setup.sh.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help demo build test soak bench fmt lint playground toolchain setup

# Rust links with its own fast linker on x86-64 Linux already. Elsewhere mold, then lld, where they work. One setting for
# every target: another one would compile everything again.
ifeq ($(origin RUSTFLAGS),undefined)
  ifeq ($(shell uname -s),Linux)
    ifneq ($(shell uname -m),x86_64)
      LINKER := $(shell for l in mold lld; do \
        echo 'int main(void){return 0;}' | cc -fuse-ld=$$l -x c - -o /dev/null 2>/dev/null && echo $$l && break; done)
      ifneq ($(LINKER),)
        export RUSTFLAGS := -C link-arg=-fuse-ld=$(LINKER)
      endif
    endif
  endif
endif

help:
	@sed -n 's/^# \{0,1\}//p;/^$$/q' Makefile

# The profile `fast` is a release without link-time optimisation: minutes instead of a quarter of an hour.
demo: toolchain playground
	cargo run --locked --profile fast -- demo $(ARGS)

build: toolchain playground
	cargo build --locked --release

# Without Node.js the build goes on, and the page says how to add it.
playground:
	@sh playground/build.sh

test: setup playground
	sh tests/support/run.sh

soak: setup playground
	COMPTOIR_SOAK=1 sh tests/support/run.sh

# Each server is a process of its own and the load a third: give it a quiet machine. The last one makes up to 1,000,000
# articles the first time (about 10 GB below target/): SCALE="--sizes 1000,10000" measures fewer.
bench: setup
	cargo bench --locked --profile fast --bench serve $(ARGS)
	cargo bench --locked --profile fast --bench drivers
	cargo bench --locked --profile fast --bench scale -- $(SCALE)

fmt:
	cargo fmt

lint: toolchain
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings

toolchain:
	@sh tests/support/setup.sh build

setup:
	@sh tests/support/setup.sh test
