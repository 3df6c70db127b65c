-- Features are SQL expressions: the values of training and prediction are the same bit for bit.
CREATE SCHEMA test_features;
SET search_path = test_features, public;
SET client_min_messages = warning;
SET timezone = 'Europe/Berlin';
SET datestyle = 'ISO, DMY';
SET intervalstyle = 'postgres';
CREATE SCHEMA feat;
CREATE TYPE feat.mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN feat.positive AS integer CHECK (VALUE > 0);
CREATE DOMAIN feat.word AS text;
CREATE FUNCTION feat.twice(x float8) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT x * 2';
CREATE FUNCTION feat.plpgsql_add(x int, y int DEFAULT 7) RETURNS int LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    AS 'BEGIN RETURN x + y; END';
CREATE FUNCTION feat.label(x int) RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE
    AS $$BEGIN RETURN CASE WHEN x % 3 = 0 THEN 'fizz' ELSE 'no' END; END$$;
CREATE OPERATOR feat.<+> (FUNCTION = feat.plpgsql_add, LEFTARG = int, RIGHTARG = int);
-- 1001 rows: the 1001 quantiles of the baseline are the values themselves, sorted
CREATE TABLE feat.t AS
SELECT i AS id, i % 17 AS n, (i::bigint << 33) + i AS big, (i % 300)::smallint AS small,
    sin(i) * 1000 AS f, cos(i)::real AS r, (i / 7.0)::numeric(12, 3) AS num, i % 3 = 0 AS b,
    'word ' || i % 12 AS t, (ARRAY['x', 'yy', 'zzz', ''])[1 + i % 4]::varchar(10) AS v, (ARRAY['aa', 'b'])[1 + i % 2]::char(5) AS c,
    (ARRAY['sad', 'ok', 'happy'])[1 + i % 3]::feat.mood AS e, ('00000000-0000-0000-0000-00000000000' || i % 7)::uuid AS u,
    (1 + i % 50)::feat.positive AS d, ('w' || i % 5)::feat.word AS w,
    '2024-03-30 22:30:00+00'::timestamptz + i * interval '37 minutes' AS ts, '2024-01-31'::date + i AS dt,
    ('00:00'::time + i * interval '83 seconds') AS tm, i * interval '1 day 3 hours 7 seconds' AS iv,
    ARRAY[i, i * 0.5, -i]::float8[] AS arr, i * 3 AS "Quoted Col", 'ü' || i % 4 AS "sélect",
    jsonb_build_object('a', i, 'k', 'v' || i % 3) AS js, CASE WHEN i % 10 = 0 THEN NULL ELSE i * 1.5 END AS maybe,
    CASE WHEN i % 11 = 0 THEN NULL ELSE 'm' || i % 3 END AS maybe_text, i * 0.25 + sin(i) AS y
FROM generate_series(1, 1001) i;

