/*
 * feature_view.h: registered queries of what is known of an entity as time
 * goes by.
 *
 * A view's query is stored SQL: whoever calls, it runs as the view's owner,
 * restricted, under the settings it was defined with.  Who may act as the
 * owner may use the view.
 */
#ifndef MLOPS_FEATURE_VIEW_H
#define MLOPS_FEATURE_VIEW_H

#include "utils/elog.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "pg/identity.h"
#include "pg/source.h"

typedef struct MlopsFeatureView
{
	int64		view_id;
	char	   *name;
	char	   *owner;
	char	   *text;			/* as typed */
	char	   *query;			/* as it is run */
	char	   *entity;
	char	   *entity_type;	/* what keys are compared as: bigint, text or uuid */
	char	   *time_column;
	char	   *created_column; /* or NULL */
	int64		ttl;			/* microseconds; 0 = rows never expire */
	bool		online;
	Jsonb	   *columns;
	MlopsSettings settings;
	TimestampTz materialized_at;	/* DT_NOBEGIN = never */
} MlopsFeatureView;

/* What a user asks for; text fields NULL where nothing was said. */
typedef struct MlopsFeatureViewSpec
{
	const char *name;
	const char *query;
	const char *entity;
	const char *time_column;
	const char *created_column;
	const Interval *ttl;
	bool		online;
	const char *comment;
	bool		replace;
} MlopsFeatureViewSpec;

extern int64 mlops_feature_view_create(const MlopsFeatureViewSpec *spec);
extern void mlops_feature_view_drop(const char *name);
extern void mlops_feature_view_set_owner(const char *name, Oid role);
extern void mlops_feature_view_annotate(const char *name, const char *description, Jsonb *tags, const char *feature);

/* Raises 42704, and 42501 unless the current user may act as the owner. */
extern MlopsFeatureView *mlops_feature_view_get(const char *name);
/* The same as of now, its row locked against other changes. */
extern MlopsFeatureView *mlops_feature_view_lock(const char *name);
/* Names of all that the current user may use, as char *. */
extern List *mlops_feature_view_names(void);

/* Between enter and leave SQL runs as the view's owner, and errors name the view.  An error needs no leave. */
typedef struct MlopsFeatureViewUse
{
	const char *name;
	MlopsIdentity identity;
	ErrorContextCallback callback;
} MlopsFeatureViewUse;
/* The view's query, with the columns it was defined with; else raises 55000. */
extern MlopsSource *mlops_feature_view_enter(const MlopsFeatureView *view, MlopsFeatureViewUse *use);
extern void mlops_feature_view_leave(MlopsFeatureViewUse *use);

/* ---- its columns ---- */

/* Name of a column of view->columns. */
extern char *mlops_feature_view_column(const MlopsFeatureView *view, uint32 i);
/* Neither entity nor times. */
extern bool mlops_feature_view_is_feature(const MlopsFeatureView *view, const char *column);
/* The type that keys of an entity are compared in: int8, text or uuid; InvalidOid for a type that is none. */
extern Oid	mlops_feature_view_key_type(Oid type);
extern const char *mlops_feature_view_key_name(Oid key_type);
/* How a column takes part in the order of rows of one time: NULL when its type has no order. */
extern bool mlops_feature_view_has_order(Oid type);
/* Longest time for which a row may hold, in microseconds. */
#define MLOPS_LONGEST_TTL (INT64CONST(36500) * USECS_PER_DAY)
/* An interval as microseconds: a day is 24 hours, a month 30 days. */
extern int64 mlops_interval_span(const Interval *interval);
/* at - ttl, or the beginning of time. */
extern TimestampTz mlops_time_before(TimestampTz at, int64 ttl);

/* ---- reading ---- */

/* All rows as the view's owner; the columns must be those of desc. */
extern void mlops_feature_view_rows(const MlopsFeatureView *view, TupleDesc desc, Tuplestorestate *rows);
/* NULL key: unknown. */
extern Jsonb *mlops_feature_view_lookup(const MlopsFeatureView *view, char *key, TimestampTz at);
/* Time of the latest row until now; false when there is none, problem why it cannot be read. */
extern bool mlops_feature_view_latest(const MlopsFeatureView *view, TimestampTz *latest, char **problem);
/* The latest row of each key as texts: key, time, created time, features; more, a condition, or NULL. */
extern MlopsSource *mlops_feature_view_latest_rows(const MlopsFeatureView *view, const MlopsSource *source,
												   TimestampTz at, const char *more);
/* A time as a literal, to be read under the settings of a view in use. */
extern char *mlops_time_literal(TimestampTz time);

/* The point-in-time join: a SELECT of the columns of `spine` and the features of all views (list of char *). */
extern char *mlops_feature_view_join(const char *spine, List *names);

/* ---- online ---- */

extern int64 mlops_feature_view_materialize(const char *name);
/* What is kept of a key, written as its type writes it; NULL when nothing is that holds at that time. */
extern Jsonb *mlops_feature_view_online(const MlopsFeatureView *view, const char *key, TimestampTz at);

#endif
