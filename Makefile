# Needs python3 (3.11 or later) with venv and pip, and make; nothing else.
PYTHON ?= python3
PIP = .venv/bin/python -m pip install -q --disable-pip-version-check
# What pip says of its own configuration helps nobody whose installation went well; of one that failed all is kept.
LOG = install.log
FAILED = rm -rf .venv; { grep -i error $(LOG) || cat $(LOG); } | tail -n 1 >&2; \
	  echo "Could not install: $(LOG) has it all; .venv was removed" >&2; exit 1

.PHONY: install demo test lint check docs pictures mutate fit clean

install: .venv/installed

demo: .venv/installed
	@.venv/bin/chaffinch demo

# A process a core, each with a file at a time, as the tests of a file share what is costly to make. What Python compiles
# is kept, whatever the environment says: some hundred processes load it.
test: .venv/installed-dev
	PYTHONDONTWRITEBYTECODE= .venv/bin/pytest -q -n auto --maxprocesses 8 --dist loadfile --no-loadscope-reorder

# What CI runs beside the tests: style, types, quality floors.
lint: .venv/installed-dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

check: test lint
	.venv/bin/python -m benchmarks.extract --check
	.venv/bin/python benchmarks/near_dup.py --check
	.venv/bin/python benchmarks/excerpts.py --check
	.venv/bin/python benchmarks/paragraphs.py --check
	.venv/bin/python benchmarks/revisit.py --check
	.venv/bin/python benchmarks/contacts.py --check
	.venv/bin/python benchmarks/prose.py --check
	.venv/bin/python benchmarks/furniture.py --check
	.venv/bin/python benchmarks/farm_pages.py --check
	.venv/bin/python benchmarks/search.py --check
	.venv/bin/python -m benchmarks.pages --check
	.venv/bin/python benchmarks/month.py --check

# The pages of docs/ and the docstrings as a site, in build/docs; a broken link is an error.
docs: .venv/installed-docs
	.venv/bin/sphinx-build -q -W --keep-going docs build/docs

# The models that reading and cleaning go by: needs the requirements of requirements-bench.txt, and labelled pages in the folder PAGES.
fit: .venv/installed-dev
	.venv/bin/python -m benchmarks.fit_reading $(PAGES)
	.venv/bin/python -m benchmarks.fit_lines $(PAGES)

# The pictures of the docs, from the demo's pages in Chromium.
pictures: .venv/installed-dev
	.venv/bin/python -m benchmarks.pages --pictures docs/images

# For the night: every number that decides something halved and doubled, and what the tests say to that.
mutate: .venv/installed-dev
	.venv/bin/python benchmarks/mutate.py --check

clean:
	rm -rf .venv build *.egg-info

# A .venv that an interruption left half-made has no `installed` in it and is made anew.
.venv/installed: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Chaffinch needs Python 3.11 or later; this is " + sys.version.split()[0])'
	@rm -rf .venv
	@echo "Installing into .venv"
	@{ $(PYTHON) -m venv .venv \
	  && $(PIP) --require-hashes -r requirements.txt \
	  && $(PIP) --no-deps --no-build-isolation -e . \
	  && touch $@; } >$(LOG) 2>&1 || { $(FAILED); }
	@rm -f $(LOG)

.venv/installed-dev: .venv/installed requirements-dev.txt requirements-scrapyd.txt requirements-axe.txt
	@{ $(PIP) --require-hashes -r requirements-dev.txt \
	  && $(PIP) --require-hashes --no-deps --upgrade --target .venv/scrapyd -r requirements-scrapyd.txt \
	  && $(PIP) --require-hashes --no-deps --upgrade --target .venv/axe -r requirements-axe.txt \
	  && touch $@; } >$(LOG) 2>&1 || { $(FAILED); }
	@rm -f $(LOG)

.venv/installed-docs: .venv/installed requirements-docs.txt
	@{ $(PIP) --require-hashes -r requirements-docs.txt && touch $@; } >$(LOG) 2>&1 || { $(FAILED); }
	@rm -f $(LOG)
