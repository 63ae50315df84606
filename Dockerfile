# Two stages: the first builds the environment from the locked requirements, the second runs it.
# For bytes that never change, give the base by digest: --build-arg PYTHON=python@sha256:...
ARG PYTHON=python:3.11.14-slim-bookworm

FROM ${PYTHON} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
RUN python -m venv /venv
# Before the sources: a change of code alone installs nothing anew.
COPY requirements.lock requirements-build.lock ./
RUN /venv/bin/pip install --require-hashes -r requirements.lock -c requirements.lock
RUN python -m venv /build && /build/bin/pip install --require-hashes -r requirements-build.lock -c requirements-build.lock
COPY pyproject.toml README.md LICENSE ./
COPY config config
COPY pipeline pipeline
COPY workers workers
RUN /build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheel . \
 && /venv/bin/pip install --no-deps --no-index /wheel/*.whl \
 && /venv/bin/pip uninstall --yes pip

FROM ${PYTHON}
RUN groupadd --gid 1000 newsloom \
 && useradd --uid 1000 --gid newsloom --no-create-home --home-dir /nonexistent newsloom
COPY --from=build /venv /venv
# /tmp is all that is writable where the root is read-only.
ENV PATH=/venv/bin:$PATH HOME=/tmp PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER newsloom
WORKDIR /srv/newsloom
CMD ["newsloom", "--help"]
