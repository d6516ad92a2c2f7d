#!/bin/sh
# apk-file add FILE | apk-file del [--purge] NAME
#
# What apk(8) does with one package file, by its documentation: apk-package(5), apk-v2(5), apk-protected_paths(5),
# apk(8) of apk-tools. Not here: dependencies, signatures, triggers, hooks, several packages that share files, and of
# protected_paths.d only lines with `+` and without wildcards.
set -u
database=/opt/laboratory/apk
work="$database/.work"
broken=0
warn() { echo "$*" >&2; }
fail() { warn "ERROR: $*"; rm -rf "$work"; exit 1; }

# field FILE NAME: the value of `NAME = value` in a .PKGINFO.
field() { sed -n "s/^$2 = //p" "$1" | head -n 1; }

# sum PATH: what is there, in one word.
sum() {
    if [ -h "$1" ]; then readlink "$1" | sha256sum; else sha256sum <"$1"; fi | cut -d ' ' -f 1
}

there() { [ -e "$1" ] || [ -h "$1" ]; }

# known LIST PATH: the sum that a database has of a path.
known() { [ ! -e "$1" ] || awk -v path="$2" 'substr($0, 66) == path { print $1; exit }' "$1"; }

protected() {
    case "$1" in etc/*) return 0 ;; esac
    cat /etc/apk/protected_paths.d/*.list 2>/dev/null | while IFS= read -r line; do
        case "$line" in +?*) ;; *) continue ;; esac
        rule="${line#+}"
        case "$1" in "$rule" | "${rule%/}"/*) echo yes ;; esac
    done | grep -q yes
}

# script FOLDER SLOT ARGUMENTS…: one that fails is reported at the end and stops nothing.
script() {
    file="$1/.$2"
    kind="$2"
    shift 2
    [ -e "$file" ] || return 0
    read -r first <"$file"
    case "$first" in
        "#!/bin/sh"*) (cd / && PATH="/opt/laboratory/bin:$PATH" exec busybox sh "$file" "$@") ;;
        *) (cd / && PATH="/opt/laboratory/bin:$PATH" exec "$file" "$@") ;;
    esac || {
        warn "ERROR: $name: $kind: script exited with error $?"
        broken=1
    }
}

# take_away LIST [KEEP]: removes the files of a list that another does not have; edited protected ones only with --purge.
take_away() {
    while IFS= read -r line; do
        path="${line#* }"
        [ -z "${2-}" ] || [ -z "$(known "$2" "$path")" ] || continue
        if protected "$path"; then
            rm -f "/$path.apk-new"
            [ -n "$purge" ] || ! there "/$path" || [ "$(sum "/$path")" = "${line%% *}" ] || continue
        fi
        rm -f "/$path"
    done <"$1"
}

# drop_folders LIST: removes those that are empty, the deepest first.
drop_folders() {
    sort -r "$1" | while IFS= read -r folder; do
        [ -h "/$folder" ] || rmdir "/$folder" 2>/dev/null || :
    done
}

# split FILE: control in $work/control, data in $work/data, which is staged whole before anything is replaced.
# The package is a row of gzip members; the data is the one whose SHA-256 the metadata says.
split() {
    mkdir -p "$work/control" "$work/data" || fail "$1: no place to unpack it"
    gzip -dc "$1" 2>/dev/null | tar -xO --warning=none --occurrence=1 .PKGINFO >"$work/info" 2>/dev/null
    hash=$(field "$work/info" datahash)
    [ -n "$hash" ] || fail "$1: not an Alpine package"
    offsets=$(LC_ALL=C grep -aobP '\x1f\x8b\x08' "$1" | cut -d : -f 1)
    for offset in $offsets; do
        [ "$(tail -c "+$((offset + 1))" "$1" | sha256sum | cut -d ' ' -f 1)" != "$hash" ] || break
        offset=
    done
    [ -n "$offset" ] || fail "$1: BAD archive: no part of it has the hash $hash"
    head -c "$offset" "$1" | gzip -dc | tar -x --warning=none --directory "$work/control" ||
        fail "$1: its control part cannot be unpacked"
    tail -c "+$((offset + 1))" "$1" >"$work/data.gz" || fail "$1: cannot be unpacked"
    # After the script that makes the accounts: files may belong to them.
    name=$(field "$work/control/.PKGINFO" pkgname)
    new=$(field "$work/control/.PKGINFO" pkgver)
}

add() {
    split "$1"
    own="$database/$name"
    old=''
    slot=install
    if [ -d "$own" ]; then
        old=$(cat "$own/version")
        slot=upgrade
    fi
    script "$work/control" "pre-$slot" "$new" ${old:+"$old"}
    gzip -dc "$work/data.gz" | tar -x --preserve-permissions --warning=none --directory "$work/data" ||
        fail "$name-$new: cannot be unpacked"
    rm "$work/data.gz"

    cd "$work/data" || fail "$work/data is not there"
    find . -mindepth 1 -type d | sed 's,^\./,,' | sort >"$work/folders"
    find . ! -type d | sed 's,^\./,,' | sort | while IFS= read -r path; do
        echo "$(sum "$path") $path"
    done >"$work/files"
    while IFS= read -r folder; do
        [ -d "/$folder" ] || {
            mkdir "/$folder" && chown --reference="$folder" "/$folder" && chmod --reference="$folder" "/$folder"
        } || fail "$name-$new: /$folder cannot be made"
    done <"$work/folders"
    while IFS= read -r line; do
        path="${line#* }"
        to="/$path"
        if protected "$path" && there "$to"; then
            is=$(sum "$to")
            if [ "$is" != "$(known "$own/files" "$path")" ]; then
                [ "$is" != "${line%% *}" ] || continue
                to="$to.apk-new"
                echo "$name-$new: installing file to $to"
            fi
        fi
        mv -f "$path" "$to" || fail "$name-$new: $to cannot be put in its place"
    done <"$work/files"
    cd /
    if [ -n "$old" ]; then
        take_away "$own/files" "$work/files"
        sort "$work/folders" | comm -13 - "$own/folders" >"$work/gone"
        drop_folders "$work/gone"
    fi

    mkdir -p "$own"
    rm -rf "$own/control"
    mv "$work/control" "$work/files" "$work/folders" "$own"
    echo "$new" >"$own/version"
    script "$own/control" "post-$slot" "$new" ${old:+"$old"}
}

del() {
    name="$1"
    own="$database/$name"
    [ -d "$own" ] || { echo "OK: $name is not installed"; exit 0; }
    old=$(cat "$own/version")
    script "$own/control" pre-deinstall "$old"
    take_away "$own/files"
    drop_folders "$own/folders"
    script "$own/control" post-deinstall "$old"
    rm -rf "$own"
}

rm -rf "$work"
purge=
verb="$1"
shift
case "$verb" in
    add) add "$1" ;;
    del)
        [ "$1" != --purge ] || { purge=yes; shift; }
        del "$1"
        ;;
    *) fail "unknown: $verb" ;;
esac
rm -rf "$work"
if [ "$broken" = 0 ]; then echo OK; else warn "1 error"; exit 1; fi
