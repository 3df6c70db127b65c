-- complain if the script is sourced in psql, rather than by CREATE EXTENSION
\echo Use "CREATE EXTENSION mlops" to load this file. \quit

CREATE SCHEMA mlops;
COMMENT ON SCHEMA mlops IS 'Registry of machine-learning models: tables, views and result types of the extension mlops';
