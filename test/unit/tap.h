/*
 * tap.h: the Test Anything Protocol in one header.
 *
 * Each program counts its checks and prints the plan at the end, so that
 * adding a check is one line.  End main with `return tap_done();`.
 */
#ifndef TAP_H
#define TAP_H

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int	tap_count;
static int	tap_failed;

/* Each is used by most tests but not by all. */
#define TAP_UNUSED __attribute__((unused))

static TAP_UNUSED bool
tap_ok(bool good, const char *file, int line, const char *name)
{
	tap_count++;
	if (!good)
		tap_failed++;
	printf("%sok %d - %s\n", good ? "" : "not ", tap_count, name);
	if (!good)
		printf("#   at %s line %d\n", file, line);
	fflush(stdout);
	return good;
}

/* |got - want| <= tolerance * max(|want|, floor); NaN equals NaN */
static TAP_UNUSED bool
tap_close(double got, double want, double tolerance, double floor_)
{
	double		scale = fmax(fabs(want), floor_);

	if (isnan(want) || isnan(got))
		return isnan(want) && isnan(got);
	if (got == want)
		return true;
	return fabs(got - want) <= tolerance * scale;
}

static TAP_UNUSED bool
tap_near(double got, double want, double tolerance, const char *file, int line, const char *name)
{
	bool		good = tap_close(got, want, tolerance, 0);

	tap_ok(good, file, line, name);
	if (!good)
		printf("#   got %.17g, want %.17g, relative difference %.3g\n", got, want, fabs(got - want) / fabs(want));
	return good;
}

static TAP_UNUSED bool
tap_is_text(const char *got, const char *want, const char *file, int line, const char *name)
{
	bool		good = strcmp(got, want) == 0;

	tap_ok(good, file, line, name);
	if (!good)
		printf("#   got  %s\n#   want %s\n", got, want);
	return good;
}

#define OK(cond, name) tap_ok((cond), __FILE__, __LINE__, (name))
/* relative tolerance */
#define NEAR(got, want, tolerance, name) tap_near((got), (want), (tolerance), __FILE__, __LINE__, (name))
#define IS_TEXT(got, want, name) tap_is_text((got), (want), __FILE__, __LINE__, (name))

static TAP_UNUSED int
tap_done(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed ? 1 : 0;
}

#endif
