#!/bin/sh
# msi install NAME FILE FOLDER | msi upgrade NAME FILE | msi repair NAME FILE | msi layout NAME FILE FOLDER
# msi remove NAME | msi purge NAME | msi remove-again NAME
# The properties of the file `properties`, one a line, are given once; later the product has only what it remembers.
set -eu
action="$1"
name="$2"
here=/opt/laboratory
logs="$here/msi-logs"
known="$here/msi-$name"
mkdir -p "$logs"

# What follows msiexec on its command line, word by word, with values in quotation marks.
words=
add() { words="$words $1"; }
add_property() { words="$words ${1%%=*}=\"${1#*=}\""; }

# A path of this system as Windows has it.
windows_path() { printf 'Z:%s' "$1" | tr / '\\'; }

case "$action" in
install | upgrade | repair)
    package=$(windows_path "$3")
    add "/i \"$package\""
    ;;
remove | purge)
    package=$(cat "$known")
    add "/x \"$package\""
    ;;
remove-again) add "/x $(cat "$known.code")" ;;
layout)
    package=$(windows_path "$3")
    add "/a \"$package\""
    add_property "TARGETDIR=$4"
    ;;
esac
case "$action" in
install) add_property "INSTALLDIR=$4" ;;
repair) add "REINSTALL=ALL REINSTALLMODE=amus" ;;
purge) add PURGE=1 ;;
esac
case "$action" in
install | upgrade)
    if [ -e "$here/properties" ]; then
        while IFS= read -r property; do add_property "$property"; done <"$here/properties"
        rm "$here/properties"
    fi
    ;;
esac
# Whether a service runs, once it has come to rest.
runs() {
    for _ in $(seq 120); do
        case "$(windows sc query "$1")" in
        *RUNNING*) return 0 ;;
        *PENDING*) sleep 0.5 ;;
        *) return 1 ;;
        esac
    done
    return 1
}

# Wine gives a service no variables of its own (`Environment` in its key). They become the machine's instead, which
# Wine's service manager reads when it starts; what ran before runs after that, and nothing else.
hand_over_variables() {
    services='HKEY_LOCAL_MACHINE\\System\\CurrentControlSet\\Services\\'
    windows reg query 'HKLM\System\CurrentControlSet\Services' /s /v Environment 2>/dev/null | tr -d '\r' >"$here/found"
    sed -n 's/^ *Environment *REG_MULTI_SZ *//p' "$here/found" | sed 's/\\0/\n/g' | sed '/^$/d' >"$here/variables.new"
    touch "$here/variables"
    if cmp -s "$here/variables" "$here/variables.new"; then return; fi
    {
        printf 'Windows Registry Editor Version 5.00\r\n\r\n'
        printf '[HKEY_LOCAL_MACHINE\\System\\CurrentControlSet\\Control\\Session Manager\\Environment]\r\n'
        sed 's/\([^=]*\)=.*/"\1"=-\r/' "$here/variables"
        sed 's/\\/\\\\/g; s/"/\\"/g; s/\([^=]*\)=\(.*\)/"\1"="\2"\r/' "$here/variables.new"
    } >"$here/variables.reg"
    windows reg import "$(windows_path "$here/variables.reg")"
    mv "$here/variables.new" "$here/variables"
    run=
    stopped=
    for service in $(sed -n "s/^$services//p" "$here/found"); do
        if runs "$service"; then run="$run $service"; else stopped="$stopped $service"; fi
    done
    sh "$here/restart"
    for service in $run; do runs "$service" || windows net start "$service"; done
    for service in $stopped; do ! runs "$service" || windows net stop "$service"; done
}

# Windows waits for the services that it stops. Wine goes on at once, and programs that still run then cannot be deleted:
# those that it tried to delete are deleted as soon as that can be done, and the folders that they alone kept. A program
# that nobody stopped stays.
delete_what_ran() {
    sed -n 's/.*ACTION_RemoveFiles failed to delete L"C:\(.*\)" (5)\r*$/\1/p' "$here/warnings" | sed 's/\\\\/\//g' |
        while IFS= read -r file; do
            path="/windows/drive_c$file"
            for _ in $(seq 60); do
                windows cmd /d /c del "$(windows_path "$path")" </dev/null >/dev/null || :
                [ -e "$path" ] || break
                sleep 0.5
            done
            while [ ! -e "$path" ] && path=$(dirname "$path") && [ "$path" != /windows/drive_c/Factory ]; do
                rmdir "$path" || break
            done
        done
}

number=$(find "$logs" -type f | wc -l)
log="$logs/$number-$action.log"
: >"$log"

# A batch file, as an administrator would write it: Wine keeps one byte of an exit code, its command processor knows
# the whole.
batch="$here/msi.cmd"
{
    printf '@echo off\r\n'
    printf 'msiexec%s /qn /norestart /l*v "%s"\r\n' "$words" "$(windows_path "$log")" | sed 's/%/%%/g'
    printf 'echo code=%%errorlevel%%\r\n'
} >"$batch"
code=$(WINEDEBUG=-all,warn+msi windows cmd /d /c "$(windows_path "$batch")" 2>"$here/warnings" | sed -n 's/.*code=\([0-9]*\).*/\1/p')
rm "$batch"
if head -c 2 "$log" | od -An -tx1 | grep -q 'ff fe'; then
    iconv -f UTF-16 -t UTF-8 "$log" >"$log.text"
    mv "$log.text" "$log"
fi
tr -d '\r' <"$log" >"$log.text"
mv "$log.text" "$log"

case "${code:-unknown}" in
0 | 3010)
    echo "msiexec $action: $code"
    # Files that were in use are replaced when the machine starts.
    [ "$code" = 0 ] || sh "$here/restart"
    case "$action" in
    install | upgrade)
        printf '%s' "$package" >"$known"
        # The one product that the list of programs has.
        windows reg query 'HKLM\Software\Microsoft\Windows\CurrentVersion\Uninstall' /s | tr -d '\r' |
            sed -n 's/^HKEY.*\\\({.*}\)$/\1/p' >"$known.code"
        ;;
    esac
    case "$action" in remove | purge) delete_what_ran ;; esac
    [ "$action" = layout ] || hand_over_variables
    ;;
*)
    echo "msiexec $action: $code"
    # What it says to people, then what it did last.
    grep -E '^(Error|Info|Warning) |NEWER_VERSION_FOUND = ' "$log" || :
    tail -n 25 "$log"
    exit 1
    ;;
esac
