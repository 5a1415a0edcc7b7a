#!/bin/sh
# Runs rpcbind and Ganesha, hands Ganesha's log to stdout, and ends quickly on SIGTERM and SIGINT.
# This shell is PID 1: it has to forward signals itself, and reaps what is left.
set -eu

echo "ganesha: $(ganesha.nfsd -v 2>&1 | head -n 1)"

# A named volume of an earlier run keeps the mode it had; a bind mount may come without write permission.
if ! chmod 1777 /export; then
    echo 'ganesha: cannot make /export writable for every user; mount a volume that root owns' >&2
    exit 1
fi

# A restarted container finds the files of the process before.
rm -f /run/rpcbind/* /run/ganesha/* /run/rpcbind.lock /run/rpcbind.sock
rpcbind -w

ganesha_pid=
stop() {
    trap '' TERM INT
    if [ -n "$ganesha_pid" ]; then
        kill -TERM "$ganesha_pid" 2>/dev/null || true
        # Its own shutdown waits for workers; the exported data is the client's, so half a second is enough.
        for _ in 1 2 3 4 5; do
            kill -0 "$ganesha_pid" 2>/dev/null || break
            sleep 0.1
        done
        kill -KILL "$ganesha_pid" 2>/dev/null || true
    fi
    echo 'ganesha: stopped'
    exit 0
}
trap stop TERM INT

ganesha.nfsd -F -L STDOUT -f /etc/ganesha/ganesha.conf -p /run/ganesha/ganesha.pid "$@" &
ganesha_pid=$!

# "wait" comes back early when a trapped signal arrives; the trap exits then.
status=0
wait "$ganesha_pid" || status=$?
echo "ganesha: ended by itself, exit code $status" >&2
# A server that leaves without being asked is never a success.
[ "$status" -ne 0 ] || status=1
exit "$status"
