#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# cupel mcp, the real server, asked by a script as an agent would ask it: both eras of the protocol, the tools, what
# must be refused, and an end of the input in the middle of a judgement.
# shellcheck source=check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/check.sh"

export TMPDIR=$scratch/temporary # what is left behind would be seen here
mkdir "$TMPDIR"
: >out; : >err

begin() { # options...: a server whose ends are ${server[0]} and ${server[1]}
    coproc server { exec "$CUPEL" mcp "$@" 2>err; }
    # shellcheck disable=SC2154 # coproc sets it
    pid=$server_PID
    exec {from}<&"${server[0]}" {to}>&"${server[1]}"
    next=0
}
finish() { # what the server does at the end of its input
    local end=$to input=${server[1]:-}
    exec {end}>&-
    [[ -z $input ]] || exec {input}>&-
    local code=0
    wait "$pid" || code=$?
    exec {from}<&-
    [[ $code == 0 ]] || fail "the server ended with $code"
    [[ -z $(ls -A "$TMPDIR") ]] || fail "the server left $(ls -A "$TMPDIR")"
}
say() { printf '%s\n' "$1" >&"$to"; }
hear() { # the next line, in out
    IFS= read -r -t 60 line <&"$from" || fail "the server said nothing"
    printf '%s\n' "$line" >out
}
ask() { # METHOD PARAMS: the answer, in out
    next=$((next + 1))
    say "{\"jsonrpc\":\"2.0\",\"id\":$next,\"method\":\"$1\",\"params\":$2}"
    hear
    while [[ $line == *'"method":"notifications/progress"'* ]]; do hear; done
    equals out "$next" id
}
tool() { ask tools/call "{\"name\":\"$1\",\"arguments\":$2}"; }
# text FILE: as the inside of a JSON string
text() { sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/\t/\\t/g' "$1" | awk '{printf "%s\\n", $0}'; }
works() { [[ $(json out result isError) == OFF ]] || fail "$1 failed"; }
refused() { [[ $(json out result isError) == ON ]] || fail "this was not refused"; says out "$1"; }

initialize='{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"test","version":"1"}}'
small='"task":"softmax","sizes":{"B":32,"N":256},"threads":1'

# --- a client of the legacy era ---------------------------------------------------------------------------
begin
ask tools/list '{}'
equals out -32602 error code
ask initialize "$initialize"
equals out 2025-06-18 result protocolVersion
equals out cupel result serverInfo name
say '{"jsonrpc":"2.0","method":"notifications/initialized"}'
ask tools/list '{}'
i=0
for name in tasks task judge optimize wait cancel history run verify doctor; do
    equals out "$name" result tools $i name
    i=$((i + 1))
done

tool tasks '{}'
works tasks
says out '"name":"softmax"'
tool task '{"task":"softmax","threads":1}'
works task
says out 'extern \"C\" void kernel('
says out '#pragma cupel launch'
"$CUPEL" show softmax --brief --json >brief.json 2>err </dev/null
[[ $(json out result structuredContent task cpu naive_kernel) == "$(json brief.json cpu naive_kernel)" ]] ||
    fail "the tool shows another kernel than the command line"

# A right kernel: the verdict is the one of the command line; asked again, it is not judged again.
"$CUPEL" show softmax --naive >right.cpp 2>err </dev/null
right="{$small,\"kernel\":\"$(text right.cpp)\",\"wait_seconds\":50}"
tool judge "$right"
works judge
equals out "done" result structuredContent state
equals out OFF result structuredContent repeated
equals out 1 result structuredContent judged_here
code=$(json out result structuredContent exit_code)
case $code in 0 | 10 | 11) ;; *) fail "a right kernel got exit code $code" ;; esac
case $(json out result structuredContent result status) in
    faster | slower | not_resolved) ;;
    *) fail "a right kernel was not called right" ;;
