#!/bin/sh
# cancel.sh: with 10 million rows a training is cancelled within 1 s at whatever it is; TAP.
#
# PGHOST and PGPORT name a running server with the extension installed.
set -u
database=long_cancel
createdb "$database" || exit 1
trap 'dropdb "$database"' EXIT
psql -X -q -d "$database" -c 'CREATE EXTENSION mlops'
number=0
failed=0
for timeout in 1000 1600 2000 2200 2400 2700 3000 3300 3600 4200 5000; do
    number=$((number + 1))
    took=$(psql -X -At -d "$database" 2>/dev/null <<SQL
SET client_min_messages = error;
SET mlops.progress = off;
SET mlops.threads = 1;
SET mlops.max_training_memory = '4GB';
SET statement_timeout = $timeout;
SELECT extract(epoch FROM clock_timestamp()) * 1000 AS start \gset
SELECT seconds FROM mlops_train('big',
    \$\$SELECT i::float8 AS x, i % 97 < 3 AS y FROM generate_series(1, 10000000) i\$\$, 'y',
    algorithm => 'logistic_regression');
SELECT 'took ' || round(extract(epoch FROM clock_timestamp()) * 1000 - :start);
SQL
    )
    took=$(printf '%s\n' "$took" | sed -n 's/^took //p')
    if [ "${took:-99999}" -le $((timeout + 1000)) ]; then
        echo "ok $number - cancelled after $timeout ms: $((took - timeout)) ms"
    else
        echo "not ok $number - cancelled after $timeout ms: took ${took:-no answer} ms"
        failed=1
    fi
done
echo "1..$number"
exit $failed
