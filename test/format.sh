#!/bin/sh
# format.sh: the layout of sources, one TAP line a rule.
#
# pgindent is not packaged, so this holds what a reader sees of its look: tabs, braces on lines of
# their own, no // comments, lines of at most 120 columns (a tab is four), and for every text file
# no blanks at line ends and a final newline.  It reports and never rewrites.
set -u
cd "$(dirname "$0")/.." || exit 2
number=0
failed=0

# rule NAME OFFENCES: passes when there are none
rule() {
    number=$((number + 1))
    if [ -z "$2" ]; then
        echo "ok $number - $1"
    else
        echo "not ok $number - $1"
        printf '%s\n' "$2" | head -n 40 | cut -c1-160 | sed 's/^/#   /'
        failed=$((failed + 1))
    fi
}

c_files=$(find src test/unit -name '*.[ch]' 2>/dev/null | sort)
scripts=$(find run .ci/run test -type f \( -name run -o -name '*.sh' -o -name '*.pl' -o -name '*.py' \) | sort)
# what was written by hand: expected output and data are as the server and their origin made them
texts=$(find . \( -name .git -o -name tmp_check -o -path ./build -o -path ./results -o -path ./output_iso \
    -o -path ./expected -o -path ./test/isolation/expected -o -path ./test/data \) -prune -o -type f \
    \( -name '*.[ch]' -o -name '*.sql' -o -name '*.spec' -o -name '*.sh' -o -name '*.pl' -o -name '*.py' \
    -o -name '*.md' -o -name '*.json' -o -name '*.control' -o -name Makefile -o -name run -o -name LICENSE \
    -o -name '.editorconfig' -o -name '.gitignore' \) -print | sort)

# shellcheck disable=SC2086 # file names of this tree hold no blanks
{
rule 'no blanks at line ends' "$(grep -nE '[ 	]+$' $texts /dev/null)"
rule 'lines end with a line feed alone' "$(grep -l "$(printf '\r')" $texts /dev/null)"
rule 'files end with a newline' \
    "$(for f in $texts; do [ -s "$f" ] && [ -n "$(tail -c 1 "$f")" ] && echo "$f"; done)"
# tests in Perl and Python carry SQL, whose lines stand as one would type them
rule 'lines of C and shell have at most 120 columns' "$(awk '
    {
        width = 0
        for (i = 1; i <= length($0); i++)
            if (substr($0, i, 1) == "\t") width += 4 - width % 4; else width++
        if (width > 120) print FILENAME ":" FNR ": " width " columns"
    }' $c_files $(printf '%s\n' $scripts | grep -vE '\.(pl|py)$') /dev/null)"
rule 'C is indented with tabs' "$(grep -nE '^	* +	|^	*    ' $c_files /dev/null)"
# comments, strings and character constants are taken out before braces are looked at
rule 'braces stand on lines of their own, comments are /* */' "$(awk '
    FNR == 1 { comment = 0 }
    {
        text = $0; out = ""
        while (text != "")
        {
            if (comment)
            {
                i = index(text, "*/")
                if (i == 0) break
                text = substr(text, i + 2); comment = 0; continue
            }
            if (match(text, /"([^"\\]|\\.)*"|\047([^\047\\]|\\.)+\047|\/\*|\/\//) == 0) { out = out text; break }
            out = out substr(text, 1, RSTART - 1); token = substr(text, RSTART, RLENGTH)
            text = substr(text, RSTART + RLENGTH)
            if (token == "/*") comment = 1
            else if (token == "//") { print FILENAME ":" FNR ": // comment"; text = "" }
            else out = out "\"\""
        }
        if (out ~ /\\$/) next
        sub(/[ \t]+$/, "", out)
        if (out ~ /(\)|(^|[^a-z_])(else|do))[ \t]*\{$/ ||
            out ~ /^[ \t]*(typedef[ \t]+)?(struct|union|enum)([ \t]+[A-Za-z_0-9]+)?[ \t]*\{$/)
            print FILENAME ":" FNR ": brace at the end of a line: " $0
        if (out ~ /\}[ \t]*else/) print FILENAME ":" FNR ": brace before else"
    }' $c_files /dev/null)"
rule 'the return type of a function has a line of its own' "$(awk '
    FNR == 1 { held = "" }
    /^\{/ && held != "" { print held }
    { held = "" }
    /^[A-Za-z_][A-Za-z_0-9 \t*]*[ \t*][A-Za-z_0-9]+\([^;]*\)$/ { held = FILENAME ":" FNR ": " $0 }' $c_files /dev/null)"
}
echo "1..$number"
[ "$failed" -eq 0 ]