esac
grep -q samples out && fail "the samples were told"
handle=$(json out result structuredContent handle)
tool judge "$right"
equals out ON result structuredContent repeated
equals out "$handle" result structuredContent handle

# A wrong one, and one that does not compile: failures with a hint, not errors of the protocol.
cat >wrong.cpp <<'CPP'
#include "task.hpp"
extern "C" void kernel(const float* x, float* y) {
    for (long i = 0; i < B * N; ++i) y[i] = x[i];
}
CPP
tool judge "{$small,\"kernel\":\"$(text wrong.cpp)\",\"wait_seconds\":50}"
refused "Hint:"
equals out 20 result structuredContent exit_code
equals out wrong result structuredContent result status
tool judge "{$small,\"kernel\":\"int main( {\",\"wait_seconds\":50}"
refused "does not compile"
equals out 23 result structuredContent exit_code

# --- what must not become an option, a path or a file of this machine ----------------------------------------
echo "secret words" >secret
echo "secret words" >secret.task
mkdir -p tasks && echo "secret words" >tasks/broken.task
for word in --help --model=openai:x -h ../secret secret ./secret /etc/passwd 'softmax --json' tasks/softmax softmax.task ""; do
    tool task "{\"task\":\"$word\"}"
    refused "task"
    grep -q "secret words" out && fail "task $word told the contents of a file"
done
for arguments in '"sizes":{"--run":1}' '"sizes":{"N=1 --json":1}' '"sizes":{"N":0}' '"sizes":{"N":"1"}' '"threads":0' \
    '"threads":"--json"' '"target":"cuda"' '"gpu":"--help"' '"sizes":[]' '"kernle":"x"' '"task_text":"x"'; do
    tool judge "{\"task\":\"softmax\",\"kernel\":\"x\",$arguments}"
    refused ""
    says out '"isError":true'
done
for word in .. . --help ../temporary /etc; do
    tool run "{\"run\":\"$word\"}"
    refused "there is none of that name"
done
tool verify '{"certificate":"x","key":"--recompute-only"}'
refused "hex digits"
tool verify '{"certificate":"secret"}'
refused "not a certificate"
tool wait '{"handle":"0123456789abcdef"}'
refused "no job of this server"
tool judge "{\"task_text\":\"task copy\\nnonsense\",\"kernel\":\"x\",\"threads\":1}"
refused "task.task"

# --- a long job: a handle, then its state, then its end ----------------------------------------------------
long='"task":"softmax","sizes":{"B":512,"N":4096},"threads":1'
tool judge "{$long,\"kernel\":\"$(text right.cpp)\",\"wait_seconds\":0}"
works judge
equals out running result structuredContent state
handle=$(json out result structuredContent handle)
tool optimize "{$small,\"seconds\":600}"
equals out queued result structuredContent state
equals out 1 result structuredContent ahead
queued=$(json out result structuredContent handle)
tool cancel "{\"handle\":\"$queued\"}"
works cancel
equals out cancelled result structuredContent state
tool cancel "{\"handle\":\"$handle\"}"
works cancel
equals out cancelled result structuredContent state
[[ -z $(ls -A "$TMPDIR"/cupel-mcp-*) ]] || fail "a cancelled judgement left $(find "$TMPDIR")"
# A cancelled call is not answered, and its judgement ends.
say "{\"jsonrpc\":\"2.0\",\"id\":\"gone\",\"method\":\"tools/call\",\"params\":{\"name\":\"judge\",\"arguments\":{$long,\"kernel\":\"$(text right.cpp)\"}}}"
sleep 1
say '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"gone"}}'
for ((i = 0; i < 50; ++i)); do
    tool history '{}'
    grep -q '"state":"running"' out || break
    sleep 0.2
done
says out '"state":"cancelled"'
grep -q '"state":"running"' out && fail "a cancelled judgement goes on"

# --- lines that are no messages: each its own error, and the server goes on -----------------------------------
while IFS=' ' read -r code bad; do
    printf '%b\n' "$bad" >&"$to"
    hear
    equals out "$code" error code
