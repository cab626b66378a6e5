#!/bin/sh
# Puts `wallasapi` within reach of every shell: a symlink in ~/.local/bin to the launcher beside this file.
#
#   ./install-launcher.sh            make the link
#   ./install-launcher.sh --force    also in place of something else by that name
#   ./install-launcher.sh --remove   take the link away again
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
launcher=$here/wallasapi
folder=${WALLASAPI_BIN:-$HOME/.local/bin}
link=$folder/wallasapi

say() {
    printf '%s\n' "$*" >&2
}

ours() {
    [ -h "$link" ] && [ "$(readlink "$link")" = "$launcher" ]
}

remove() {
    if ours; then
        rm -- "$link"
        say "removed $link"
    else
        say "nothing to remove: $link is not a link to $launcher"
    fi
}

make_link() {
    if ours; then
        say "$link is in place already"
        return
    fi
    if [ -e "$link" ] || [ -h "$link" ]; then
        if [ "${1:-}" != --force ]; then
            say "error: $link exists and is not a link to $launcher"
            say "hint: look at it, then run ./install-launcher.sh --force"
            exit 1
        fi
        mv -- "$link" "$link.before"
        say "kept what was there as $link.before"
    fi
    mkdir -p -- "$folder"
    ln -s -- "$launcher" "$link"
    say "linked $link -> $launcher"
}

advise_path() {
    case :$PATH: in
    *":$folder:"*) ;;
    *) say "$folder is not in your PATH; add this line to your shell's profile: export PATH=\"$folder:\$PATH\"" ;;
    esac
}

case ${1:-} in
'' | --force) make_link "${1:-}" && advise_path ;;
--remove) remove ;;
*)
    sed -n '2,6s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
