# The server for real trade; PostgreSQL and Valkey come from outside, see compose.yaml. It names the settings
# that are missing and ends; docs/settings.md explains each.
FROM python:3.13-slim AS build
WORKDIR /app
COPY requirements.txt .
RUN python -m venv /app/.venv \
 && /app/.venv/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements.txt

FROM python:3.13-slim
RUN useradd --system --uid 10001 --create-home --home-dir /home/quanyi quanyi \
 && install -d -o quanyi -g quanyi -m 0700 /var/lib/quanyi
WORKDIR /app
COPY --from=build /app/.venv /app/.venv
COPY . .
RUN /app/.venv/bin/python -m compileall -q domain schema resolvers persistence subscriptions server.py
USER quanyi
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 QUANYI_DATA=/var/lib/quanyi \
    HOST=0.0.0.0
# Only inside the container: what is published, and to whom, is said where it is run.
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ.get('PORT', '8000') + '/healthz', timeout=2)"]
ENTRYPOINT ["python", "server.py"]
CMD ["serve"]
