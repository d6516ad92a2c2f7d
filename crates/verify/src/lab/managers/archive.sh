#!/bin/sh
# archive install NAME FILE | archive remove NAME | archive purge NAME
set -eu
action="$1"
name="$2"
home="/opt/$name"
[ ! -d /windows/drive_c ] || home="/windows/drive_c/Apps/$name"
fresh="$home.unpacked"
notes=/opt/laboratory/archives
list="$notes/$name"
running=

sum() {
    if [ -h "$1" ]; then echo link; else sha256sum <"$1" | cut -d ' ' -f 1; fi
}

# What belongs to the archive, sum and path a line.
take_away() {
    [ -e "$list" ] || return 0
    while read -r sum path; do
        [ -e "$home/$path" ] || [ -h "$home/$path" ] || continue
        case "$path" in
            etc/* | config/*)
                rm -f "$home/$path.new"
                [ "$(sum "$home/$path")" = "$sum" ] || continue
                ;;
        esac
        rm -f "$home/$path"
    done <"$list"
}

drop_empty_folders() {
    [ ! -d "$home" ] || find "$home" -depth -type d -exec rmdir --ignore-fail-on-non-empty {} +
}

stop_services() {
    for service in /opt/laboratory/run/*.sh; do
        if [ -e "$service" ] && sh "$service" status; then
            sh "$service" stop
            running="$running $service"
        fi
    done
}

unpack() {
    case "$1" in
        *.tar.gz) tar --extract --gzip --file "$1" --directory "$fresh" ;;
        *.tar.zst) tar --extract --zstd --file "$1" --directory "$fresh" ;;
        *.zip) unzip -q "$1" -d "$fresh" ;;
        *) echo "archive: $1: neither .tar.gz nor .tar.zst nor .zip" >&2; return 1 ;;
    esac
}

case "$action" in
install)
    rm -rf "$fresh"
    mkdir -p "$fresh" "$notes"
    if ! unpack "$3"; then
        rm -rf "$fresh"
        exit 1
    fi
    # An archive has one folder that holds everything, or none.
    top="$fresh"
    entries=$(ls -A "$fresh")
    if [ -d "$fresh/$entries" ] && [ ! -h "$fresh/$entries" ]; then top="$fresh/$entries"; fi
    stop_services
    # Notes of both until the new files are in place: whatever interrupts this, the next try knows all of them.
    cd "$top"
    find . ! -type d | sed 's,^\./,,' | sort | while read -r path; do
        echo "$(sum "$path") $path"
    done >"$list.new"
    take_away
    cat "$list.new" >>"$list"
    mkdir -p "$home"
    find . -type d | sort | while read -r folder; do
        [ -d "$home/$folder" ] || mkdir -m "$(stat -c %a "$folder")" "$home/$folder"
    done
    while read -r _ path; do
        to="$home/$path"
        case "$path" in
            etc/* | config/*) [ ! -e "$to" ] || [ "$(sum "$to")" = "$(sum "$path")" ] || to="$to.new" ;;
        esac
        mv -f "$path" "$to"
    done <"$list.new"
    mv "$list.new" "$list"
    cd /
    rm -rf "$fresh"
    drop_empty_folders
    for service in $running; do sh "$service" start; done
    ;;
remove | purge)
    stop_services
    take_away
    if [ "$action" = purge ]; then
        rm -rf "$home" "$fresh" "$list"
    else
        drop_empty_folders
    fi
    ;;
esac
