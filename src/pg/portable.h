/*
 * portable.h: a version of the registry as one piece of bytes, and back.
 */
#ifndef MLOPS_PORTABLE_H
#define MLOPS_PORTABLE_H

#include "pg/refs.h"

/* The caller has checked the right to export. */
extern bytea *mlops_portable_export(const MlopsRef *ref);

/*
 * Registers content as the next version of a model, which is made when there
 * is none, and returns its number.  Raises 22P03 for damaged content, 0A000
 * for a newer format, 55000 when it does not fit the model or something that
 * its features use is missing here, 42501.
 */
extern int32 mlops_portable_import(const char *model, const bytea *content);

#endif
