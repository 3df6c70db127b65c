#!/bin/sh
# docs.sh: every relative link in the documentation leads to a file; one TAP line a page.
set -u
cd "$(dirname "$0")/.." || exit 2
number=0
failed=0
for page in $(find . \( -name .git -o -path ./build \) -prune -o -name '*.md' -print | sort); do
    number=$((number + 1))
    broken=$(awk '/^```/ { code = !code } !code' "$page" | grep -oE '\]\([^)#: ]+(#[^)]*)?\)' |
        sed 's/^](//; s/)$//; s/#.*//' | while read -r target; do
            [ -e "$(dirname "$page")/$target" ] || echo "#   $target"
        done)
    if [ -z "$broken" ]; then
        echo "ok $number - links of ${page#./}"
    else
        echo "not ok $number - links of ${page#./}"
        printf '%s\n' "$broken"
        failed=$((failed + 1))
    fi
done
echo "1..$number"
[ "$failed" -eq 0 ]
