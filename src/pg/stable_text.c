/*
 * stable_text.c: the text of a value, the same in every session.
 *
 * An output function that is not immutable runs with every setting pinned
 * that a built-in one looks at, also inside arrays and rows.
 */
#include "postgres.h"

#include "catalog/pg_proc.h"
#include "utils/bytea.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "pg/identity.h"
#include "pg/stable_text.h"

void
mlops_stable_text_init(MlopsStableText *text, Oid type)
{
	Oid			output;
	bool		varlena;

	getTypeOutputInfo(type, &output, &varlena);
	fmgr_info(output, &text->output);
	/* a label of an enum can be renamed, but depends on no setting */
	text->pinned = output != F_ENUM_OUT && func_volatile(output) != PROVOLATILE_IMMUTABLE;
}

char *
mlops_stable_text(MlopsStableText *text, Datum value)
{
	static const MlopsSettings pinned = {{"UTC", "ISO, MDY", "postgres", "1", NULL, "C", "C", "C", NULL}};
	MlopsIdentity path;
	MlopsIdentity settings;
	char	   *result;

	if (!text->pinned)
		return OutputFunctionCall(&text->output, value);
	/* names of objects (regclass) are qualified under it */
	mlops_identity_begin_path(&path);
	mlops_identity_begin_settings(&settings, &pinned);
	if (bytea_output != BYTEA_OUTPUT_HEX)
	{
		if (settings.nest_level == 0)
			settings.nest_level = NewGUCNestLevel();
		(void) set_config_option("bytea_output", "hex", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	}
	result = OutputFunctionCall(&text->output, value);
	mlops_identity_end(&settings);
	mlops_identity_end(&path);
	return result;
}