CREATE TABLE feat.expressions (id int GENERATED ALWAYS AS IDENTITY, e text);
INSERT INTO feat.expressions (e) VALUES
    ('n'), ('big'), ('small'), ('f'), ('r'), ('num'), ('b'), ('t'), ('v'), ('c'), ('e'), ('u'), ('d'), ('w'),
    ('"Quoted Col"'), ('"sélect"'), ('source.n'), ('maybe'), ('maybe_text'),
    ('n + 1'), ('n / 4'), ('n / 4.0'), ('n % 5'), ('-n'), ('n ^ 2'), ('|/ abs(f)'), ('@ f'), ('big * 2'), ('small * small'),
    ('f / nullif(n, 0)'), ('r * 3'), ('r::float8'), ('f::real'), ('num * num'), ('round(num, 1)'), ('num::int'), ('trunc(f)::bigint'),
    ('ln(1 + abs(f))'), ('log(10, 1 + n)'), ('exp(n / 10.0)'), ('sqrt(n::float8)'), ('power(n, 0.3)'), ('greatest(n, small, 5)'),
    ('least(f, 0)'), ('coalesce(maybe, -1)'), ('coalesce(maybe_text, ''none'')'), ('nullif(n, 3)'), ('abs(f) > 500'),
    ('CASE WHEN n > 8 THEN f WHEN n > 4 THEN 0 ELSE -1 END'), ('CASE n WHEN 1 THEN ''one'' WHEN 2 THEN ''two'' END'),
    ('CASE WHEN maybe IS NULL THEN 1 ELSE 0 END'), ('maybe IS NULL'), ('maybe IS DISTINCT FROM 3'), ('b IS TRUE'), ('NOT b'),
    ('b AND NULL'), ('b OR n > 3'), ('b::int'), ('(n > 3)::int + b::int'), ('n BETWEEN 3 AND 7'), ('n IN (1, 2, 3)'),
    ('n NOT IN (4, 5)'), ('t IN (''word 1'', ''word 2'')'), ('t LIKE ''word 1%'''), ('t ~ ''[3-5]$'''), ('t SIMILAR TO ''%(1|2)'''),
    ('upper(t)'), ('initcap(t)'), ('length(t)'), ('char_length(c)'), ('octet_length("sélect")'), ('substring(t from 6)'),
    ('substring(t, 6, 1)::text'), ('position(''1'' in t)'), ('replace(t, ''word'', ''w'')'), ('md5(t)'), ('left(t, 5)'), ('right(t, 1)'),
    ('split_part(t, '' '', 2)::int'), ('t || v'), ('concat(t, n, NULL)'), ('format(''%s-%s'', n, b)'), ('trim(c)'), ('lpad(n::text, 3, ''0'')'),
    ('ascii(v)'), ('strpos(t, ''o'')'), ('reverse(t)'), ('t COLLATE "C" < ''word 5'''), ('t < ''word 5'''), ('to_char(ts, ''HH24'')'),
    ('to_char(num, ''FM0000'')'), ('extract(hour FROM ts)'), ('extract(hour FROM ts AT TIME ZONE ''UTC'')'),
    ('extract(epoch FROM ts)'), ('extract(dow FROM dt)'), ('extract(doy FROM dt)'), ('date_part(''minute'', tm)'),
    ('extract(epoch FROM iv)'), ('extract(day FROM justify_hours(iv))'), ('(dt - date ''2024-01-01'')'),
    ('extract(epoch FROM ts - timestamptz ''2024-01-01 00:00+00'')'), ('ts::date - dt'), ('left(ts::text, 10)'), ('left(dt::text, 7)'), ('right(iv::text, 2)'),
    ('date_trunc(''month'', ts)::text'), ('left((ts + interval ''1 month'')::text, 10)'), ('make_date(2024, 1 + n % 12, 1) - dt'),
    ('extract(hour FROM ts::timestamp)'), ('isfinite(dt)'), ('dt > ''2025-01-01'''), ('(dt, dt + 10) OVERLAPS (date ''2024-06-01'', date ''2024-07-01'')'),
    ('e::text'), ('e > ''sad'''), ('enum_range(NULL::feat.mood)::text'), ('u::text'), ('d + 1'), ('d::text'), ('w || ''!'''),
    ('arr'), ('arr[2]'), ('array_length(arr, 1)'), ('cardinality(arr)'), ('n = ANY (ARRAY[1, 5, 9])'), ('n > ALL (''{1,2}''::int[])'),
    ('(js->>''a'')::float8'), ('js->>''k'''), ('(js @> ''{"k": "v1"}'')'), ('jsonb_typeof(js)'), ('(js->''a'')::int'),
    ('feat.twice(f)'), ('feat.plpgsql_add(n)'), ('feat.plpgsql_add(n, y => 2)'), ('feat.label(n)'), ('n OPERATOR(feat.<+>) 3'),
    ('feat.twice(x => n)'), ('width_bucket(f, -1000, 1000, 10)'), ('n::text::feat.word'), ('n + 1::feat.positive'),
    ('(n + 1)::feat.positive * 2'), ('n::bit(5)::text'), ('n << 2'), ('n # 5'), ('~n'), ('left(f::text, 3)'), ('left(r::text, 4)'), ('1'),
    ('''constant'''), ('NULL::float8'), ('1e300 * (1 + n)'), ('n * ''NaN''::float8'), ('factorial(n)'), ('gcd(n, 6)'),
    ('num_nulls(maybe, maybe_text)'), ('ROW(n, 1) < ROW(3, 2)'), ('(n, b) = (3, true)'), ('t IS NOT NULL'), ('coalesce(nullif(maybe, 15), f, 0)'),
    ('concat_ws(''-'', n, NULL, b)'), ('current_schema IS NOT NULL');

