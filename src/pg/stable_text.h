/*
 * stable_text.h: the text of a value, the same in every session.
 */
#ifndef MLOPS_STABLE_TEXT_H
#define MLOPS_STABLE_TEXT_H

#include "fmgr.h"

typedef struct MlopsStableText
{
	FmgrInfo	output;
	bool		pinned;			/* the text depends on settings: they are pinned for it */
} MlopsStableText;

/* For values of a type; in the current context. */
extern void mlops_stable_text_init(MlopsStableText *text, Oid type);
extern char *mlops_stable_text(MlopsStableText *text, Datum value);

#endif
