#!/bin/sh
# tsan.sh: the unit tests under ThreadSanitizer.
cd "$(dirname "$0")/../.." || exit 1
exec make -s -C test/unit tsan PROVE_FLAGS=-v
