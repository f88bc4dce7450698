# Stellwerk. `make help` lists what can be made; the README says what a machine needs first.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?=
MINUTES ?= 60
VENV := .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest
PACKAGES := stellwerk twin controllers hil cext
# An installation is made again only when one of these has changed.
INSTALL_INPUTS := pyproject.toml $(wildcard setup.py) \
    $(wildcard cext/*.pyx cext/*.pxd cext/*.h cext/*.c.in)

.PHONY: help demo test check soak bench wheel clean system-demo system-test

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: $(VENV)/.installed-demo ## build, install and run the main job
	$(BIN)/stellwerk demo
	@echo "The report is $(CURDIR)/out/demo/report.html"

test: $(VENV)/.installed-dev ## run the whole suite, three at a time: much of it waits (20 minutes at most)
	$(PYTEST) -m "not soak" -n 3 --dist loadfile --no-loadscope-reorder --durations=15

check: $(VENV)/.installed-dev ## lint, types, layers, unit tests (4 minutes at most)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/check_docstrings.py $(PACKAGES)
	$(BIN)/bandit -q -r -ll $(PACKAGES)
	$(PYTEST) -q -n 3 --dist loadfile --no-loadscope-reorder -m "not long and not soak and not daemon and not chromium" --slow-share=0.1

soak: $(VENV)/.installed-dev ## schedules, fuzzing, mutation: MINUTES=60, resumes where it stopped
	$(PYTEST) -q -m soak
	$(BIN)/python -m tests.soak --minutes $(MINUTES)

bench: $(VENV)/.installed-dev ## benchmarks, without a gate
	mkdir -p out/bench
	$(PYTEST) benchmarks --benchmark-only -p no:randomly --benchmark-json=out/bench/results.json

wheel: $(VENV)/.installed-dev ## manylinux wheel, then installed and run without a compiler
	tools/wheel.sh $(BIN)/python

clean: ## remove everything that was built, the environment included
	rm -rf $(VENV) build dist out mutants .mypy_cache .ruff_cache .pytest_cache .hypothesis .soak
	rm -rf *.egg-info .benchmarks .import_linter_cache .coverage
	find $(PACKAGES) tests -name __pycache__ -prune -exec rm -rf {} +
	find cext -name '*.so' -delete -o -name '_*.c' -delete

system-demo system-test: system-%:
	@tools/system-packages.sh $*

$(VENV)/.made: | system-demo
	python=$$(tools/find-python.sh $(PYTHON)); \
	[ -x $(BIN)/python ] || $$python -m venv $(VENV); \
	$(BIN)/python -m pip install -q --upgrade pip
	touch $@

$(VENV)/.installed-demo: $(VENV)/.made $(INSTALL_INPUTS) | system-demo
	$(BIN)/python -m pip install -q -e '.[demo]'
	touch $@

$(VENV)/.installed-dev: $(VENV)/.made $(INSTALL_INPUTS) | system-test
	$(BIN)/python -m pip install -q -e '.[dev]'
	touch $@ $(VENV)/.installed-demo
