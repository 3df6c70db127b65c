#!/bin/sh
# lint.sh [LIBRARY]: the rules of the house, one TAP line each.
#
# Reads the tree it stands in; with the built library it looks at its symbols as well.  Needs
# nothing but grep, awk and nm.  A rule prints every line that breaks it.
set -u
cd "$(dirname "$0")/.." || exit 2
library=${1:-}
number=0
failed=0

# check NAME OFFENCES: passes when there are none
check() {
    number=$((number + 1))
    if [ -z "$2" ]; then
        echo "ok $number - $1"
    else
        echo "not ok $number - $1"
        printf '%s\n' "$2" | sed 's/^/#   /'
        failed=$((failed + 1))
    fi
}

# C files and headers of some rooms
sources() {
    for room in "$@"; do
        find "src/$room" -name '*.[ch]' 2>/dev/null
    done | sort
}

# grep_in PATTERN FILE...: file:line:text, nothing when there are no files
grep_in() {
    pattern=$1
    shift
    [ $# -eq 0 ] || grep -nE -- "$pattern" "$@" /dev/null
}

# shellcheck disable=SC2046 # file names of this tree hold no blanks
{
check 'kernel and learn know no server' \
    "$(grep_in '(postgres|fmgr)\.h|\b(palloc[0-9a-z_]*|repalloc|pfree|ereport|elog)[ 	]*\(' $(sources kernel learn))"
check 'entry points stand in api only' \
    "$(grep_in 'PG_FUNCTION_ARGS|PG_FUNCTION_INFO_V1' $(sources kernel learn pg))"
check 'kernel includes kernel only' \
    "$(grep_in '#[ 	]*include[ 	]+"(learn|pg|api)/' $(sources kernel))"
check 'learn includes kernel and learn only' \
    "$(grep_in '#[ 	]*include[ 	]+"(pg|api)/' $(sources learn))"
check 'pg does not include api' \
    "$(grep_in '#[ 	]*include[ 	]+"api/' $(sources pg))"
check 'PG_VERSION_NUM stands in src/pg/pg_compat.h only' \
    "$(grep_in 'PG_VERSION_NUM|PG_MAJORVERSION_NUM' $(sources kernel learn pg api | grep -v '^src/pg/pg_compat\.h$'))"
check 'files are named after what they hold' \
    "$(find src sql test docs -type f | grep -iE '/(utils?|helpers?|misc|common)\.[a-z]+$')"
check 'no C file is longer than 900 lines' \
    "$(find src test/unit -name '*.[ch]' 2>/dev/null -exec awk 'END { if (NR > 900) print FILENAME ": " NR }' {} \;)"
find src test/unit -name '*.[ch]' 2>/dev/null -exec awk '
    END { if (NR > 800) print "# " FILENAME " has " NR " lines: time for another room" }' {} \;
check 'no promises left in the code' \
    "$(grep_in '\b(TOD[O]|FIXM[E]|XX[X]|HAC[K])\b' $(find run Makefile src sql test docs -type f \
        ! -name '*.o' ! -path '*/build/*' ! -path 'test/data/*' \
        ! -name lint.sh))"
check 'parts of the SQL script are numbered' \
    "$(find sql/parts -type f 2>/dev/null | grep -vE '^sql/parts/[0-9][0-9]_[a-z0-9_]+\.sql$')"

check 'every SQL test has its expected output' \
    "$(for f in test/sql/*.sql; do [ -e "$f" ] || continue
        n=$(basename "$f" .sql); [ -e "expected/$n.out" ] || echo "$f"; done)"
check 'every expected output has its SQL test' \
    "$(for f in expected/*.out; do [ -e "$f" ] || continue
        n=$(basename "$f" .out | sed 's/_[0-9]$//'); [ -e "test/sql/$n.sql" ] || echo "$f"; done)"
check 'every isolation spec has its expected output' \
    "$(for f in test/isolation/specs/*.spec; do [ -e "$f" ] || continue
        n=$(basename "$f" .spec); [ -e "test/isolation/expected/$n.out" ] || echo "$f"; done)"
check 'no plans in expected output' \
    "$(grep_in '^ *QUERY PLAN *$' $(find expected test/isolation/expected -name '*.out' 2>/dev/null))"

version=$(sed -n "s/^default_version *= *'\([^']*\)'.*/\1/p" mlops.control)
meta=$(sed -n 's/^ *"version" *: *"\([^"]*\)".*/\1/p' META.json | sed '$d' | sort -u)
newest=$(sed -n 's/^## *\[\{0,1\}v\{0,1\}\([0-9][0-9.]*[0-9]\)\]\{0,1\}.*/\1/p' CHANGELOG.md 2>/dev/null | head -n 1)
check 'mlops.control names a version' "$([ -n "$version" ] || echo 'no default_version')"
check 'META.json has the version of mlops.control' \
    "$([ "$meta" = "$version" ] || echo "META.json: $meta, control: $version")"
check 'CHANGELOG.md begins with the version of mlops.control' \
    "$([ "$newest" = "$version" ] || echo "CHANGELOG.md: ${newest:-none}, mlops.control: $version")"

if [ -n "$library" ]; then
    check 'exported symbols have our prefixes' \
        "$(nm -D --defined-only "$library" | awk '{ print $NF }' |
            grep -vE '^(mlops_|ml_|pg_finfo_mlops_|Pg_magic_func$|_PG_init$|_init$|_fini$)')"
    check 'no Fortran run-time is needed' "$(nm -D --undefined-only "$library" | grep -i gfortran)"
fi
}
echo "1..$number"
[ "$failed" -eq 0 ]