-- Trains with the one feature, then compares: values of training (quantiles of the baseline, or level
-- counts) and of prediction (mlops_transform) with those of the expression in a plain query.
CREATE FUNCTION feat.compare(e text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    k text; direct text; trained text; predicted text; missing bigint; direct_missing bigint; direct_ends text;
BEGIN
    BEGIN
        PERFORM mlops_train('feat_one', 'feat.t', 'y', 'linear_regression', '{"penalty": "l2"}', features => e || ' AS x',
            config => '{"split": {"test": 0}, "preprocess": {"numeric": {"impute": "constant", "constant": -7777, "scale": "none"}, "categorical": {"encode": "ordinal", "scale": "none"}}}');
    EXCEPTION WHEN others THEN
        RETURN SQLSTATE || ' ' || SQLERRM;
    END;
    SELECT kind, null_count,
        CASE kind WHEN 'category' THEN (SELECT string_agg(l || '=' || c, ',' ORDER BY l COLLATE "C") FROM unnest(levels, level_counts) AS x(l, c))
        ELSE quantiles::text END
      INTO k, missing, trained
      FROM mlops.version_features f JOIN mlops.versions v USING (version_id) JOIN mlops.models m USING (model_id)
     WHERE m.name = 'feat_one' AND role = 'feature' ORDER BY v.version DESC, f.position LIMIT 1;
    IF k = 'category' THEN
        EXECUTE format('SELECT string_agg(l || ''='' || c, '','' ORDER BY l COLLATE "C") FROM (SELECT (%s)::text AS l, count(*) AS c FROM feat.t AS source GROUP BY 1 HAVING (%1$s)::text IS NOT NULL) s', e)
           INTO direct;
        predicted := direct;
    ELSIF k = 'vector' THEN
        SELECT string_agg(q::text, ',') INTO trained FROM (SELECT quantiles[1] || '..' || quantiles[1001] AS q
          FROM mlops.version_features f JOIN mlops.models m ON m.name = 'feat_one' JOIN mlops.versions v USING (version_id)
         WHERE v.version = m.last_version AND v.model_id = m.model_id AND role = 'feature' ORDER BY position) s;
        EXECUTE format('SELECT string_agg(mi || ''..'' || ma, '','' ORDER BY o) FROM (SELECT o, min(x) mi, max(x) ma FROM feat.t AS source, unnest(%s) WITH ORDINALITY a(x, o) GROUP BY o) s', e) INTO direct;
        predicted := direct;
    ELSE
        -- missing values, NaN among them, become -7777; without any the quantiles are the sorted values
        EXECUTE format('SELECT array_agg(coalesce(x, -7777) ORDER BY coalesce(x, -7777))::text, count(*) FILTER (WHERE x IS NULL), min(x) || ''..'' || max(x)
            FROM (SELECT nullif((%s)::%s::float8, ''NaN'') AS x FROM feat.t AS source) s',
            e, CASE k WHEN 'boolean' THEN 'int' ELSE 'float8' END) INTO direct, direct_missing, direct_ends;
        EXECUTE 'SELECT array_agg(x ORDER BY x)::text FROM (SELECT (mlops_transform(''feat_one@' ||
            (SELECT last_version FROM mlops.models WHERE name = 'feat_one') || ''', whole)->>''x'')::float8 AS x FROM feat.t AS whole) s' INTO predicted;
        IF missing <> direct_missing THEN
            trained := missing || ' missing, not ' || direct_missing;
        ELSIF missing > 0 THEN      -- quantiles are interpolated then: compare the ends
            trained := CASE WHEN direct_ends IS NOT DISTINCT FROM (trained::float8[])[1] || '..' || (trained::float8[])[1001] THEN direct ELSE trained END;
        END IF;
    END IF;
    RETURN k || CASE WHEN trained IS DISTINCT FROM direct THEN ': TRAINING DIFFERS ' || left(trained, 60) || ' / ' || left(direct, 60)
        WHEN predicted IS DISTINCT FROM direct THEN ': PREDICTION DIFFERS ' || left(predicted, 60) || ' / ' || left(direct, 60)
        ELSE ' ok' END;
END $$;
SELECT id, e, feat.compare(e) FROM feat.expressions ORDER BY id;
