# make demo   sets everything up and restores a simulated frame through TorchServe; results under demo/
# make test   sets everything up, checks style and types, runs the tests and prints their coverage
# make test-fast   the tests of half a second at most, without style, types and coverage
# make docs   builds the documentation, build/docs/index.html
# Needs Python 3.11 or newer, git and make. Everything else, Java for TorchServe included, comes from pip into .venv.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DOCS_STAMP := $(VENV)/.installed-docs

.PHONY: demo test test-fast lint types docs clean

demo: $(STAMP)
	$(BIN)/python examples/demo.py

# Coverage traces every call: exporting a network takes ten times as long under it, so the slow tests run without it.
# The fast ones run on all cores; the slow ones start processes and servers of their own, so they run one after the other.
test: $(STAMP) lint
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -m "not slow" -n auto --dist loadfile --cov --cov-report=
	$(BIN)/python -m pytest -m slow
	@echo "coverage of the fast tests: $$($(BIN)/coverage report --format=total) %"

# One thread for each library: the workers of pytest-xdist share the cores.
test-fast: $(STAMP)
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -q -m "not slow" -n auto --dist loadfile

lint: $(STAMP) types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# mypy reads what an installed wheel holds, which is what the type checker of a user reads.
types: $(STAMP)
	@rm -rf build/lib build/wheel
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --target build/wheel .
	MYPYPATH=build/wheel $(BIN)/mypy -p corinpaint
	MYPYPATH=build/wheel:examples $(BIN)/mypy examples
	MYPYPATH=build/wheel $(BIN)/mypy --strict tests/typing/user_script.py

$(STAMP): pyproject.toml setup.py constraints.txt
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed: install it, or run make PYTHON=/path/to/python3.11"; exit 1; }
	"$(PYTHON)" -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

docs: $(DOCS_STAMP)
	$(BIN)/sphinx-build --fail-on-warning --keep-going --fresh-env --quiet -b html -d build/doctrees docs build/docs
	@echo "build/docs/index.html"

$(DOCS_STAMP): $(STAMP)
	$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt -e '.[docs]'
	@touch $@

clean:
	rm -rf $(VENV) build demo *.egg-info .pytest_cache .mypy_cache .ruff_cache
