#!/bin/sh
# coverage.sh BUILD COUNTS: line coverage of the C code, a line a file and a total.
#
# BUILD is an instrumented build (make COVERAGE=1), COUNTS the directory GCOV_PREFIX pointed to
# while it ran.  A line counts as run when any process ran it; test programs that were built with
# --coverage below BUILD are merged in, line by line.
set -u
build=$1
counts=$2
cd "$build" || exit 2
find "$counts" -name '*.gcda' | while read -r data; do
    object=${data#"$counts"}
    [ -e "${object%.gcda}.gcno" ] && cp "$data" "$object"
done
find . -name '*.gcda' | sort | while read -r data; do
    gcov -t "$data" 2>/dev/null
done | awk -F: '
    $2 + 0 == 0 && $3 == "Source" {
        file = $4
        if (!sub(/^.*src\//, "src/", file) || file !~ /^src\/(kernel|learn|pg|api)\//) file = ""
        next
    }
    file == "" { next }
    {
        count = $1; gsub(/[ \t*]/, "", count)
        if (count == "-") next
        line = file ":" ($2 + 0)
        if (!(line in seen)) { seen[line] = 1; lines[file]++; hit[line] = 0 }
        if (count !~ /^[#=]/ && !hit[line]) { hit[line] = 1; run[file]++ }
    }
    END {
        row = "%-36s %5d of %5d lines  %5.1f %%\n"
        for (file in lines) {
            printf row, file, run[file], lines[file], 100 * run[file] / lines[file] | "sort"
            all += lines[file]; covered += run[file]
        }
        close("sort")
        if (all == 0) { print "coverage: no counts were written"; exit 1 }
        printf row, "line coverage", covered, all, 100 * covered / all
    }'
