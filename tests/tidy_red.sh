#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/tidy.sh must see what is wrong, each time, and may pass over only what it found clean, as it stood then.
#   tests/tidy_red.sh SCRATCH
set -euo pipefail

here=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")" && pwd)
scratch=$1
rm -rf "$scratch"
mkdir -p "$scratch"
scratch=$(cd -- "$scratch" && pwd)
export CUPEL_TIDY_CACHE=$scratch/cache

# a_tree FOLDER: one source and one header, with what tells how to compile it.
a_tree() {
    mkdir -p "$1/src/room" "$1/tests" "$1/build"
    cp "$here/tidy.sh" "$1/tests"
    printf 'Checks: "-*,modernize-use-nullptr,modernize-use-using"\nWarningsAsErrors: "*"\nHeaderFilterRegex: "/src/.*"\n' >"$1/.clang-tidy"
    printf 'int* where(); // a comment\n' >"$1/src/room/a b.hpp"
    printf '#include "room/a b.hpp"\nint* where() { return nullptr; }\n' >"$1/src/room/a.cpp"
    cat >"$1/build/compile_commands.json" <<END
[{ "directory": "$1/build", "file": "$1/src/room/a.cpp", "command": "clang++-19 \"-I$1/src\" -o a.o -c \"$1/src/room/a.cpp\"" }]
END
}

# expect CODE WORDS TREE WHY: of the tree the script says those words last, and ends with that code.
expect() {
    local code=0 said
    said=$("$3/tests/tidy.sh" "$3/build" 2>&1) || code=$?
    [[ $code == "$1" && $said == *"$2" ]] && return
    printf 'FAILED: %s: it ended with %s, and said:\n%s\n' "$4" "$code" "$said"
    exit 1
}
looked="1 files: 0 known to be clean, 1 looked at, 0 failed"
known="1 files: 1 known to be clean, 0 looked at, 0 failed"
failed="1 files: 0 known to be clean, 1 looked at, 1 failed"

one="$scratch/one tree" two=$scratch/two
a_tree "$one"
a_tree "$two"
expect 0 "$looked" "$one" "a clean file is looked at"
expect 0 "$known" "$one" "a clean file is looked at once"
expect 0 "$known" "$two" "another tree knows what is the same there"

sed -i 's/comment/remark/' "$one/src/room/a b.hpp"
expect 0 "$looked" "$one" "a comment may be a NOLINT"
printf '#define NOBODY 0\n' >>"$one/src/room/a b.hpp"
expect 0 "$looked" "$one" "a macro may be what is wrong"
sed -i 's/-o a.o/-O1 &/' "$one/build/compile_commands.json"
expect 0 "$looked" "$one" "flags may change what is found"
sed -i 's/modernize-use-using/modernize-use-override/' "$one/.clang-tidy"
expect 0 "$looked" "$one" "other checks may find something"
expect 0 "$known" "$two" "the tree that is as it was stays known"

printf 'inline int* nowhere() { return 0; }\n' >>"$two/src/room/a b.hpp"
expect 1 "$failed" "$two" "something wrong in a header is found"
expect 1 "$failed" "$two" "something wrong is found again"
sed -i 's/return 0; }/return 0; } \/\/ NOLINT(modernize-use-nullptr)/' "$two/src/room/a b.hpp"
expect 0 "$looked" "$two" "a NOLINT counts"
rm "$two/src/room/a b.hpp"
expect 1 "$failed" "$two" "what cannot be read is not clean"
sed -i 's/a[.]cpp/a_test.cpp/g' "$two/build/compile_commands.json"
expect 1 "0 files: 0 known to be clean, 0 looked at, 0 failed" "$two" "to look at nothing proves nothing"
