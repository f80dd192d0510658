# Tests of the real binaries, written in bats. Each file is one ctest entry a mode (root, rootless), named
# after its folder, in a machine of its own, so that all of them run side by side.
find_program(BATS_PROGRAM bats)
if(NOT BATS_PROGRAM)
    message(STATUS "bats is not installed: no tests of the binaries")
endif()

set(DHOW_TEST_SUPPORT ${CMAKE_CURRENT_LIST_DIR}/support)

# The images are made once, outside: making them asks Debian's mirror.
if(BATS_PROGRAM)
    add_test(NAME system/images_made COMMAND ${DHOW_TEST_SUPPORT}/make_images)
    set_tests_properties(system/images_made PROPERTIES
        LABELS system FIXTURES_SETUP images TIMEOUT 900 SKIP_RETURN_CODE 77)
endif()

# dhow_bats_test(<file> [MODES root rootless] [LAUNCHER <command>...] [FILE <path inside>]
#                [NAME <name>] [TIMEOUT <seconds>])
# LAUNCHER makes the machine: tests/support/private_machine when left out. FILE: where it sees the file.
# Mode `both` is one entry that runs the file in each mode, where the launcher has the tree in /dhow.
function(dhow_bats_test file)
    cmake_parse_arguments(ARG "" "TIMEOUT;FILE;NAME" "MODES;LAUNCHER" ${ARGN})
    if(NOT BATS_PROGRAM)
        return()
    endif()
    if(NOT ARG_TIMEOUT)
        set(ARG_TIMEOUT 300)
    endif()
    if(NOT ARG_LAUNCHER)
        set(ARG_LAUNCHER ${DHOW_TEST_SUPPORT}/private_machine)
    endif()
    if(NOT ARG_FILE)
        set(ARG_FILE ${CMAKE_CURRENT_SOURCE_DIR}/${file})
    endif()
    if(NOT ARG_NAME)
        get_filename_component(ARG_NAME ${file} NAME_WE)
    endif()
    get_filename_component(folder ${CMAKE_CURRENT_SOURCE_DIR} NAME)
    foreach(mode ${ARG_MODES})
        set(test ${folder}/${ARG_NAME}/${mode})
        set(run env MODE=${mode} bats --tap ${ARG_FILE})
        if(mode STREQUAL both)
            set(run /dhow/tests/support/both_modes ${ARG_FILE})
        endif()
        add_test(NAME ${test} COMMAND ${ARG_LAUNCHER} ${run})
        set_tests_properties(${test} PROPERTIES
            LABELS system FIXTURES_REQUIRED images SKIP_RETURN_CODE 77 TIMEOUT ${ARG_TIMEOUT}
            ENVIRONMENT "DHOW_BIN_DIR=${CMAKE_BINARY_DIR}/bin")
    endforeach()
endfunction()
