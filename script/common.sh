# shellcheck shell=bash disable=SC2034,SC2154
# What the scripts about the running system share. Sourced; the caller stands in any folder.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

fail() {
    echo "$*" >&2
    exit 1
}

# Where the private PostgreSQL is kept unless --data names another folder: .mallbots beside the sources. Root's PostgreSQL
# runs as the user postgres; from that user's sight /root and the like are closed, and then it is a folder of the system.
default_data() {
    if [ "$(id -u)" = 0 ] && [ ! -e "$root/.mallbots" ] && id postgres >/dev/null 2>&1 &&
        ! setpriv --reuid=postgres --regid=postgres --init-groups -- test -x "$root"; then
        echo /var/lib/mallbots
    else
        echo "$root/.mallbots"
    fi
}

# Sets `data` and `file` from USAGE [--data DIR] FILE.
read_arguments() {
    local usage=$1 && shift
    data=""
    file=""
    while [ $# -gt 0 ]; do
        case $1 in
        --data) data=${2:?--data needs a folder} && shift 2 ;;
        --data=*) data=${1#--data=} && shift ;;
        -*) fail "$usage" ;;
        *)
            [ -z "$file" ] || fail "$usage"
            file=$1 && shift
            ;;
        esac
    done
    [ -n "$file" ] || fail "$usage"
    [ -n "$data" ] || data=$(default_data)
}

# Sets `connection` to the database of the running system, and `as_owner` to what a client's command begins with: the
# private PostgreSQL lets in nobody but its owner.
find_database() {
    as_owner=()
    if [ -n "${DATABASE_URL:-}" ]; then
        connection=$DATABASE_URL
        return
    fi
    [ -d "$data" ] || fail "there is no data in $data; name the folder with --data, or set DATABASE_URL"
    data=$(cd "$data" && pwd -P)
    local owner
    owner=$(stat --format=%U "$data")
    if [ "$(id -un)" != "$owner" ]; then
        [ "$(id -u)" = 0 ] || fail "$data belongs to $owner; run this as $owner or root"
        as_owner=(setpriv "--reuid=$owner" "--regid=$(id -g "$owner")" --init-groups --)
    fi
    # Quoted for libpq: \ and ' are escaped.
    local host
    host=$(printf %s "$data/socket" | sed "s/[\\\\']/\\\\&/g")
    connection="host='$host' port=5432 user=postgres dbname=mallbots"
    ask "select 1" >/dev/null || fail "no system runs on $data; start it with script/server"
}

# Runs a client program of PostgreSQL as one whom the database lets in.
client() { (cd / && PGOPTIONS="-c client_min_messages=warning" "${as_owner[@]}" "$@"); }

# One statement's answer.
ask() { client psql --no-psqlrc --quiet --tuples-only --no-align --dbname="$connection" --command="$1"; }

# Runs a command of the program on the running system, as whom its database lets in.
mallbots() {
    local program
    program="$(swift build --package-path "$root" -c release --show-bin-path)/mallbots"
    [ -x "$program" ] || fail "the program is not built; script/server builds it"
    # Of an option given twice the last counts.
    local command=$1 && shift
    local first=()
    if [ "$command" = staff ] && [ $# -gt 0 ]; then first=("$1") && shift; fi
    case "${first[*]:-$command}" in
    -* | help) exec "$program" "$command" "${first[@]}" "$@" ;;
    *) exec "$program" "$command" "${first[@]}" --data "$(default_data)" "$@" ;;
    esac
}
