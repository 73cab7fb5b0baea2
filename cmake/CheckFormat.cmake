# SPDX-License-Identifier: Apache-2.0
# Every C++ file of ours must be as clang-format 19 would write it; ctest runs this as lint.format.
#   cmake -DROOT=<repository> -P cmake/CheckFormat.cmake
cmake_minimum_required(VERSION 3.25)
find_program(CLANG_FORMAT clang-format-19)
if(NOT CLANG_FORMAT)
  message("skipped: clang-format-19 is not installed (scripts/setup --test installs it)")
  return()
endif()
file(GLOB_RECURSE files ${ROOT}/src/*.hpp ${ROOT}/src/*.cpp ${ROOT}/tests/*.cpp ${ROOT}/bench/*.cpp)
execute_process(COMMAND ${CLANG_FORMAT} --dry-run -Werror --style=file ${files} RESULT_VARIABLE code)
if(NOT code EQUAL 0)
  message(FATAL_ERROR "not formatted: run clang-format-19 -i on the files named above")
endif()
