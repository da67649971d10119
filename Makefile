# make tune      installs abclm and writes a tune with a given title and key into tunes/
# make test      installs abclm with its test tools and runs the tests
# make check     runs what CI runs: ruff, mypy, the tests, doctests, the code in the docs and the examples
# make tables    writes the tables of options in docs/commands, from what the commands declare
# make dist      builds sdist and wheel, installs the wheel in a clean environment and writes a tune with it
# make notebook  runs docs/tour.ipynb again and saves the outputs of its cells

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TITLE ?= The Lost Badger
KEY ?= G

# As many tests at a time as there are cores; a core that has none left takes over some of another's.
TEST := $(BIN)/python -m pytest -n auto --dist worksteal

.PHONY: tune test check slow dist tables notebook fuzz fuzz-midi clean

tune: $(VENV)/installed
	$(BIN)/abclm generate --title "$(TITLE)" --key "$(KEY)" --out tunes --format abc,mid,wav

test: $(VENV)/installed-dev
	$(TEST)

check: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(TEST)

# The long checks: at full size what the tests run small.
slow: $(VENV)/installed-dev
	$(BIN)/python -m pytest -m slow

tables: $(VENV)/installed-dev
	$(BIN)/python docs/option_tables.py
	$(BIN)/python docs/make_api.py

dist: $(VENV)/bin/python
	rm -rf dist
	$(BIN)/python -m pip install --quiet build
	$(BIN)/python -m build --outdir dist
	$(PYTHON) -m venv dist/clean
	@echo "Installing the wheel and what it needs into dist/clean; where that has to be downloaded, it takes minutes."
	dist/clean/bin/python -m pip install --quiet dist/*.whl
	cd dist && clean/bin/abclm generate --title "$(TITLE)" --key "$(KEY)" --out tunes --format abc,mid,wav
	cd dist && clean/bin/abclm check tunes

notebook: $(VENV)/installed-dev
	$(BIN)/python docs/run_tour.py

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
		{ echo "abclm needs Python 3.11 to 3.13, and $(PYTHON) is $$($(PYTHON) --version 2>&1); give another as make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: $(VENV)/bin/python setup.cfg setup.py pyproject.toml
	@echo "Installing abclm and what it needs into $(VENV); where that has to be downloaded, it takes minutes."
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/installed-dev: $(VENV)/bin/python setup.cfg setup.py pyproject.toml
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	@touch $@ $(VENV)/installed

# Fuzz the notation with a million texts; this takes most of an hour. atheris has wheels for Linux.
fuzz: $(VENV)/installed-dev
	$(BIN)/python -m pip install --quiet atheris
	$(BIN)/python tests/fuzz/fuzz_notation.py -runs=1000000 -max_len=400

# Fuzz the way from MIDI to ABC with 200,000 files; this takes two hours.
fuzz-midi: $(VENV)/installed-dev
	$(BIN)/python tests/fuzz/fuzz_midi.py --runs 200000

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
