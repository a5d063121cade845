# Chaffinch of this checkout: `docker compose up` crawls on a timer and serves what was found (compose.yaml).
FROM python:3.11-slim
WORKDIR /src
COPY requirements.txt ./
RUN pip install --no-cache-dir --require-hashes -r requirements.txt
COPY pyproject.toml setup.py README.md LICENSE ./
COPY config config
COPY pipelines pipelines
COPY spiders spiders
COPY chaffinch chaffinch
RUN pip install --no-cache-dir --no-deps . && useradd --create-home --uid 1000 chaffinch
USER 1000
# The project folder: chaffinch.toml, and what it names.
WORKDIR /project
ENTRYPOINT ["chaffinch"]
