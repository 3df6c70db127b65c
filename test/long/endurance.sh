#!/bin/sh
# endurance.sh: the session of 011_endurance.pl at full length, a million predictions and 2,000 trainings; TAP.
#
# PG_CONFIG names the server whose programs are used; the test starts a server of its own.
export MLOPS_PREDICTIONS=1000000 MLOPS_TRAININGS=2000
# of a whole session of the test, in seconds
export PG_TEST_TIMEOUT_DEFAULT=7200
cd "$(dirname "$0")/../.." || exit 1
exec make -s PG_CONFIG="${PG_CONFIG:-pg_config}" REGRESS= ISOLATION= TAP_TESTS=1 \
    PROVE_TESTS=test/t/011_endurance.pl PROVE_FLAGS=-v installcheck
