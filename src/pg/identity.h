/*
 * identity.h: whose rights and whose settings SQL runs under.
 *
 * Stored SQL runs as the model's owner in a security-restricted operation
 * with search_path = pg_catalog, pg_temp, literals read as SQL has them, and
 * the settings stored with the version; registry access runs as the registry's owner.  Every begin has
 * its end on the normal path; an error restores all by (sub)transaction abort.
 */
#ifndef MLOPS_IDENTITY_H
#define MLOPS_IDENTITY_H

#include "utils/guc.h"

typedef struct MlopsIdentity
{
	Oid			saved_user;
	int			saved_context;
	int			nest_level;		/* 0 = no settings were changed */
	bool		saved_read_only;
} MlopsIdentity;

/* The settings an expression's value may depend on (TimeZone, DateStyle, IntervalStyle, extra_float_digits,
 * lc_messages, lc_monetary, lc_numeric, lc_time, default_text_search_config), in the order of mlops_setting_names. */
enum
{
	MLOPS_SETTING_TIMEZONE,
	MLOPS_SETTING_DATESTYLE,
	MLOPS_SETTING_INTERVALSTYLE,
	MLOPS_SETTING_EXTRA_FLOAT_DIGITS,
	MLOPS_SETTING_LC_MESSAGES,
	MLOPS_SETTING_LC_MONETARY,
	MLOPS_SETTING_LC_NUMERIC,
	MLOPS_SETTING_LC_TIME,
	MLOPS_SETTING_TEXT_SEARCH,
	MLOPS_N_SETTINGS
};
extern const char *const mlops_setting_names[MLOPS_N_SETTINGS];

typedef struct MlopsSettings
{
	char	   *value[MLOPS_N_SETTINGS];	/* NULL: does not matter */
} MlopsSettings;

extern void mlops_settings_capture(MlopsSettings *settings);	/* palloc'd in the current context */
/* The same, but for how SQL text writes its literals. */
extern MlopsSettings mlops_settings_literal(const MlopsSettings *settings);
extern bool mlops_settings_current(const MlopsSettings *settings);	/* equal to the session's now */

/* owner's rights, restricted; settings NULL = leave the session's */
extern void mlops_identity_begin_owner(MlopsIdentity *id, Oid owner, const MlopsSettings *settings);
/* registry's owner, for SPI on mlops.* tables */
extern void mlops_identity_begin_registry(MlopsIdentity *id);
/* the user stays: only settings (NULL = leave them), only how stored SQL is read */
extern void mlops_identity_begin_settings(MlopsIdentity *id, const MlopsSettings *settings);
extern void mlops_identity_begin_path(MlopsIdentity *id);
/* All of them end here. transaction_read_only as it was at begin is put back too. */
extern void mlops_identity_end(MlopsIdentity *id);
/* True when begin_owner with these arguments would change nothing. */
extern bool mlops_identity_is_owner(Oid owner, const MlopsSettings *settings);

/* Role name (as stored) -> oid; InvalidOid when it does not exist here. */
extern Oid	mlops_role_oid(const char *name);

#endif
