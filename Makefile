# `make help` lists the targets. Everything is installed into .venv, once; nothing else on the machine changes,
# except that `make test` installs Chromium from Debian when it is missing and you are root.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
FONTS := $(VENV)/node_modules/@fontsource
TYPESCRIPT := 5.9.3
TSC := $(VENV)/typescript-$(TYPESCRIPT)/node_modules/.bin/tsc
LABEL_STUDIO := .venv-label-studio
REQUIREMENTS ?= requirements.lock
UV := 0.13.9
ARGS ?=
PACK ?=
CHROMIUM ?= $(shell command -v chromium)

.DEFAULT_GOAL := help
.PHONY: help app install test check format lock audit fuzz bench load train wheel rehearse-gpu chromium clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

app: $(VENV)/app  ## start the app on http://127.0.0.1:7860 (ARGS="--port 8000")
	$(BIN)/python app.py $(ARGS)

install: $(VENV)/dev $(TSC) $(LABEL_STUDIO)/bin/label-studio chromium  ## install what check and test need ("make --jobs 3 install": at once)

test: $(VENV)/dev $(LABEL_STUDIO)/bin/label-studio chromium  ## run all tests (ARGS="-k images" for some)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --durations=25 $(ARGS)

check: $(VENV)/dev $(TSC)  ## lint, check the formatting and the types (Python and JavaScript)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	find spotter annotation -name '*.pyi' -delete  # gradio writes one next to every component class
	$(BIN)/mypy
	@if command -v npm >/dev/null; then \
	  echo $(TSC) --project .ci/tsconfig.json && $(TSC) --project .ci/tsconfig.json; \
	else \
	  echo "There is no npm: the types of the JavaScript are not checked."; \
	fi

format: $(VENV)/dev  ## repair what ruff can repair
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: | $(BIN)/python  ## renew requirements.lock: the newest versions that requirements.txt allows, with hashes
	$(BIN)/python -m pip install uv==$(UV)
	$(BIN)/uv pip compile --upgrade --universal --python-version 3.11 --generate-hashes --no-strip-extras \
	  --custom-compile-command "make lock" --quiet requirements.txt --output-file requirements.lock

audit: | $(BIN)/python  ## look up known vulnerabilities of what requirements.lock installs (needs the internet)
	$(BIN)/python -m pip install pip-audit
	$(BIN)/pip-audit --require-hashes --disable-pip --requirement requirements.lock

fuzz: $(VENV)/dev  ## try 10,000 damaged and odd inputs (make test: 500), and all kills
	FUZZ=10000 KILLS=1000 $(BIN)/python -m pytest tests/annotation/test_fuzz.py tests/annotation/test_kill.py \
	  tests/annotation/store/test_kill.py tests/test_endpoints.py $(ARGS)

bench: $(VENV)/dev  ## measure speed and memory
	$(BIN)/python -m spotter.evaluation.benchmark $(ARGS)

load: $(VENV)/dev  ## 20 people at once for two minutes (ARGS="--users 40")
	$(BIN)/python -m annotation.load_benchmark $(ARGS)

train: $(VENV)/dev $(VENV)/fonts  ## train a spotter (ARGS="--recipe nano --minutes 60")
	$(BIN)/python -m spotter.training $$(test -d $(FONTS) && echo --fonts $(FONTS)) $(ARGS)

wheel: | $(BIN)/python  ## build dist/*.whl, to be installed anywhere
	$(BIN)/python -m pip wheel --no-deps --wheel-dir dist .

runs/pack.zip: | $(VENV)/dev $(VENV)/fonts
	mkdir -p runs
	$(BIN)/python -m spotter.training.pack $@ $$(test -d $(FONTS) && echo --fonts $(FONTS)) $(PACK)

rehearse-gpu: runs/pack.zip  ## rehearse a run on a rented GPU (PACK="--data FOLDER ... --backgrounds FOLDER")
	spotter/training/rehearse_gpu.sh runs/pack.zip runs/rehearsal

clean:  ## remove .venv and caches
	rm -rf $(VENV) $(LABEL_STUDIO) .pytest_cache .ruff_cache *.egg-info dist

# A Python without ensurepip (Debian without python3-venv) gets pip from the one outside.
$(BIN)/python:
	$(PYTHON) -m venv $(VENV) || \
	  { $(PYTHON) -m venv --clear --without-pip $(VENV) && $(PYTHON) -m pip --python $(BIN)/python install pip; }

# The lock is for Python 3.11 to 3.13; elsewhere: make app REQUIREMENTS=requirements.txt
$(VENV)/app: $(REQUIREMENTS) | $(BIN)/python
	$(BIN)/python -m pip install -r $(REQUIREMENTS)
	@touch $@

$(VENV)/dev: pyproject.toml requirements-train.txt $(VENV)/app
	$(BIN)/python -m pip install -r requirements-train.txt -e '.[train,dev]'
	@touch $@

$(VENV)/fonts: requirements-fonts.txt | $(BIN)/python
	@if command -v npm >/dev/null; then \
	  npm install --prefix $(VENV) --no-save --no-package-lock --ignore-scripts --no-audit --no-fund \
	    $$(grep '^@' requirements-fonts.txt) && touch $@; \
	else \
	  echo "There is no npm: training draws its words in the fonts from PyPI alone."; \
	fi

# A folder of its own: npm removes all other packages from the folder it installs into.
$(TSC): | $(BIN)/python
	@if command -v npm >/dev/null; then \
	  npm install --prefix $(VENV)/typescript-$(TYPESCRIPT) --no-save --no-package-lock --ignore-scripts \
	    --no-audit --no-fund typescript@$(TYPESCRIPT); \
	fi

# An environment of its own: the server and the app want different versions of half a dozen packages.
$(LABEL_STUDIO)/bin/label-studio:
	$(PYTHON) -m venv --clear $(LABEL_STUDIO) || \
	  { $(PYTHON) -m venv --clear --without-pip $(LABEL_STUDIO) && \
	    $(PYTHON) -m pip --python $(LABEL_STUDIO)/bin/python install pip; }
	$(LABEL_STUDIO)/bin/python -m pip install label-studio==1.23.2

chromium:
ifeq ($(CHROMIUM),)
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium; \
	else \
	  echo "There is no Chromium: the browser tests are skipped. Install it (apt-get install chromium) or set CHROMIUM."; \
	fi
endif
