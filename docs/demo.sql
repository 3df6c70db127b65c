-- ./run demo: a model from rows to reasons, on a well-known data set.  Every statement is shown as it runs.
\set QUIET on
\pset footer off
\pset null '-'
\pset linestyle unicode
\echo
\echo '--- 1. The extension --------------------------------------------------------'
CREATE EXTENSION mlops;

\echo
\echo '--- 2. The data: 7,043 customers of a (made-up) telephone company; one in four left'
\ir ../test/data/customers.sql
SELECT churn, count(*) AS customers, round(avg(tenure), 1) AS months_with_us,
       round(avg(monthly_charges)::numeric, 2) AS monthly_charges
FROM customers GROUP BY churn ORDER BY churn;

\echo
\echo '--- 3. Training: one call.  One customer in five is held out to judge the model.  Logistic regression, because we'
\echo '    will read its coefficients; without "algorithm" it is gradient boosting'
SELECT version, algorithm, metric, round(value::numeric, 4) AS value, stage, train_rows, test_rows,
       round(seconds::numeric, 2) AS seconds
FROM mlops_train('churn', 'customers', 'churn',
       algorithm => 'logistic_regression', key => 'customer_id',
       config => '{"exclude": ["rid"], "positive_label": "Yes", "split": {"test_where": "rid % 5 = 0"}}');

\echo
\echo '--- 4. How good is it?  Every metric of the held-out customers is in a table'
SELECT m.key AS metric, round(m.value::numeric, 4) AS value
FROM mlops.run_metrics m JOIN mlops.versions v USING (run_id) JOIN mlops.models USING (model_id)
WHERE models.name = 'churn' AND v.version = 1 AND m.split = 'test'
ORDER BY m.key;
\echo 'roc_auc 0.84: of one customer who left and one who stayed, the model gives the one who left the higher risk in'
\echo '84 of 100 pairs (guessing: 50).  Look at roc_auc to rank customers, at log_loss or brier to trust the probabilities,'
\echo 'at precision and recall to act on the label; accuracy says little: "nobody leaves" already has 0.73.'

\echo
\echo '--- 5. What moves the risk?  The strongest coefficients, per standard deviation or level'
SELECT feature, level, round(coefficient::numeric, 3) AS coefficient
FROM mlops_coefficients('churn')
WHERE feature <> '(intercept)'
ORDER BY abs(coefficient) DESC LIMIT 8;
\echo 'Above zero raises the risk, below lowers it.  A number has no level, so there is a "-" in that column.'

\echo
\echo '--- 6. Prediction: a function in a query'
SELECT c.customer_id, c.tenure, c.contract, c.monthly_charges,
       round(mlops_predict('churn', c)::numeric, 3) AS risk,
       mlops_predict_label('churn', c) AS predicted, c.churn AS happened
FROM customers c WHERE c.rid IN (5, 20, 1970, 3945, 4800, 6760) ORDER BY risk DESC;

\echo
\echo '--- 7. ... with the reasons, in words: the three features that weigh most'
SELECT c.customer_id, round(mlops_predict('churn', c)::numeric, 2) AS risk, why.reasons
FROM customers c
CROSS JOIN LATERAL (
    SELECT string_agg(format('%s %s %s the risk', replace(feature, '_', ' '),
                             CASE WHEN value IS NULL THEN '(unknown)' ELSE '= ' || value END,
                             CASE WHEN contribution > 0 THEN 'raises' ELSE 'lowers' END),
                      E'\n' ORDER BY abs(contribution) DESC) AS reasons
    FROM (SELECT * FROM mlops_explain('churn', c) WHERE feature <> '(base)'
          ORDER BY abs(contribution) DESC LIMIT 3) AS strongest
) AS why
WHERE c.rid IN (5, 20, 1970, 3945) ORDER BY risk DESC;

\echo
\echo '--- 8. A customer who is in no table: a prediction from JSON'
SELECT round(mlops_predict('churn', mlops_sample_input('churn') || '{"tenure": 1, "contract": "Month-to-month"}')::numeric, 3)
           AS new_customer,
       round(mlops_predict('churn', mlops_sample_input('churn') || '{"tenure": 60, "contract": "Two year"}')::numeric, 3)
           AS loyal_customer;

\echo
\echo 'That was all of it: no export, no other server.  The model is rows in schema mlops of this database.'
\echo 'On your own server: make install, CREATE EXTENSION mlops, and these statements.'
\echo 'Next: ./run psql opens a shell with this table, docs/tutorial.md goes from here to versions and promotion.'
