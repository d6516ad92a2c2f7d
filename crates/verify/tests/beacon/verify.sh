#!/bin/sh
# Asked by the scenario: files that come into `in` are moved to `out`.
set -eu
state=$STATE_DIRECTORY

moved() {
    for _ in $(seq 50); do
        [ -e "$state/out/$1" ] && return 0
        sleep 0.1
    done
    echo "$1 was not moved"
    return 1
}

case "$1" in
    check)
        : >"$state/in/checked"
        moved checked
        ;;
    queue)
        : >"$state/hold"
        sleep 0.2
        rm -f "$state/out/queued"
        : >"$state/in/queued"
        sleep 0.5
        ;;
    done)
        rm -f "$state/hold"
        moved queued
        ;;
    *)
        exit 64
        ;;
esac
