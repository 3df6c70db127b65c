/*
 * status.c: how the room "learn" says no, and asks for memory.
 *
 * A status carries words and a code; it owns nothing.  Setting a code clears
 * the detail and hint of an earlier one.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "learn/host.h"

MlCode
ml_status_set(MlStatus *status, MlCode code, const char *format,...)
{
	va_list		args;

	status->code = code;
	va_start(args, format);
	vsnprintf(status->message, sizeof(status->message), format, args);
	va_end(args);
	status->detail[0] = '\0';
	status->hint[0] = '\0';
	return code;
}

void
ml_status_detail(MlStatus *status, const char *format,...)
{
	va_list		args;

	va_start(args, format);
	vsnprintf(status->detail, sizeof(status->detail), format, args);
	va_end(args);
}

void
ml_status_hint(MlStatus *status, const char *format,...)
{
	va_list		args;

	va_start(args, format);
	vsnprintf(status->hint, sizeof(status->hint), format, args);
	va_end(args);
}

/* An empty array is one byte: NULL always means that there is no memory. */
void *
ml_alloc_array(MlHost *host, size_t count, size_t size)
{
	size_t		bytes;

	assert(size > 0);
	if (count > SIZE_MAX / size)
		return NULL;
	bytes = count * size;
	return host->alloc(host, bytes ? bytes : 1);
}

void *
ml_alloc_zero(MlHost *host, size_t count, size_t size)
{
	void	   *p = ml_alloc_array(host, count, size);

	if (p)
		memset(p, 0, count * size);
	return p;
}

MlCode
ml_no_memory(MlStatus *status, size_t bytes, const char *what)
{
	ml_status_set(status, ML_NO_MEMORY, "not enough memory for %s", what);
	ml_status_detail(status, "%zu bytes were asked for.", bytes);
	return ML_NO_MEMORY;
}
