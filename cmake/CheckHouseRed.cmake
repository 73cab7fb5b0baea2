# SPDX-License-Identifier: Apache-2.0
# Proves that CheckHouse.cmake goes red: each planted fault must be found and named, and a clean house must pass.
#   cmake -DROOT=<repository> -DSCRATCH=<empty folder> -P cmake/CheckHouseRed.cmake
cmake_minimum_required(VERSION 3.25)

set(licence "// SPDX-License-Identifier: Apache-2.0\n")

function(build_clean_house)
  file(REMOVE_RECURSE ${SCRATCH})
  file(MAKE_DIRECTORY ${SCRATCH}/src)
  file(COPY ${ROOT}/src/CMakeLists.txt DESTINATION ${SCRATCH}/src)
  file(WRITE ${SCRATCH}/src/referee/referee.cpp "${licence}#include \"referee/referee.hpp\"\n#include \"wire/control.hpp\"\n")
  file(WRITE ${SCRATCH}/src/contender/main.cpp "${licence}#include \"base/result.hpp\"\n")
endfunction()

# expect(WORDS): the checker must fail and say WORDS; with none it must pass.
function(expect words)
  execute_process(COMMAND ${CMAKE_COMMAND} -DROOT=${SCRATCH} -P ${ROOT}/cmake/CheckHouse.cmake
    RESULT_VARIABLE code OUTPUT_VARIABLE said ERROR_VARIABLE said)
  string(REGEX REPLACE "[ \n]+" " " said "${said}")
  string(FIND "${said}" "${words}" at)
  if(words STREQUAL "" AND NOT code EQUAL 0)
    message(SEND_ERROR "a clean house was refused: ${said}")
  elseif(NOT words STREQUAL "" AND (code EQUAL 0 OR at EQUAL -1))
    message(SEND_ERROR "not found: ${words}; the checker said: ${said}")
  endif()
endfunction()

build_clean_house()
expect("")

build_clean_house()
file(WRITE ${SCRATCH}/src/contender/peek.cpp "${licence}#include \"referee/referee.hpp\"\n")
expect("the room contender may not look there")

build_clean_house()
file(WRITE ${SCRATCH}/src/cli/reach.cpp "${licence}#include \"jail/jail.hpp\"\n")
expect("the room cli may not look there")

build_clean_house()
string(REPEAT "\n" 499 blank)
file(WRITE ${SCRATCH}/src/base/just_fits.cpp "${licence}${blank}")
expect("")

build_clean_house()
string(REPEAT "\n" 500 blank)
file(WRITE ${SCRATCH}/src/base/overlong.cpp "${licence}${blank}")
expect("src/base/overlong.cpp: 501 lines")

build_clean_house()
file(WRITE ${SCRATCH}/src/attic/box.cpp "${licence}")
expect("no such room")

build_clean_house()
file(WRITE ${SCRATCH}/src/base/nobodys.cpp "int x;\n")
expect("the first line is not the licence")

build_clean_house()
file(WRITE ${SCRATCH}/src/base/late.hpp "${licence}")
file(WRITE ${SCRATCH}/src/base/late.cpp "${licence}#include <string>\n#include \"base/late.hpp\"\n")
expect("src/base/late.cpp: the first include is not its own header")

build_clean_house()
file(READ ${ROOT}/src/CMakeLists.txt table)
string(REPLACE "cupel_room(contender DEPS base wire" "cupel_room(contender DEPS base wire stats" bent "${table}")
file(WRITE ${SCRATCH}/src/CMakeLists.txt "${bent}")
expect("the contender is untrusted")

file(REMOVE_RECURSE ${SCRATCH})
