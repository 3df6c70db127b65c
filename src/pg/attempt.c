/*
 * attempt.c: looking whether SQL still means something, or runs.
 *
 * The subtransaction gives back what analysis holds when it fails: locks,
 * open relations, identity and settings.
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "pg/attempt.h"

/* names, types and rights: 42xxx, 3F000 */
static bool
is_about_names(int sqlerrcode)
{
	return ERRCODE_TO_CATEGORY(sqlerrcode) == ERRCODE_SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION ||
		sqlerrcode == ERRCODE_UNDEFINED_SCHEMA;
}

/* Neither a cancel nor a lack of memory, disk or locks. */
static bool
is_about_sql(int sqlerrcode)
{
	return ERRCODE_TO_CATEGORY(sqlerrcode) != ERRCODE_OPERATOR_INTERVENTION &&
		ERRCODE_TO_CATEGORY(sqlerrcode) != ERRCODE_INSUFFICIENT_RESOURCES &&
		ERRCODE_TO_CATEGORY(sqlerrcode) != ERRCODE_TRANSACTION_ROLLBACK &&
		ERRCODE_TO_CATEGORY(sqlerrcode) != ERRCODE_INTERNAL_ERROR;
}

static char *
attempt(MlopsAttempt function, void *arg, bool (*expected) (int sqlerrcode))
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner resources = CurrentResourceOwner;
	char	   *volatile why = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(caller);
	PG_TRY();
	{
		function(arg);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		if (!expected(error->sqlerrcode))
			ReThrowError(error);
		why = error->message;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	CurrentResourceOwner = resources;
	return why;
}

char *
mlops_attempt(MlopsAttempt function, void *arg)
{
	return attempt(function, arg, is_about_names);
}

char *
mlops_attempt_run(MlopsAttempt function, void *arg)
{
	return attempt(function, arg, is_about_sql);
}
