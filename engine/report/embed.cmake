# SPDX-License-Identifier: Apache-2.0
# Makes a header of a text file, so that the file can be edited as what it is:
#   cmake -DINPUT=report.html -DOUTPUT=report_html.h [-DNAME=kReportTemplate] -P embed.cmake
if(NOT NAME)
  set(NAME kReportTemplate)
endif()
file(READ "${INPUT}" text)
string(FIND "${text}" ")embedded\"" clash)
if(NOT clash EQUAL -1)
  message(FATAL_ERROR "${INPUT} contains the delimiter of the raw string.")
endif()
file(WRITE "${OUTPUT}"
  "// Generated from ${INPUT} by embed.cmake.\n#pragma once\n\n"
  "namespace pugmark {\n\n"
  "inline constexpr char ${NAME}[] = R\"embedded(${text})embedded\";\n\n"
  "}  // namespace pugmark\n")
