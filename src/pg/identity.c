/*
 * identity.c: whose rights and whose settings SQL runs under.
 *
 * User and settings are changed the way CREATE INDEX and functions with SET
 * clauses do it: SetUserIdAndSecContext and a GUC nest level of our own.  An
 * error needs no clean-up here: (sub)transaction abort restores the user, the
 * settings and transaction_read_only.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "miscadmin.h"
#include "parser/parser.h"
#include "pgtime.h"
#include "tsearch/ts_cache.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/float.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "pg/identity.h"
#include "pg/pg_compat.h"

#define SAFE_SEARCH_PATH "pg_catalog, pg_temp"

const char *const mlops_setting_names[MLOPS_N_SETTINGS] = {
	"TimeZone", "DateStyle", "IntervalStyle", "extra_float_digits",
	"lc_messages", "lc_monetary", "lc_numeric", "lc_time",
	"default_text_search_config"
};

void
mlops_settings_capture(MlopsSettings *settings)
{
	for (int i = 0; i < MLOPS_N_SETTINGS; i++)
		settings->value[i] = pstrdup(GetConfigOption(mlops_setting_names[i], false, false));
}

MlopsSettings
mlops_settings_literal(const MlopsSettings *settings)
{
	MlopsSettings literal = *settings;

	/* as pg_dump: written so, literals of dates, intervals and floats read back to the same values */
	literal.value[MLOPS_SETTING_DATESTYLE] = "ISO, MDY";
	literal.value[MLOPS_SETTING_INTERVALSTYLE] = "postgres";
	literal.value[MLOPS_SETTING_EXTRA_FLOAT_DIGITS] = "1";
	return literal;
}

static const char *
date_style_name(void)
{
	static const char *const name[4][3] = {
		[USE_POSTGRES_DATES] = {"Postgres, YMD", "Postgres, DMY", "Postgres, MDY"},
		[USE_ISO_DATES] = {"ISO, YMD", "ISO, DMY", "ISO, MDY"},
		[USE_SQL_DATES] = {"SQL, YMD", "SQL, DMY", "SQL, MDY"}
	};

	if (DateStyle == USE_GERMAN_DATES)
		return DateOrder == DATEORDER_YMD ? "German, YMD" :
			DateOrder == DATEORDER_DMY ? "German, DMY" : "German, MDY";
	return name[DateStyle][DateOrder];
}

static const char *
interval_style_name(void)
{
	static const char *const name[] = {
		[INTSTYLE_POSTGRES] = "postgres",
		[INTSTYLE_POSTGRES_VERBOSE] = "postgres_verbose",
		[INTSTYLE_SQL_STANDARD] = "sql_standard",
		[INTSTYLE_ISO_8601] = "iso_8601"
	};

	return name[IntervalStyle];
}

/* Compares with the server's variables directly: GetConfigOption nine times costs more than an evaluation. */
static bool
setting_is(int i, const char *value)
{
	switch (i)
	{
		case MLOPS_SETTING_TIMEZONE:
			return strcmp(value, pg_get_timezone_name(session_timezone)) == 0;
		case MLOPS_SETTING_DATESTYLE:
			return strcmp(value, date_style_name()) == 0;
		case MLOPS_SETTING_INTERVALSTYLE:
			return strcmp(value, interval_style_name()) == 0;
		case MLOPS_SETTING_EXTRA_FLOAT_DIGITS:
			return atoi(value) == extra_float_digits;
		case MLOPS_SETTING_LC_MESSAGES:
			return strcmp(value, locale_messages) == 0;
		case MLOPS_SETTING_LC_MONETARY:
			return strcmp(value, locale_monetary) == 0;
		case MLOPS_SETTING_LC_NUMERIC:
			return strcmp(value, locale_numeric) == 0;
		case MLOPS_SETTING_LC_TIME:
			return strcmp(value, locale_time) == 0;
		case MLOPS_SETTING_TEXT_SEARCH:
			return strcmp(value, TSCurrentConfig) == 0;
	}
	return false;
}

bool
mlops_settings_current(const MlopsSettings *settings)
{
	for (int i = 0; i < MLOPS_N_SETTINGS; i++)
		if (settings->value[i] != NULL && !setting_is(i, settings->value[i]))
			return false;
	return true;
}