done <<'LINES'
-32700 garbage
-32700 {"jsonrpc":"2.0","id":1,"method":"\0377"}
-32600 [{"jsonrpc":"2.0","id":1,"method":"ping"}]
-32600 {"id":1,"method":"ping"}
-32600 {"jsonrpc":"2.0","id":null,"method":"ping"}
-32601 {"jsonrpc":"2.0","id":1,"method":"resources/list"}
-32602 {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"sudo"}}
LINES
head -c 13000000 /dev/zero | tr '\0' '[' >&"$to"
say ''
hear
equals out -32600 error code
ask ping '{}'
finish

# --- a client of 2026-07-28: no handshake ------------------------------------------------------------------
meta='"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}'
begin
ask server/discover "{$meta}"
equals out 2026-07-28 result supportedVersions 0
equals out complete result resultType
ask tools/list "{$meta}"
equals out tasks result tools 0 name
ask tools/call "{\"name\":\"tasks\",$meta}"
equals out complete result resultType
ask tools/list '{"_meta":{"io.modelcontextprotocol/protocolVersion":"1900-01-01"}}'
equals out -32022 error code
finish

# --- a task of the client's own: the calls of libraries that it names are C++, and are not run ------------------
export CUPEL_RIVALS=ask # no word that is known: whoever looks for libraries says so
begin
ask initialize "$initialize"
tool judge "{$small,\"kernel\":\"int main( {\",\"wait_seconds\":50}"
refused "CUPEL_RIVALS is 'ask'"
tool judge "{\"task_text\":\"$(text "$TASKS/softmax.task")\",\"sizes\":{\"B\":32,\"N\":256},\"threads\":1,\"kernel\":\"int main( {\",\"wait_seconds\":50}"
refused "does not compile"
finish
export CUPEL_RIVALS=none

# --- the budget of the server ------------------------------------------------------------------------------
begin --budget 1ms
ask initialize "$initialize"
tool judge "{$small,\"kernel\":\"int main( {\",\"wait_seconds\":50}"
tool judge "{$small,\"kernel\":\"int main( { \",\"wait_seconds\":50}"
refused "are spent"
finish
run 2 mcp --budget 5usd
says err "a time"

# --- the end of the input in the middle of a judgement: nobody and nothing is left --------------------------------
below() { # PID: all that descends from it
    local children child
    read -ra children < <(cat "/proc/$1/task/"*/children 2>/dev/null) || true
    for child in "${children[@]}"; do
        echo "$child"
        below "$child"
    done
}
gone() { # PIDS...: they have ended, or do within seconds; whoever is dead and not yet buried has
    local each i
    for each in "$@"; do
        for ((i = 0; i < 50; ++i)); do
            [[ $(sed 's/.*) //' "/proc/$each/stat" 2>/dev/null) == [!Z]* ]] || continue 2
            sleep 0.1
        done
        fail "process $each outlived the server: $(tr '\0' ' ' <"/proc/$each/cmdline")"
    done
}
judging() { # a server in the middle of a judgement: its cells have begun
    begin
    ask initialize "$initialize"
    say "{\"jsonrpc\":\"2.0\",\"id\":\"end\",\"method\":\"tools/call\",\"params\":{\"name\":\"judge\",\"arguments\":{$long,\"kernel\":\"$(text right.cpp)\"}}}"
    for ((i = 0; i < 200; ++i)); do
        mapfile -t started < <(below "$pid")
        ((${#started[@]} >= 3)) && return
        sleep 0.1
    done
    fail "no judgement began"
}
judging
finish
gone "${started[@]}"

# SIGTERM does the same.
judging
kill -TERM "$pid"
finish
gone "${started[@]}"

# Killed outright, it takes the judgement with it; what it left on disk the next one removes.
judging
kill -KILL "$pid"
wait "$pid" 2>/dev/null || true
gone "${started[0]}"
begin
ask initialize "$initialize"
finish
exit 0
