#!/bin/sh
# Asked with "check", "queue" or "done" while the service runs.
case "$1" in
    check) http http://127.0.0.1:9000/health >/dev/null ;;
    queue) echo work >/var/lib/every-key/queued ;;
    done) [ -e /var/lib/every-key/queued ] ;;
    *) exit 64 ;;
esac
