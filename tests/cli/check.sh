# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the command-line tests share. Each test runs the real program, in an empty folder of its own.
#   $CUPEL: the program. $TASKS: the folder of tasks that came with it.
set -euo pipefail
: "${CUPEL:?the path of the program}" "${TASKS:?the folder of tasks}"

scratch=$(mktemp -d "${TMPDIR:-/tmp}/cupel cli test.XXXXXX") # with spaces, on purpose
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
export XDG_CACHE_HOME=${CUPEL_TEST_CACHE:-$scratch/cache} XDG_CONFIG_HOME=$scratch/config XDG_DATA_HOME=$scratch/data NO_COLOR=1
export CUPEL_RIVALS=none  # the libraries of this machine are of no concern to a test, unless it says so

fail() {
    echo "FAILED: $*" >&2
    echo "--- standard output"; cat out
    echo "--- standard error"; cat err
    exit 1
} >&2

# run CODE arguments...: the program must end with that code; `out` and `err` hold what it said.
run() {
    local expected=$1 code=0
    shift
    "$CUPEL" "$@" >out 2>err </dev/null || code=$?
    [[ $code == "$expected" ]] || fail "cupel $* ended with $code, not $expected"
}

# says FILE WORDS: a line of it contains the words.
says() { grep -qF -- "$2" "$1" || fail "nothing in '$1' says: $2"; }
silent() { [[ ! -s $1 ]] || fail "'$1' should be empty"; }

# one_line FILE: exactly one line, as an error should be.
one_line() { [[ $(wc -l <"$1") == 1 ]] || fail "'$1' should be one line"; }

# is_json FILE: exactly one JSON document. `cmake` is the reader, as it is there on every machine that builds; it
# passes over what stands behind the document, which `jq` sees where it is installed.
is_json() {
    if command -v jq >/dev/null; then
        jq -se 'length == 1 and (.[0] | type == "object")' "$1" >json.log 2>&1 || { cat json.log >&2; fail "'$1' is not one JSON document"; }
    fi
    cat >read.cmake <<'CMAKE'
file(READ "${FILE}" text)
string(JSON kind ERROR_VARIABLE problem TYPE "${text}")
if(problem OR NOT kind STREQUAL "OBJECT")
  message(FATAL_ERROR "${problem}: ${kind}")
endif()
CMAKE
    cmake -DFILE="$PWD/$1" -P read.cmake >json.log 2>&1 || { cat json.log >&2; fail "'$1' is not one JSON document"; }
}

# json FILE KEY...: the value at that place.
json() {
    local file=$PWD/$1
    shift
    cat >get.cmake <<'CMAKE'
file(READ "${FILE}" text)
string(JSON value GET "${text}" ${KEYS})
file(WRITE value "${value}")
CMAKE
    cmake -DFILE="$file" "-DKEYS=$(IFS=';'; echo "$*")" -P get.cmake >json.log 2>&1 || { cat json.log >&2; fail "no $*"; }
    cat value
}
# equals FILE VALUE KEY...
equals() {
    local file=$1 value=$2 found
    shift 2
    found=$(json "$file" "$@")
    [[ $found == "$value" ]] || fail "$* is '$found', not '$value'"
}
