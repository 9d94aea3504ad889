# The kaijuan command in an image of its own: docker build -t kaijuan:0.1.0 .
# What is installed comes from the locks, with their hashes; tools for building stay in the first stage.
FROM python:3.11-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore SOURCE_DATE_EPOCH=1767225600
WORKDIR /build
COPY requirements.lock requirements-build.lock ./
RUN pip install --require-hashes -r requirements-build.lock
RUN pip wheel --require-hashes --no-build-isolation --wheel-dir wheels -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY harvesters harvesters
COPY indexer indexer
COPY search_api search_api
RUN pip wheel --no-deps --no-index --no-build-isolation --wheel-dir wheels . \
    && python -m venv --without-pip /opt/kaijuan \
    && pip --python /opt/kaijuan/bin/python install --no-deps --no-index wheels/*.whl

FROM python:3.11-slim-bookworm
# The base image's own pip and setuptools are of no use here; user 1000 is whom the secrets of docker-compose.yml belong to.
RUN pip uninstall --yes --quiet --root-user-action=ignore setuptools wheel pip \
    && groupadd --gid 1000 kaijuan \
    && useradd --uid 1000 --gid 1000 --home-dir /var/lib/kaijuan --create-home --shell /usr/sbin/nologin kaijuan
COPY --from=build /opt/kaijuan /opt/kaijuan
ENV PATH=/opt/kaijuan/bin:$PATH KAIJUAN_DATA_DIR=/var/lib/kaijuan PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 1000:1000
WORKDIR /var/lib/kaijuan
VOLUME /var/lib/kaijuan
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=10s --start-period=1m --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/ready', timeout=5)"]
CMD ["kaijuan", "serve", "--host", "0.0.0.0", "--port", "8000"]
