FROM python:3.11-slim AS build
WORKDIR /app
COPY requirements.lock pyproject.toml README.md LICENSE ./
RUN python -m venv /opt/kaijuan && /opt/kaijuan/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY harvesters harvesters
COPY indexer indexer
COPY search_api search_api
RUN /opt/kaijuan/bin/pip install --no-cache-dir --no-deps .

FROM python:3.11-slim
RUN useradd --system --home-dir /var/lib/kaijuan --create-home kaijuan
COPY --from=build /opt/kaijuan /opt/kaijuan
ENV PATH=/opt/kaijuan/bin:$PATH KAIJUAN_DATA_DIR=/var/lib/kaijuan
USER kaijuan
EXPOSE 8000
CMD ["kaijuan", "serve", "--host", "0.0.0.0", "--port", "8000"]
