# `make test` is enough by itself on a machine with Python 3.11 or newer, git and make.
PYTHON := .venv/bin/python
READY := .venv/wallasapi/dev
SOURCES := wallascli tests $(wildcard tools bench)

.PHONY: test faults check fmt bench docs clean

test: $(READY)
	$(PYTHON) -m pytest -n auto $(ARGS)

# Every fault x every wire x every wire that takes over, and every odd body: `make test` runs a sample of both.
faults: $(READY)
	ALL_FAULTS=1 $(PYTHON) -m pytest -n auto tests/gateway/test_faults.py tests/gateway/test_bodies.py $(ARGS)

check: $(READY)
	$(PYTHON) -m ruff check $(SOURCES)
	$(PYTHON) -m ruff format --check $(SOURCES)
	$(PYTHON) -m mypy wallascli tests
	@$(PYTHON) -m tests.budget_report

fmt: $(READY)
	$(PYTHON) -m ruff check --fix $(SOURCES)
	$(PYTHON) -m ruff format $(SOURCES)

bench: $(READY)
	@if [ -x bench/run ]; then bench/run $(ARGS); else echo "there is no bench/run yet" >&2; exit 1; fi

docs: $(READY)
	@if [ -d tools/docs ] || [ -f tools/docs.py ]; then $(PYTHON) -m tools.docs; \
	else echo "there is no tools/docs.py yet" >&2; exit 1; fi

# The launcher makes .venv; what the tests need comes on top.
$(READY): pyproject.toml constraints.txt
	./wallasapi --version
	@echo "installing what the tests need" >&2
	$(PYTHON) -m pip install --disable-pip-version-check --progress-bar off \
		--editable '.[dev]' --constraint constraints.txt
	@touch $@

clean:
	rm -rf .venv dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +
