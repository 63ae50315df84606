# Two stages: the first builds the environment from the locked requirements, the second runs it.
FROM python:3.11-slim AS build
WORKDIR /src
COPY requirements.lock ./
RUN python -m venv /venv \
 && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.lock \
 && /venv/bin/pip install --no-cache-dir setuptools==84.2.1
COPY . .
RUN /venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH
RUN useradd --system --create-home newsloom
USER newsloom
WORKDIR /srv/newsloom
CMD ["newsloom", "--help"]
