# Every target makes .venv and installs requirements.txt first, if that is not done.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python -m
READY := $(VENV)/.ready

.PHONY: help setup demo test test-fast outputs bench checkpoint experiments lab build site clean
help:
	@echo "make setup       .venv with everything that the course and its grading need; the other targets do it, too"
	@echo "make demo        build, release, submit, collect and grade a class of 12, with feedback"
	@echo "make test        everything: units, every mistake, notebooks, hostile submissions, the pipeline"
	@echo "make test-fast   the tests that start no kernel and try no mistake"
	@echo "make outputs     run the solved notebooks that have changed, and keep what they print for the tests: some half an hour for all"
	@echo "make bench       in pairs: seconds a submission, stock nbgrader and ours; tokens a second, transformers and ours"
	@echo "make checkpoint  train the small GPT-2 of the course anew: some twenty minutes"
	@echo "make experiments train every model that is compared: some eight hours of one core, and it goes on where it was stopped"
	@echo "make lab         JupyterLab on this course; make lab OPTIONS=--allow-root where you are root, as in a container"
	@echo "make build       solutions/ -> classroom/source and course/"
	@echo "make site        the course as pages in build/site, with the outputs of the solved notebooks: some ten minutes at first"
	@echo "make clean       remove what these targets made, but for .venv and the class in classroom/"

setup: $(READY)

demo: $(READY)
	@$(RUN) autograder demo

test: $(READY)
	@$(RUN) ruff check .
	@$(RUN) pytest -n 2 --dist worksteal

test-fast: $(READY)
	@$(RUN) pytest -n 2 --dist worksteal -m "not slow"

outputs: $(READY)
	@$(VENV)/bin/python tests/solved.py

bench: $(READY)
	@$(VENV)/bin/python bench/grading.py
	@$(VENV)/bin/python bench/generation.py

checkpoint: $(READY)
	@$(VENV)/bin/python experiments/pretrain.py

experiments: $(READY)
	@$(VENV)/bin/python experiments/triangle.py
	@$(VENV)/bin/python experiments/compare.py
	@$(VENV)/bin/python experiments/needs_source.py
	@$(VENV)/bin/python experiments/few_examples.py

lab: $(READY)
	@PATH="$(CURDIR)/$(VENV)/bin:$$PATH" $(RUN) jupyterlab $(OPTIONS)

build: $(READY)
	@$(RUN) autograder build

site: $(READY)
	@$(VENV)/bin/python docs/notebooks.py
	@$(RUN) sphinx --quiet --builder html docs build/site
	@echo "build/site/index.html"

clean:
	rm -rf demo .pytest_cache .ruff_cache
	find . -name __pycache__ -not -path "./$(VENV)/*" -prune -exec rm -rf {} +

$(READY): requirements.txt pyproject.toml course/pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON). Install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is too old: Python 3.11 or newer is needed. Name another: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "$(PYTHON) has no venv module. On Debian and Ubuntu: apt install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@
