# SPDX-License-Identifier: Apache-2.0
# The check of the rooms must fail on a tree that breaks the rules: cmake -DROOT=... -DSCRATCH=... -P rooms_selftest.cmake
cmake_minimum_required(VERSION 3.25)
foreach(bad "index/vectors/bad.h|#include \"engine/features/features.h\"" "engine/search/bad.cc|#include <faiss/Index.h>")
  string(REPLACE "|" ";" parts "${bad}")
  list(GET parts 0 file)
  list(GET parts 1 line)
  file(REMOVE_RECURSE "${SCRATCH}")
  file(COPY "${ROOT}/index" "${ROOT}/engine" "${ROOT}/cli" DESTINATION "${SCRATCH}")
  file(WRITE "${SCRATCH}/${file}" "${line}\n")
  execute_process(COMMAND ${CMAKE_COMMAND} -DROOT=${SCRATCH} -P ${CMAKE_CURRENT_LIST_DIR}/rooms.cmake
                  RESULT_VARIABLE result ERROR_VARIABLE error)
  if(result EQUAL 0 OR NOT error MATCHES "bad\\.")
    message(FATAL_ERROR "The check of the rooms did not notice '${line}' in ${file}.")
  endif()
endforeach()
file(REMOVE_RECURSE "${SCRATCH}")
