# Where things go. `dhow` alone is a command for users; its helpers live in libexec and are found from
# there (lib/engine/siblings.h), so that the whole may be installed, or moved, under any prefix.
include(GNUInstallDirs)

set(libexec ${CMAKE_INSTALL_LIBEXECDIR}/dhow)
install(TARGETS dhow RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
foreach(helper dhow-shim dhow-runtime dhow-transfer dhow-init dhow-forward dhow-api)
    if(TARGET ${helper})
        install(TARGETS ${helper} RUNTIME DESTINATION ${libexec})
    endif()
endforeach()

install(FILES ${CMAKE_BINARY_DIR}/share/dhow/hello.tar DESTINATION ${CMAKE_INSTALL_DATADIR}/dhow)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

# Units name the installed command by its absolute path, which only the installation knows (--prefix).
# systemd looks in lib/systemd whatever the architecture.
foreach(manager system user)
    file(GLOB units CONFIGURE_DEPENDS
        ${CMAKE_SOURCE_DIR}/systemd/${manager}/*.socket ${CMAKE_SOURCE_DIR}/systemd/${manager}/*.timer
        ${CMAKE_SOURCE_DIR}/systemd/${manager}/*.service)
    install(FILES ${units} DESTINATION lib/systemd/${manager})
    file(GLOB templates CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/systemd/${manager}/*.in)
    foreach(template ${templates})
        get_filename_component(unit ${template} NAME_WLE)
        # Straight to its place: installations to several prefixes may run at once.
        install(CODE "
            set(bindir \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}\")
            set(unit \"\${CMAKE_INSTALL_PREFIX}/lib/systemd/${manager}/${unit}\")
            message(STATUS \"Installing: \$ENV{DESTDIR}\${unit}\")
            configure_file(\"${template}\" \"\$ENV{DESTDIR}\${unit}\" @ONLY)
            list(APPEND CMAKE_INSTALL_MANIFEST_FILES \"\${unit}\")")
    endforeach()
endforeach()
