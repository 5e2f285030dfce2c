# SPDX-License-Identifier: Apache-2.0
# The edits of the quality benchmark. Included by benchmarks/ and by tests/, which must not depend on each other.
include_guard(GLOBAL)
add_library(pugmark_bench_edits STATIC EXCLUDE_FROM_ALL)
foreach(source edits edit_geometry edit_pixels edit_overlay edit_compose edit_screenshot edit_screen)
  target_sources(pugmark_bench_edits PRIVATE "${CMAKE_CURRENT_LIST_DIR}/${source}.cc")
endforeach()
target_include_directories(pugmark_bench_edits PUBLIC "${PROJECT_SOURCE_DIR}")
target_link_libraries(pugmark_bench_edits PUBLIC opencv PRIVATE pugmark_index_base fmt::fmt pugmark_options)
