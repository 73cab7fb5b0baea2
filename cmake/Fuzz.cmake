# cupel_fuzz(NAME [SOAK] [WHOLE] SOURCE file DICTIONARY file CORPUS dir GLOB globs... LIBS libs...): a libFuzzer program,
# built by clang++-19 whatever the compiler of the rest is, and a ctest fuzz.NAME of some seconds; or, where
# that takes minutes to build, a soak.fuzz_NAME that builds it first and runs for two minutes.
# WHOLE: all sources are one translation unit, as the rooms are in the release build.
# Without that compiler there is no such test, and configuring says so.
find_program(CUPEL_FUZZ_CXX clang++-19)

function(cupel_fuzz name)
  cmake_parse_arguments(A "SOAK;WHOLE" "SOURCE;DICTIONARY;CORPUS" "GLOB;LIBS" ${ARGN})
  if(NOT CUPEL_FUZZ_CXX)
    message(STATUS "fuzz.${name}: skipped, clang++-19 is not installed")
    return()
  endif()
  set(sources ${A_SOURCE})
  set(headers)
  foreach(glob IN LISTS A_GLOB)
    file(GLOB found CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${glob}/*.cpp)
    list(FILTER found EXCLUDE REGEX "(_test|_fuzz|/main)\\.cpp$")
    list(APPEND sources ${found})
    file(GLOB found CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${glob}/*.hpp)
    list(APPEND headers ${found})
  endforeach()
  set(program ${CMAKE_BINARY_DIR}/bin/fuzz_${name})
  set(grown ${CMAKE_BINARY_DIR}/fuzz/${name})
  file(MAKE_DIRECTORY ${grown} ${CMAKE_BINARY_DIR}/bin)
  set(flags -std=c++23 -O1 -g1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all
    -D_GLIBCXX_ASSERTIONS -I${CMAKE_SOURCE_DIR}/src)
  if(A_WHOLE)
    list(APPEND headers ${sources})
    list(TRANSFORM sources REPLACE "(.+)" "#include \"\\1\"\n")
    string(CONCAT whole ${sources})
    set(sources ${CMAKE_BINARY_DIR}/fuzz/${name}.cpp)
    file(GENERATE OUTPUT ${sources} CONTENT "${whole}")
  endif()
  set(objects)
  foreach(source IN LISTS sources)
    file(RELATIVE_PATH object ${CMAKE_SOURCE_DIR}/src ${source})
    string(MAKE_C_IDENTIFIER ${object} object)
    set(object ${CMAKE_BINARY_DIR}/fuzz/${name}_${object}.o)
    add_custom_command(OUTPUT ${object} COMMAND ${CUPEL_FUZZ_CXX} ${flags} -c ${source} -o ${object}
      DEPENDS ${source} ${headers} COMMENT "Building ${object}" VERBATIM)
    list(APPEND objects ${object})
  endforeach()
  add_custom_command(OUTPUT ${program}
    COMMAND ${CUPEL_FUZZ_CXX} ${flags} ${objects} -o ${program} ${A_LIBS}
    DEPENDS ${objects} COMMENT "Linking fuzz_${name}" VERBATIM)
  set(arguments -timeout=10 -rss_limit_mb=2048 -max_len=4096 -dict=${A_DICTIONARY} -artifact_prefix=${grown}/
    -print_final_stats=1 ${grown} ${A_CORPUS})
  if(A_SOAK)
    add_custom_target(fuzz_${name} DEPENDS ${program})
    add_test(NAME soak.build_fuzz_${name}
      COMMAND ${CMAKE_COMMAND} --build ${CMAKE_BINARY_DIR} --target fuzz_${name})
    add_test(NAME soak.fuzz_${name} COMMAND ${program} -max_total_time=120 ${arguments})
    set_tests_properties(soak.build_fuzz_${name} PROPERTIES LABELS "fuzz;soak" TIMEOUT 1800
      FIXTURES_SETUP fuzz_${name})
    set_tests_properties(soak.fuzz_${name} PROPERTIES LABELS "fuzz;soak" TIMEOUT 300
      FIXTURES_REQUIRED fuzz_${name})
    return()
  endif()
  add_custom_target(fuzz_${name} ALL DEPENDS ${program})
  add_test(NAME fuzz.${name} COMMAND ${program} -max_total_time=6 ${arguments})
  set_tests_properties(fuzz.${name} PROPERTIES LABELS "fuzz" TIMEOUT 120)
endfunction()

cupel_fuzz(task_parser WHOLE
  SOURCE ${CMAKE_SOURCE_DIR}/src/task/parse_fuzz.cpp
  DICTIONARY ${CMAKE_SOURCE_DIR}/src/task/parse_fuzz.dict
  CORPUS ${CMAKE_SOURCE_DIR}/tasks
  GLOB base task
  LIBS -lfmt -lsodium)

cupel_fuzz(mcp WHOLE
  SOURCE ${CMAKE_SOURCE_DIR}/src/mcp/server_fuzz.cpp
  DICTIONARY ${CMAKE_SOURCE_DIR}/src/mcp/server_fuzz.dict
  CORPUS ${CMAKE_SOURCE_DIR}/src/mcp/corpus
  GLOB base mcp
  LIBS -lfmt -lsodium)

if(CUPEL_CONFORMANCE)
  cupel_fuzz(emulator SOAK
    SOURCE ${CMAKE_SOURCE_DIR}/src/emulator/parse_fuzz.cpp
    DICTIONARY ${CMAKE_SOURCE_DIR}/src/emulator/parse_fuzz.dict
    CORPUS ${CMAKE_SOURCE_DIR}/src/emulator/golden
    GLOB base emulator
    LIBS -lfmt -lsodium)
endif()
