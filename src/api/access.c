/*
 * access.c: who may see the rows of a model, for row security.
 *
 * Called once a row, so the last answer is kept as long as the snapshot and
 * the user stay the same.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"

#include "pg/refs.h"

typedef struct LastAnswer
{
	int64		model_id;
	MlopsSnapshotMark mark;
	bool		answer;
} LastAnswer;

/* History of dropped models is for whoever owns the registry. */
static bool
has_right(int64 model_id, MlopsPrivilege privilege)
{
	char		owner[NAMEDATALEN];

	if (superuser())
		return true;
	if (mlops_model_owner(model_id, owner))
		return mlops_has_privilege(model_id, owner, privilege);
	return has_privs_of_role(GetUserId(), mlops_registry_owner());
}

static bool
answer(FunctionCallInfo fcinfo, MlopsPrivilege privilege)
{
	int64		model_id = PG_GETARG_INT64(0);
	LastAnswer *last = fcinfo->flinfo->fn_extra;

	if (last && last->model_id == model_id && mlops_snapshot_same(&last->mark))
		return last->answer;
	if (last == NULL)
		last = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(LastAnswer));
	fcinfo->flinfo->fn_extra = NULL;
	last->answer = has_right(model_id, privilege);
	last->model_id = model_id;
	mlops_snapshot_mark(&last->mark);
	fcinfo->flinfo->fn_extra = last;
	return last->answer;
}

PG_FUNCTION_INFO_V1(mlops_can_see);
Datum
mlops_can_see(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(answer(fcinfo, MLOPS_PREDICT));
}

PG_FUNCTION_INFO_V1(mlops_can_manage);
Datum
mlops_can_manage(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(answer(fcinfo, MLOPS_MANAGE));
}
