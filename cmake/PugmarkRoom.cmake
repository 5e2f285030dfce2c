# SPDX-License-Identifier: Apache-2.0
# One static library per room: pugmark_room(engine/decode SOURCES a.cc HEADERS a.h PUBLIC ... PRIVATE ...)
# makes the target pugmark_engine_decode. Rooms may only use what PUBLIC and PRIVATE name, and tests/rooms.cmake checks
# the #include lines against the same table of directions.
function(pugmark_room room)
  cmake_parse_arguments(ARG "" "" "SOURCES;HEADERS;PUBLIC;PRIVATE" ${ARGN})
  string(REPLACE "/" "_" name "pugmark_${room}")
  list(TRANSFORM ARG_SOURCES PREPEND "${PROJECT_SOURCE_DIR}/${room}/")
  list(TRANSFORM ARG_HEADERS PREPEND "${PROJECT_SOURCE_DIR}/${room}/")
  add_library(${name} STATIC ${ARG_SOURCES})
  target_sources(${name} PUBLIC FILE_SET HEADERS BASE_DIRS "${PROJECT_SOURCE_DIR}" FILES ${ARG_HEADERS})
  target_include_directories(${name} PUBLIC "${PROJECT_SOURCE_DIR}")
  target_link_libraries(${name} PUBLIC ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE} pugmark_options)
  set_target_properties(${name} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
endfunction()
