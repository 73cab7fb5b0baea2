# Flags for everything of ours, and for nothing of others. No option changes what Cupel does; the
# cache variables below only choose what to check the build with.
set(CUPEL_SANITIZE "" CACHE STRING "Sanitizers to build with, for example address,undefined")

# Symbols enough for a backtrace; all of -g takes a quarter of the time to compile.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG")

add_library(cupel_options INTERFACE)
target_compile_options(cupel_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion
  -Wold-style-cast -Wcast-align -Wcast-qual -Wformat=2 -Wundef
  -Wnon-virtual-dtor -Woverloaded-virtual
  -Wdouble-promotion -Wimplicit-fallthrough -Wswitch-enum
  $<$<CXX_COMPILER_ID:GNU>:-Wlogical-op -Wduplicated-cond -Wduplicated-branches -Wsuggest-override>
  $<$<CXX_COMPILER_ID:Clang>:-Wextra-semi>
  -Werror
  $<$<CXX_COMPILER_ID:Clang>:-Wno-unknown-pragmas>  # of g++, for its vectors
  $<$<CXX_COMPILER_ID:Clang>:-Wno-deprecated-declarations>  # std::stable_sort of libstdc++ 12 uses one; g++ warns of ours
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>  # g++ 12 raises it for std::string operator+ (its bug 105651)
  -fno-omit-frame-pointer -fstack-protector-strong -ffp-contract=off)
target_compile_definitions(cupel_options INTERFACE _GLIBCXX_ASSERTIONS)

if(CUPEL_SANITIZE)
  # A target with the property CUPEL_UNSANITIZED goes without. A later -fno-sanitize=all would not do:
  # what a target inherits comes after its own options.
  set(wanted "$<NOT:$<BOOL:$<TARGET_PROPERTY:CUPEL_UNSANITIZED>>>")
  target_compile_options(cupel_options INTERFACE
    "$<${wanted}:-fsanitize=${CUPEL_SANITIZE};-fno-sanitize-recover=all>")
  target_link_options(cupel_options INTERFACE "$<${wanted}:-fsanitize=${CUPEL_SANITIZE}>")
  # The thread sanitizer of g++ 12 ends with "unexpected memory mapping" where a kernel scatters mappings over
  # more than 28 bits, as many do since 2024 (vm.mmap_rnd_bits): tests run without, where that is allowed.
  if(CUPEL_SANITIZE MATCHES "thread")
    find_program(SETARCH setarch)
    execute_process(COMMAND "${SETARCH}" --addr-no-randomize true RESULT_VARIABLE refused OUTPUT_QUIET ERROR_QUIET)
    if(refused)
      message(STATUS "tests keep random addresses: should they end at once, set vm.mmap_rnd_bits to 28")
    else()
      set(CMAKE_CROSSCOMPILING_EMULATOR "${SETARCH}" --addr-no-randomize)
    endif()
  endif()
else()
  target_compile_definitions(cupel_options INTERFACE $<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=2>)
endif()
