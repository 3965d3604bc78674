# Two commands for a new user: `make demo` and `make test`. Everything is installed into .venv, from hashed lock files.

# The first Python 3.11, 3.12 or 3.13 that is there; or say PYTHON=/path/to/python.
PYTHON ?= $(shell for p in python3.12 python3.13 python3.11 python3 python; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$p && break; done)
# GPU=1 installs ONNX Runtime for NVIDIA GPUs instead of the one for CPUs.
POSE := $(if $(GPU),pose-gpu,pose-cpu)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready-$(POSE)
SLURM_READY := $(VENV)/.ready-slurm
TESTS_READY := $(VENV)/.ready-test
DOCS_READY := $(VENV)/.ready-docs
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes
KINEOGRAPH := PYTHONPATH=workflow/lib $(BIN)/python -m kineograph.cli
CODE := Snakefile workflow/Snakefile workflow/rules

.PHONY: help setup demo demo-two test lint docs lock

help:
	@echo "make demo      install, fetch the demo's videos, and compute joint angles from them"
	@echo "make demo-two  the same with two people in the videos"
	@echo "make test      check style and types, and run all tests"
	@echo "make setup     install only (GPU=1: for NVIDIA GPUs; SLURM=1: for the head of a cluster, too)"
	@echo "make docs      build the documentation as a site, in the folder site"
	@echo "make lock      renew the lock files (needs uv)"

setup: $(READY) $(BIN)/kineograph $(if $(SLURM),$(SLURM_READY))

$(READY): envs/core.lock envs/$(POSE).lock
	@test -n "$(PYTHON)" || { echo "kineograph: no Python 3.11, 3.12 or 3.13 was found"; \
		echo "  expected one of them on the PATH, with venv and pip; found none"; \
		echo "  to do: install one, or say make PYTHON=/path/to/python"; exit 2; }
	rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV)
	$(PIP) -r envs/core.lock -r envs/$(POSE).lock
	touch $@

# The command, without installing the package: it finds the library here.
$(BIN)/kineograph: $(READY)
	printf '#!/bin/sh\nPYTHONPATH="%s$${PYTHONPATH:+:$$PYTHONPATH}" exec "%s" -m kineograph.cli "$$@"\n' \
		'$(CURDIR)/workflow/lib' '$(CURDIR)/$(BIN)/python' > $@
	chmod +x $@

demo: setup
	$(KINEOGRAPH) demo-data data/demo
	$(BIN)/kineograph run --configfile config/config.demo.yaml
	@echo
	@echo "Done. Look at:"
	@echo "  results/demo/S00/balancing/report/index.html            the trial's page: verdicts, cameras, the model in space, joint angles"
	@echo "  results/demo/report/index.html                          all trials"
	@for file in results/demo/*/*/kinematics/*.mot; do printf '  %-55s joint angles (degrees)\n' $$file; done

demo-two: setup
	$(KINEOGRAPH) demo-data data/demo_two --people two
	$(BIN)/kineograph run --configfile config/config.demo_two.yaml
	@echo
	@echo "Done. Look at:"
	@echo "  results/demo_two/S00/two_people/report/index.html       the trial's page: verdicts, cameras, both people's joint angles"
	@for file in results/demo_two/*/*/kinematics/*.mot; do printf '  %-55s joint angles (degrees)\n' $$file; done

$(SLURM_READY): $(READY) envs/slurm.lock
	$(PIP) -r envs/slurm.lock
	touch $@

$(TESTS_READY): $(SLURM_READY) $(DOCS_READY) envs/test.lock envs/rtmlib.lock
	$(PIP) -r envs/test.lock -r envs/rtmlib.lock
	touch $@

lint: $(TESTS_READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy
	$(BIN)/snakefmt --check $(CODE)
	$(KINEOGRAPH) demo-data data/demo
	$(BIN)/snakemake --lint --configfile config/config.demo.yaml

# Three workers on two cores: one of them mostly waits for SLURM.
test: lint
	$(BIN)/pytest -n 3 --dist loadscope --no-loadscope-reorder

$(DOCS_READY): $(READY) envs/docs.lock
	$(PIP) -r envs/docs.lock
	touch $@

docs: $(DOCS_READY)
	$(BIN)/sphinx-build --quiet --fail-on-warning -c docs/_site . site
	@echo "Done. Look at site/docs/index.html"

lock:
	envs/lock.sh