static void
set_setting(MlopsIdentity *id, const char *name, const char *value, int elevel)
{
	if (id->nest_level == 0)
		id->nest_level = NewGUCNestLevel();
	/* superuser context: a stored lc_messages may be put back for anybody */
	(void) set_config_option(name, value, PGC_SUSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, elevel, false);
}

/* What names and literals of stored SQL mean: a session may read '\' and '{NULL}' in another way. */
static bool
reading_is_safe(void)
{
	return standard_conforming_strings && Array_nulls && strcmp(namespace_search_path, SAFE_SEARCH_PATH) == 0;
}

static void
set_reading(MlopsIdentity *id)
{
	if (strcmp(namespace_search_path, SAFE_SEARCH_PATH) != 0)
		set_setting(id, "search_path", SAFE_SEARCH_PATH, ERROR);
	if (!standard_conforming_strings)
		set_setting(id, "standard_conforming_strings", "on", ERROR);
	if (!Array_nulls)
		set_setting(id, "array_nulls", "on", ERROR);
}

static void
set_settings(MlopsIdentity *id, const MlopsSettings *settings)
{
	for (int i = 0; i < MLOPS_N_SETTINGS; i++)
	{
		if (settings->value[i] == NULL || setting_is(i, settings->value[i]))
			continue;
		/* the language of messages changes no value: a locale unknown here is no obstacle */
		set_setting(id, mlops_setting_names[i], settings->value[i],
					i == MLOPS_SETTING_LC_MESSAGES ? DEBUG2 : ERROR);
	}
}

static void
begin(MlopsIdentity *id)
{
	GetUserIdAndSecContext(&id->saved_user, &id->saved_context);
	id->nest_level = 0;
	id->saved_read_only = XactReadOnly;
}

void
mlops_identity_begin_owner(MlopsIdentity *id, Oid owner, const MlopsSettings *settings)
{
	if (!OidIsValid(owner))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the role that owns the model does not exist"),
				 errhint("Create the role, or give the model another owner with mlops_set_owner.")));
	begin(id);
	SetUserIdAndSecContext(owner,
						   (id->saved_context & ~SECURITY_NOFORCE_RLS) | SECURITY_RESTRICTED_OPERATION);
	id->nest_level = NewGUCNestLevel();
	set_reading(id);
	if (settings != NULL)
		set_settings(id, settings);
}

bool
mlops_identity_is_owner(Oid owner, const MlopsSettings *settings)
{
	Oid			user;
	int			context;

	GetUserIdAndSecContext(&user, &context);
	return user == owner && (context & SECURITY_RESTRICTED_OPERATION) != 0 &&
		(context & SECURITY_NOFORCE_RLS) == 0 &&
		reading_is_safe() &&
		(settings == NULL || mlops_settings_current(settings));
}

static Oid
registry_owner(void)
{
	Oid			schema = get_namespace_oid("mlops", true);
	Oid			relation = OidIsValid(schema) ? get_relname_relid("models", schema) : InvalidOid;
	HeapTuple	tuple;
	Oid			owner;

	if (!OidIsValid(relation))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table mlops.models does not exist"),
				 errhint("The extension is not installed in this database: CREATE EXTENSION mlops.")));
	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", relation);
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

void
mlops_identity_begin_registry(MlopsIdentity *id)
{
	Oid			owner = registry_owner();

	begin(id);
	SetUserIdAndSecContext(owner,
						   id->saved_context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS);
	set_reading(id);
}

void
mlops_identity_begin_settings(MlopsIdentity *id, const MlopsSettings *settings)
{
	begin(id);
	if (settings != NULL)
		set_settings(id, settings);
}

void
mlops_identity_begin_path(MlopsIdentity *id)
{
	begin(id);
	set_reading(id);
}

void
mlops_identity_end(MlopsIdentity *id)
{
	if (id->nest_level > 0)
		AtEOXact_GUC(false, id->nest_level);
	XactReadOnly = id->saved_read_only;
	SetUserIdAndSecContext(id->saved_user, id->saved_context);
}

Oid
mlops_role_oid(const char *name)
{
	return get_role_oid(name, true);
}
