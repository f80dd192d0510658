# Where things go: helpers are looked for beside /proc/self/exe first, then in libexec.
include(GNUInstallDirs)
install(TARGETS dhow RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS dhow-shim dhow-runtime dhow-transfer dhow-api dhow-init dhow-forward
        RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/dhow)
