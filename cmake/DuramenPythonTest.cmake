find_package(Python3 REQUIRED COMPONENTS Interpreter)

# duramen_python_test(NAME name SCRIPT file.py [ARGS …] [TIMEOUT seconds] [COST n] [SERIAL])
# A unittest file as one ctest test. It finds the binaries under test in $DURAMEN_BIN_DIR; it prints
# `SKIPPED: NAME: reason`, with a name of scripts/needs.txt, and exits with 77 when it cannot run here.
function(duramen_python_test)
  cmake_parse_arguments(ARG "SERIAL" "NAME;SCRIPT;TIMEOUT" "ARGS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  add_test(NAME ${ARG_NAME}
    COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/${ARG_SCRIPT} ${ARG_ARGS})
  set_tests_properties(${ARG_NAME} PROPERTIES
    TIMEOUT ${ARG_TIMEOUT} SKIP_RETURN_CODE 77
    ENVIRONMENT "DURAMEN_BIN_DIR=${CMAKE_RUNTIME_OUTPUT_DIRECTORY};PYTHONDONTWRITEBYTECODE=1;DURAMEN_SANITIZED=$<BOOL:${DURAMEN_SANITIZE}>")
  if(ARG_SERIAL)
    set_tests_properties(${ARG_NAME} PROPERTIES RUN_SERIAL ON)
  endif()
endfunction()
