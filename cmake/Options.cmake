# Compiler options of the whole tree: one INTERFACE target carries them.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release)
endif()

# All binaries land in one folder, so that each finds its siblings beside /proc/self/exe.
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
    set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()

# Short processes: what counts is how many pages of code are read in, not how a loop is unrolled. At
# -O3 dhow-runtime has 4.2 MB of code and 3.4 MB resident in a run, at -Os 2.3 and 2.1, as fast.
string(REPLACE "-O3" "-Os" CMAKE_CXX_FLAGS_RELEASE "${CMAKE_CXX_FLAGS_RELEASE}")

add_library(dhow_options INTERFACE)
target_include_directories(dhow_options INTERFACE ${CMAKE_SOURCE_DIR}/lib)
target_compile_definitions(dhow_options INTERFACE _GNU_SOURCE DHOW_VERSION="${PROJECT_VERSION}")
target_compile_options(dhow_options INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
    -Wno-missing-field-initializers
    -ffunction-sections -fdata-sections -fstack-protector-strong)
target_link_options(dhow_options INTERFACE -Wl,--gc-sections -Wl,-z,relro,-z,now,-z,noexecstack)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # g++ 12 warns falsely on moved std::string and std::optional inside inlined std::variant code.
    target_compile_options(dhow_options INTERFACE -Wno-maybe-uninitialized -Wno-restrict)
endif()
if(DHOW_WERROR)
    target_compile_options(dhow_options INTERFACE -Werror)
endif()
if(CMAKE_BUILD_TYPE MATCHES "Release|RelWithDebInfo|MinSizeRel")
    target_compile_options(dhow_options INTERFACE
        -fstack-clash-protection $<$<STREQUAL:${CMAKE_SYSTEM_PROCESSOR},x86_64>:-fcf-protection>)
    target_compile_definitions(dhow_options INTERFACE _FORTIFY_SOURCE=3 _GLIBCXX_ASSERTIONS)
endif()
if(DHOW_SANITIZE)
    target_compile_options(dhow_options INTERFACE
        -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(dhow_options INTERFACE -fsanitize=address,undefined)
endif()
if(DHOW_FUZZ)
    # Also what C++ defines and no parser means: unsigned wrap-around, truncation (CVE-2021-43784).
    target_compile_options(dhow_options INTERFACE
        -fsanitize=fuzzer-no-link,integer -fno-sanitize-recover=all
        -fsanitize-ignorelist=${CMAKE_SOURCE_DIR}/cmake/integer_ignorelist.txt)
    target_link_options(dhow_options INTERFACE -fsanitize=integer)
endif()

# Binaries that are fully static: tiny, and immune to the libraries of whatever they run beside.
add_library(dhow_static INTERFACE)
if(NOT DHOW_SANITIZE)
    target_link_options(dhow_static INTERFACE -static -no-pie)
endif()

# Sanitizers cannot live in static binaries; everything else links libstdc++ in, so that `dhow`
# pays for one shared library at exec and no more.
add_library(dhow_lean INTERFACE)
if(NOT DHOW_SANITIZE)
    target_link_options(dhow_lean INTERFACE -static-libgcc -static-libstdc++)
endif()
