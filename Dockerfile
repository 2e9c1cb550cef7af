# Afterward for production: web, worker, beat and migrations run from this one image (docker-compose.yml).
FROM python:3.11-slim-bookworm

ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1

# Nobody's account: the program needs no right but to read itself.
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin afterward

WORKDIR /app

COPY requirements/base.txt requirements/base.txt
RUN pip install --require-hashes --only-binary :all: --no-binary http-ece --requirement requirements/base.txt

COPY . .
# Collecting needs the settings, and the settings a database and a key: these are used for nothing else.
RUN DATABASE_URL=postgresql://nobody@localhost/none REDIS_URL=redis://localhost/0 AFTERWARD_SECRET_KEY=collecting \
    python manage.py collectstatic --noinput --verbosity 0

# A new volume takes over this folder's owner.
RUN install -d -o afterward -g nogroup -m 0700 /var/lib/afterward/imports
USER afterward
EXPOSE 8000

HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]

CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", \
     "--blocking-threads", "4", "--respawn-failed-workers", "--no-ws", "config.wsgi:application"]
