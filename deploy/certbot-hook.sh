#!/bin/sh
# A deploy hook of certbot: gives coturn's user a copy of a renewed certificate, and lets coturn
# read it. certbot keeps links in live/ to files in archive/ that root alone may read; the container
# of the relay runs as another user and would see neither.
#
#   certbot certonly --standalone -d turn.example.org --deploy-hook /opt/thirds/deploy/certbot-hook.sh
#
# By hand, for a certificate that is there: RENEWED_LINEAGE=/etc/letsencrypt/live/turn.example.org
# deploy/certbot-hook.sh
set -eu
here=$(cd "$(dirname "$0")" && pwd)
target="${THIRDS_TURN_CERTIFICATES:-$here/turn-certificates}"
user="${TURN_USER:-65534:65534}" # nobody: the image runs as that user; docker-compose.yml says it too
install -d -m 0755 "$target"
for name in fullchain.pem privkey.pem; do
    # Read through the link, and moved into place whole.
    (umask 077 && cat "$RENEWED_LINEAGE/$name" > "$target/.$name")
    chown "$user" "$target/.$name"
    chmod 0400 "$target/.$name"
    mv -f "$target/.$name" "$target/$name"
done
# SIGUSR2 makes coturn read its certificate again; nobody's relay ends. Not running yet: nothing to do.
cd "$here/.." && ${COMPOSE:-docker compose} kill --signal SIGUSR2 turn || true
