# cupel_room(NAME DEPS rooms... LIBS libs... [COLD] [PROGRAM name]): one folder, one library, one test binary.
# Files are globbed on purpose: a source on disk that is not built is the worse mistake.
#   COLD: it waits, or prints texts that others wait for: the fifth of the time to compile that -O1 saves costs nothing.
#   PROGRAM: the room is an executable of that name (its main is main.cpp); its other files still
#   make a library, so that they can be tested.
function(cupel_room name)
  cmake_parse_arguments(A "COLD" "PROGRAM" "DEPS;LIBS;TEST_DEPS" ${ARGN})
  set(dir ${CMAKE_CURRENT_SOURCE_DIR}/${name})
  # A large room may keep a part of itself in a folder of its own; what lies deeper is no part of it.
  file(GLOB headers CONFIGURE_DEPENDS ${dir}/*.hpp ${dir}/*/*.hpp)
  file(GLOB sources CONFIGURE_DEPENDS ${dir}/*.cpp ${dir}/*/*.cpp)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "(_test|_fuzz)\\.cpp$")
  list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")

  set(target cupel_${name})
  if(sources)
    set(scope PUBLIC)
    set(own PRIVATE)
    add_library(${target} STATIC ${sources})
  else()
    set(scope INTERFACE)
    set(own INTERFACE)
    add_library(${target} INTERFACE)
  endif()
  # Where x.cpp or x_test.cpp includes x.hpp first, it is the proof that x.hpp compiles alone (lint.house sees to
  # it), where rooms are built file by file; the others are compiled for that by lint.headers.
  set(alone ${headers})
  foreach(header IN LISTS headers)
    string(REGEX REPLACE "[.]hpp$" "" stem ${header})
    if(EXISTS ${stem}.cpp OR EXISTS ${stem}_test.cpp)
      list(REMOVE_ITEM alone ${header})
    endif()
  endforeach()
  list(REMOVE_ITEM headers ${alone})
  target_sources(${target} ${scope}
    FILE_SET HEADERS BASE_DIRS ${CMAKE_CURRENT_SOURCE_DIR} FILES ${headers}
    FILE_SET alone TYPE HEADERS BASE_DIRS ${CMAKE_CURRENT_SOURCE_DIR} FILES ${alone})
  set_target_properties(${target} PROPERTIES INTERFACE_HEADER_SETS_TO_VERIFY alone)
  foreach(dep IN LISTS A_DEPS)
    target_link_libraries(${target} ${scope} cupel_${dep})
  endforeach()
  target_link_libraries(${target} ${scope} ${A_LIBS})
  if(sources)
    target_link_libraries(${target} PRIVATE cupel_options)
  endif()
  if(A_COLD)
    target_compile_options(${target} PRIVATE $<$<CONFIG:RelWithDebInfo>:-O1>)
  endif()

  if(A_PROGRAM AND EXISTS ${dir}/main.cpp)
    add_executable(${A_PROGRAM} ${dir}/main.cpp)
    target_link_libraries(${A_PROGRAM} PRIVATE ${target} cupel_options)
  endif()

  if(tests)
    add_executable(${target}_test ${tests})
    target_link_libraries(${target}_test PRIVATE ${target} cupel_options GTest::gmock_main)
    foreach(dep IN LISTS A_TEST_DEPS)
      target_link_libraries(${target}_test PRIVATE cupel_${dep})
    endforeach()
    # g++ 12 raises it inside std::optional when whole values are copied in a test body.
    target_compile_options(${target}_test PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
    # A test is compiled more often than it runs: a fifth less time than at -O1, and none of what is tested is in it.
    target_compile_options(${target}_test PRIVATE $<$<CONFIG:RelWithDebInfo>:-O0;-U_FORTIFY_SOURCE>)
    target_compile_definitions(${target}_test PRIVATE CUPEL_ROOT="${CMAKE_SOURCE_DIR}")
    # Where rooms are built whole, gmock is read once for all of their tests.
    if(CMAKE_UNITY_BUILD)
      get_property(first GLOBAL PROPERTY cupel_first_test)
      if(first)
        target_precompile_headers(${target}_test REUSE_FROM ${first})
      else()
        target_precompile_headers(${target}_test PRIVATE <gmock/gmock.h> <gtest/gtest.h>)
        set_property(GLOBAL PROPERTY cupel_first_test ${target}_test)
      endif()
    endif()
    gtest_discover_tests(${target}_test TEST_PREFIX "${name}." DISCOVERY_TIMEOUT 60
      PROPERTIES LABELS "unit;${name}" TIMEOUT 300)
  endif()
endfunction()
