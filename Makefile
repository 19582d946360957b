# `make help` lists the targets. `make book PYTHON=python3.12` uses another Python. TORCH says where a new environment
# has torch from: auto, cpu, default, or the address of an index (.ci/install.py).
SHELL := /bin/bash
.SHELLFLAGS := -eo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help book test environment lint unit execute compare html slides site chromium browser serve bench address clean \
	distclean
.NOTPARALLEL:  # what takes time shares the cores already

# Without PYTHON= an environment that is there keeps the Python it was made with.
PYTHON ?= $(or $(shell command -v "$$(sed -n 's/^executable = //p' .venv/pyvenv.cfg 2>/dev/null)"),python3)
TORCH ?= auto
PY := .venv/bin/python
# The stamp is named after the Python and this folder: another one of either makes a new environment.
STAMP := .venv/made-$(shell "$(PYTHON)" -c 'import os, sys, zlib; \
	print("%d.%d-%08x" % (sys.version_info[:2] + (zlib.crc32(os.getcwd().encode()) & 0xffffffff,)))' 2>/dev/null)

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' Makefile

book: html  ## make everything that has changed; print the page to open
	@$(PY) -c 'from pathlib import Path; page = Path("_build/html/index.html").resolve(); \
		print(f"Open {page} ({page.as_uri()})")'

test: lint unit compare html browser  ## check everything: code, types, library, notebooks, pages

environment: $(STAMP)-package  ## the virtual environment .venv with the pinned versions

$(STAMP): requirements.txt
	@"$(PYTHON)" -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed, and" \
		" $(PYTHON) is %s: name another one, as in make book PYTHON=python3.12" % sys.version.split()[0])'
	@# Debian packs ensurepip apart, in python3-venv; pip can do without.
	"$(PYTHON)" -m venv --clear .venv || { \
		"$(PYTHON)" -m venv --clear --without-pip .venv && "$(PYTHON)" -m pip --python .venv install pip; }
	@$(PY) .ci/install.py "$(TORCH)"
	@# Beside the environment, for the tests: the last widgets before version 8, as Colab has them.
	$(PY) -m pip install --quiet --no-deps --target .venv/ipywidgets7 ipywidgets==7.7.5 widgetsnbextension==3.6.6
	@echo "Compiling them ..."
	@# What nobody imports is left out; some packages bring templates that are no Python.
	@$(PY) -m compileall -qq -j 0 -x '/tests?/|/mypy/' .venv/lib || true
	@touch $@

$(STAMP)-package: $(STAMP) pyproject.toml
	$(PY) -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

lint: environment  ## ruff, mypy, the words of the prose, and the checks of workflows and metadata
	.venv/bin/codespell -D - -D .ci/words.txt book benchmarks gen_lib notebooks teaching README.md CONTRIBUTING.md
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	.venv/bin/zizmor --offline --quiet .github/workflows
	$(PY) -m check_jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(PY) -m check_jsonschema --builtin-schema vendor.citation-file-format CITATION.cff

unit: environment  ## tests of the library and the pipeline, and the examples in docstrings
	OMP_NUM_THREADS=1 $(PY) -m pytest -p no:nbval --junitxml _build/tests/unit.xml -n auto --dist loadgroup \
		--ignore tests/browser tests gen_lib

execute: environment  ## run the notebooks whose executed copy is missing or stale
	$(PY) book/_ext/execute.py

compare: environment  ## the same, and a second run of each copy that has had none: the same numbers again?
	$(PY) book/_ext/execute.py --compare

html: execute _build/configuration  ## the pages, from the executed copies
	$(PY) book/_ext/make_pages.py

slides: execute  ## slides of every chapter's core, from the executed copies: _build/slides/index.html
	$(PY) book/_ext/make_slides.py

site: html slides  ## what is published, _build/site: the pages, and the slides below them
	rm -rf _build/site
	cp -r _build/html _build/site
	cp -r _build/slides _build/site/slides

# A change here can change every page, so all are made again.
_build/configuration: _config.yml _toc.yml requirements.txt gen_lib/figures/page.py $(wildcard book/_ext/*.py book/_static/*)
	rm -rf _build/html _build/.doctrees
	@mkdir -p _build && touch $@

chromium: environment
	.ci/chromium

browser: html slides chromium  ## tests of the built pages, and of figures in Jupyter, in headless Chromium
	@# Workers wait for the browser much of the time, so there is one more of them than processors.
	OMP_NUM_THREADS=1 $(PY) -m pytest -p no:nbval --junitxml _build/tests/browser.xml \
		--dist loadgroup --no-loadscope-reorder -n "$$($(PY) -c 'import os; print(os.cpu_count() + 1)')" tests/browser

serve: html  ## show the book at http://localhost:8000
	$(PY) -m http.server --bind localhost --directory _build/html 8000

# Apart from the environment: whatever the book is made with stays as it is.
.venv/peers/made: $(STAMP) benchmarks/requirements.txt
	$(PY) -m pip install --quiet --no-deps --upgrade --target .venv/peers --requirement benchmarks/requirements.txt
	@touch $@

bench: html .venv/peers/made  ## how fast: the library beside others, for the page "How fast"; takes four minutes
	PYTHONPATH=.venv/peers OMP_NUM_THREADS=1 $(PY) -m benchmarks.speed --output benchmarks/results.json

# Nothing but Python is needed, so that it can be the first thing done with a copy.
address:  ## make address URL=https://github.com/OWNER/REPOSITORY: where the repository is, in all files at once
	@"$(PYTHON)" book/_ext/address.py "$(URL)"

clean:  ## remove what was made, keep .venv
	rm -rf _build build .hypothesis .mypy_cache .ruff_cache *.egg-info

distclean: clean  ## remove .venv as well
	rm -rf .venv
