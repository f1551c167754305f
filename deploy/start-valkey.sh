#!/bin/sh
# Starts Valkey in its container. The password comes by standard input, as a line of configuration:
# a command line is read by everybody on the host. Nothing is kept on a disk.
set -eu
exec valkey-server - <<SETTINGS
port ${VALKEY_PORT:-6379}
save ""
appendonly no
maxmemory 1gb
maxmemory-policy noeviction
dir /tmp
requirepass "$VALKEY_PASSWORD"
SETTINGS
