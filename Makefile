# Every target makes its own virtual environment first; nothing needs to be installed beforehand but Python 3.11+.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help demo test slow avx2 threads check docs bench quality jury format styles gallery page clean

help:
	@echo "make demo     repaint a photograph in one of barestyle's styles, into demo.png"
	@echo "make test     run the tests"
	@echo "make slow     run the tests that take longer: every combination, killed workers, every cell of the paper's study"
	@echo "make avx2     run the tests of the arithmetic as without AVX-512, on two threads"
	@echo "make threads  run those of losses and optimizers on two threads"
	@echo "make check    check format, lint and types"
	@echo "make docs     build the documentation into site/, to be opened from disk"
	@echo "make bench    measure speed and memory here, against PyTorch's tutorial: some 15 minutes"
	@echo "make quality  compare the default with the paper's networks and a trained one: an hour and a half"
	@echo "make jury     paint pairs with the default and with a trained network, to be compared by eye without knowing which is which"
	@echo "make format   put the code into its format"
	@echo "make styles   paint the style pictures that come with the package, and train their networks: half an hour"
	@echo "make page     photograph the page for the documentation, in Chromium"
	@echo "make gallery  paint the README's pictures"
	@echo "make clean    remove the virtual environment, caches and the built documentation"

demo: .venv/.installed
	$(BIN)/barestyle demo --output demo.png --force

test: .venv/.installed-dev
	$(BIN)/python -m pytest -n 2 --dist worksteal

slow: .venv/.installed-dev
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "slow and not processes"
	$(BIN)/python -m pytest -m "slow and processes"

# Tests of the arithmetic as on a processor without AVX-512, where sums are rounded in another order, on two threads.
# Two workers share two cores, so threads that wait must not spin.
avx2: .venv/.installed-dev
	BARESTYLE_TEST_THREADS=2 OMP_WAIT_POLICY=PASSIVE ONEDNN_MAX_CPU_ISA=AVX2 ATEN_CPU_CAPABILITY=avx2 MKL_ENABLE_INSTRUCTIONS=AVX2 \
		$(BIN)/python -m pytest -n 2 --dist worksteal tests/feed_forward tests/losses tests/networks tests/objective tests/optimize tests/run

# Sums over two threads are rounded in another order, too.
threads: .venv/.installed-dev
	BARESTYLE_TEST_THREADS=2 $(BIN)/python -m pytest tests/losses tests/objective tests/optimize

check: .venv/.installed-dev
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy

docs: .venv/.installed-docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet
	@echo "site/index.html"

bench: .venv/.installed-dev
	$(BIN)/python -m benchmarks $(BENCH)

quality: .venv/.installed-dev
	$(BIN)/python -m benchmarks.quality $(QUALITY)

jury: .venv/.installed-dev
	$(BIN)/python -m benchmarks.jury $(JURY)

format: .venv/.installed-dev
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

styles: .venv/.installed-dev
	$(BIN)/python -m tools.paint_styles
	$(BIN)/python -m tools.train_styles

page: .venv/.installed-dev
	$(BIN)/python -m tools.photograph_page

gallery: .venv/.installed
	$(BIN)/python -m tools.paint_gallery

clean:
	rm -rf .venv site .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "barestyle needs Python 3.11 or later; name one: make demo PYTHON=python3.12")'
	$(PYTHON) -m venv .venv

.venv/.installed: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet -c constraints.txt -e .
	touch $@

.venv/.installed-dev: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	touch $@ .venv/.installed

.venv/.installed-docs: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[docs]'
	touch $@ .venv/.installed
