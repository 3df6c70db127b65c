#!/bin/sh
# docs.sh: every relative link in the documentation leads to a file, and to a heading of it where it names one, and
# every block of code ends; one TAP line a page.  Every message that docs/limits.md quotes (in the last column of its
# tables) is one that a test has met.
set -u
cd "$(dirname "$0")/.." || exit 2
number=0
failed=0

# the headings of a page as links name them
anchors()
{
    awk '/^```/ { code = !code } !code && /^#+ /' "$1" | sed 's/^#* *//' | tr 'A-Z ' 'a-z-' |
        tr -d '!"#$%&()*+,./:;<=>?@[\\]^`{|}~'"'"
}

for page in $(find . \( -name .git -o -path ./build \) -prune -o -name '*.md' -print | sort); do
    number=$((number + 1))
    broken=$(awk '/^```/ { code = !code } !code' "$page" | grep -oE '\]\([^)#: ]*(#[^)]*)?\)' |
        sed 's/^](//; s/)$//' | while read -r link; do
            file=${link%%#*}
            target=$page
            [ -z "$file" ] || target=$(dirname "$page")/$file
            if [ ! -e "$target" ]; then
                echo "#   $link"
            elif [ "$file" != "$link" ] && ! anchors "$target" | grep -qxF -e "${link#*#}"; then
                echo "#   $link: no such heading"
            fi
        done)
    [ $(($(grep -c '^```' "$page") % 2)) -eq 0 ] || broken="$broken#   a block of code without an end"
    if [ -z "$broken" ]; then
        echo "ok $number - links of ${page#./}"
    else
        echo "not ok $number - links of ${page#./}"
        printf '%s\n' "$broken"
        failed=$((failed + 1))
    fi
done

# a quoted message as a basic regular expression: "…" stands for anything
number=$((number + 1))
unmet=$(awk -F'|' '/^\|/ && NF == 5 { print $4 }' docs/limits.md | grep -oE '`[^`]+`' | tr -d '`' | sort -u |
    while read -r message; do
        pattern=$(printf '%s\n' "$message" | sed 's/[][\.*^$]/\\&/g; s/…/.*/g')
        cat expected/*.out | grep -q -- "$pattern" || echo "#   $message"
    done)
if [ -z "$unmet" ]; then
    echo "ok $number - messages of docs/limits.md"
else
    echo "not ok $number - messages of docs/limits.md are met in no expected output"
    printf '%s\n' "$unmet"
    failed=$((failed + 1))
fi
echo "1..$number"
[ "$failed" -eq 0 ]
