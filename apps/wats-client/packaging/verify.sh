#!/bin/sh
# Asked by `landfall verify` on a machine where the WATS Client is installed and its demo server listens:
#   check  a report that is dropped into the watch folder arrives at the server, once
#   queue  reports that are dropped while the server is away are taken into the queue
#   done   the reports of the last `queue` have arrived, each once
set -eu

server=http://127.0.0.1:9000
state=$STATE_DIRECTORY
queued=/opt/laboratory/queued-reports

# Tries for 30 seconds.
wait_for() {
    tries=150
    until "$@"; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 1
        sleep 0.2
    done
}

# Drops a report as a tester does: whole, by a rename.
drop() {
    mkdir -p "$state/watch"
    cat >"$state/$1.part" <<EOF
{"type":"T","id":"$1","pn":"PSU-100","sn":"SN-$1","rev":"A","processCode":100,"result":"P",
"machineName":"FCT-01","location":"Line 1","purpose":"Production",
"start":"2026-01-15T10:00:00.000+01:00","uut":{"execTime":1.5},
"root":{"id":0,"group":"M","stepType":"SequenceCall","name":"Main","status":"P","steps":[]}}
EOF
    chmod 0644 "$state/$1.part"
    mv "$state/$1.part" "$state/watch/$1.json"
}

taken() {
    [ ! -e "$state/watch/$1.json" ] || return 1
    set -- "$state/done/"*"$1"*
    [ -e "$1" ]
}

arrived() { http "$server/simulator/reports" 2>/dev/null | grep -q "\"$1\":1[,}]"; }

case "$1" in
    check)
        id=$(cat /proc/sys/kernel/random/uuid)
        drop "$id"
        wait_for taken "$id" || { echo "report $id was not taken from the watch folder"; exit 1; }
        wait_for arrived "$id" || { echo "report $id did not arrive once"; exit 1; }
        ;;
    queue)
        : >"$queued"
        for _ in 1 2 3; do
            id=$(cat /proc/sys/kernel/random/uuid)
            drop "$id"
            echo "$id" >>"$queued"
        done
        while read -r id; do
            wait_for taken "$id" || { echo "report $id was not taken from the watch folder"; exit 1; }
        done <"$queued"
        ;;
    done)
        while read -r id; do
            wait_for arrived "$id" || { echo "report $id did not arrive once"; exit 1; }
        done <"$queued"
        ;;
    *)
        echo "unknown question: $1" >&2
        exit 64
        ;;
esac
