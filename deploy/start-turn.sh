#!/bin/sh
# Starts coturn in its container: turnserver.conf and what the environment says, in one file that
# only this user may read. A secret in a command line is read by everybody on the host.
set -eu
umask 077
made="${TURN_FOLDER:-/var/tmp}/turnserver.conf"
{
    cat "${TURN_BASE:-/etc/coturn/turnserver.conf}"
    echo "realm=$TURN_REALM"
    echo "static-auth-secret=$TURN_SECRET"
    echo "external-ip=$TURN_ADDRESS"
    echo "allowed-peer-ip=$TURN_ADDRESS"
    echo "tls-listening-port=${TURN_TLS_PORT:-5349}"
    # An address of this host that is the relay's alone; otherwise it listens on all of them.
    if [ -n "${TURN_LISTEN:-}" ]; then echo "listening-ip=$TURN_LISTEN"; fi
} > "$made"
unset TURN_SECRET
exec turnserver -c "$made" "$@"
