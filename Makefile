# charwise: every target sets up .venv first, so that each works in a fresh clone.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
# The last one fails when something is wrong.
BENCHES := throughput latency training footprint scale soak

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-editors test-terminal check bench bench-full sanitize format clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/.installed ## make .venv with charwise and its development tools

$(VENV)/.installed: pyproject.toml hatch_build.py $(wildcard daemon/charwise_daemon/kernel*.[ch])
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable '.[dev,bench]'
	@touch $@

demo: setup ## learn a real project, complete in it through the language server (under 4 minutes)
	$(BIN)/python bench/demo.py

test: setup ## run all tests but those in real editors and terminals
	$(BIN)/pytest -n 2 --ignore tests/editors --ignore tests/terminal

test-editors: setup ## run the tests in real editors, which they install in a cache folder
	$(BIN)/pytest tests/editors --timeout 180 # the first one of an editor installs it, and trains

test-terminal: setup ## run the tests in a real zsh in a real tmux, where both are installed (a minute)
	$(BIN)/pytest tests/terminal

check: setup ## format, lint, types, layering
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest -q tests/test_layers.py

sanitize: setup ## run the kernel's tests under AddressSanitizer and UndefinedBehaviorSanitizer (2 minutes)
	$(CC) -g -O1 -std=gnu11 -fPIC -shared -fvisibility=hidden -ffp-contract=off -fsanitize=address,undefined \
	  -fno-sanitize-recover=all daemon/charwise_daemon/kernel.c -o $(VENV)/libkernel-sanitized.so -lm
	CHARWISE_KERNEL_LIBRARY=$(VENV)/libkernel-sanitized.so LD_PRELOAD="$$($(CC) -print-file-name=libasan.so)" \
	  ASAN_OPTIONS=detect_leaks=0 PYTHONMALLOC=malloc $(BIN)/pytest -q -p no:cacheprovider tests/daemon/test_kernel.py tests/daemon/test_memory.py tests/daemon/test_recall.py tests/daemon/test_predictor.py --timeout 600

bench: setup ## measure speed and memory against the budgets, the quick way (6 minutes; wants a quiet machine)
	for each in $(BENCHES); do $(BIN)/python bench/$$each.py --quick || exit; done

bench-full: setup ## the same on many more samples, and ten minutes of typing (an hour)
	for each in $(BENCHES); do $(BIN)/python bench/$$each.py || exit; done
	$(BIN)/python bench/latency.py --kernel numpy

format: setup ## format the code and mend what the linter can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## remove .venv and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
