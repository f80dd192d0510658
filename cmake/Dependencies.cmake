# Third-party packages, all from Debian 12. Static archives wherever Debian ships them.
set(Boost_USE_STATIC_LIBS ON)
find_package(Boost 1.81 REQUIRED COMPONENTS json)
find_package(CLI11 REQUIRED)
find_package(PkgConfig REQUIRED)

# static_package(<target> <archive> <header>): an imported target for one .a and its header.
function(static_package target archive header)
    find_library(${target}_archive NAMES ${archive} REQUIRED)
    find_path(${target}_include NAMES ${header} REQUIRED)
    add_library(${target} INTERFACE IMPORTED GLOBAL)
    target_link_libraries(${target} INTERFACE ${${target}_archive} ${ARGN})
    target_include_directories(${target} SYSTEM INTERFACE ${${target}_include})
endfunction()

static_package(dep::sqlite3 libsqlite3.a sqlite3.h m dl pthread)
static_package(dep::seccomp libseccomp.a seccomp.h)
static_package(dep::cap libcap.a sys/capability.h)
static_package(dep::zstd libzstd.a zstd.h)
static_package(dep::isal isal isa-l/igzip_lib.h)
static_package(dep::yaml_cpp yaml-cpp yaml-cpp/yaml.h)
