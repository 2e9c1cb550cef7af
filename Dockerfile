# One image for web, worker, beat and migrations: docker-compose.yml says which command runs where.
FROM python:3.11-slim-bookworm

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /srv/afterward

COPY requirements/base.txt requirements/base.txt
RUN pip install --require-hashes --only-binary :all: -r requirements/base.txt

RUN useradd --system --create-home --uid 10001 afterward
COPY . .
# Collecting static files needs settings, but neither a database nor a real secret.
RUN DATABASE_URL=postgresql://nobody@localhost/none REDIS_URL=redis://localhost AFTERWARD_SECRET_KEY=build-only \
    python manage.py collectstatic --noinput

USER afterward
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--no-ws", "--respawn-failed-workers", "config.wsgi:application"]
