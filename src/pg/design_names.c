/*
 * design_names.c: what the columns that a learner sees are called.
 *
 * learn/ names a column by its feature and level ("k=a"), without looking at
 * the others.  A feature may be called "k=a" itself, a level "(null)" beside
 * the level for missing, and long levels may begin alike: here later ones get
 * "#2", "#3", ... so that each name stands for one column.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "mb/pg_wchar.h"
#include "utils/hsearch.h"

#include "pg/design_names.h"

/* a level of any length is cut to what fits */
#define DESIGN_NAME_SIZE 1024

typedef struct NameEntry
{
	const char *name;			/* first: the key */
	int			uses;
} NameEntry;

static uint32
hash_name(const void *key, Size size)
{
	const char *name = *(const char *const *) key;

	(void) size;
	return hash_bytes((const unsigned char *) name, strlen(name));
}

static int
match_names(const void *a, const void *b, Size size)
{
	(void) size;
	return strcmp(*(const char *const *) a, *(const char *const *) b);
}

/* The name as learn/ makes it, whole characters only. */
static char *
plain_name(const MlPrepColumn *column, int k)
{
	char		name[DESIGN_NAME_SIZE];
	int			len;

	ml_prep_column_name(column, k, name, sizeof(name));
	len = strlen(name);
	return pnstrdup(name, pg_mbcliplen(name, len, len));
}

static char *
unique_name(HTAB *names, char *name)
{
	bool		found;
	NameEntry  *first = hash_search(names, &name, HASH_ENTER, &found);
	NameEntry  *entry = first;
	char	   *candidate = name;

	if (!found)
		first->uses = 1;
	while (found)
	{
		candidate = psprintf("%s#%d", name, ++first->uses);
		entry = hash_search(names, &candidate, HASH_ENTER, &found);
		if (!found)
			entry->uses = 1;
	}
	return candidate;
}

char **
mlops_design_names(const MlPrep *prep)
{
	char	  **name = palloc(sizeof(char *) * Max(prep->width, 1));
	HASHCTL		control = {
		.keysize = sizeof(char *),
		.entrysize = sizeof(NameEntry),
		.hash = hash_name,
		.match = match_names,
		.hcxt = CurrentMemoryContext
	};
	HTAB	   *names = hash_create("mlops design names", Max(prep->width, 16), &control,
									HASH_ELEM | HASH_FUNCTION | HASH_COMPARE | HASH_CONTEXT);

	for (int c = 0; c < prep->p; c++)
	{
		const MlPrepColumn *column = &prep->column[c];

		for (int k = 0; k < column->width; k++)
			name[column->first + k] = unique_name(names, plain_name(column, k));
	}
	hash_destroy(names);
	return name;
}
