/*
 * attempt.c: looking whether SQL still means something.
 *
 * The subtransaction gives back what analysis holds when it fails: locks,
 * open relations, identity and settings.
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "pg/attempt.h"

char *
mlops_attempt(MlopsAttempt function, void *arg)
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
		/* names, types and rights: 42xxx, 3F000 */
		if (ERRCODE_TO_CATEGORY(error->sqlerrcode) != ERRCODE_SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION &&
			error->sqlerrcode != ERRCODE_UNDEFINED_SCHEMA)
			ReThrowError(error);
		why = error->message;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	CurrentResourceOwner = resources;
	return why;
}
