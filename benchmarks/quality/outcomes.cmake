# SPDX-License-Identifier: Apache-2.0
# How the quality benchmark judges answers: its photos, what is true of them, and the figures. Included by benchmarks/ and
# by tests/, which must not depend on each other.
include_guard(GLOBAL)
add_library(pugmark_bench_outcomes STATIC EXCLUDE_FROM_ALL)
foreach(source background corpus outcomes)
  target_sources(pugmark_bench_outcomes PRIVATE "${CMAKE_CURRENT_LIST_DIR}/${source}.cc")
endforeach()
target_include_directories(pugmark_bench_outcomes PUBLIC "${PROJECT_SOURCE_DIR}")
target_link_libraries(pugmark_bench_outcomes PUBLIC pugmark_engine_search nlohmann_json::nlohmann_json
                                             PRIVATE pugmark_engine_ingest fmt::fmt pugmark_options)
