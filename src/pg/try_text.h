/*
 * try_text.h: texts that may be numbers or times.
 *
 * Parsers of their own: what a type's input function refuses it raises, and
 * to catch that takes a subtransaction for every row.
 */
#ifndef MLOPS_TRY_TEXT_H
#define MLOPS_TRY_TEXT_H

#include "datatype/timestamp.h"

/*
 * Is it a decimal number that numeric takes: blanks around, a sign, digits
 * with at most one point, an exponent?  "NaN" and "Infinity" are none.
 */
extern bool mlops_text_is_number(const char *text, int len);

typedef struct MlopsTimeFormat MlopsTimeFormat;

/* In the current context; raises 22023: an unknown pattern, one that is there twice. */
extern MlopsTimeFormat *mlops_time_format(const char *format, int len);
/* false: the text does not have this format, or there is no such time. */
extern bool mlops_time_parse(const MlopsTimeFormat *format, const char *text, int len, Timestamp *at);

#endif
