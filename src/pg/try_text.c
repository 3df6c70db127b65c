/*
 * try_text.c: texts that may be numbers or times.
 */
#include "postgres.h"

#include <ctype.h>

#include "utils/datetime.h"
#include "utils/timestamp.h"

#include "pg/try_text.h"

/* ---- numbers ---- */

/* What numeric holds: digits before and behind the point. */
#define MOST_BEFORE 131072
#define MOST_BEHIND 16383

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits at *at, which moves behind them. */
static int
skip_digits(const char **at, const char *end)
{
	const char *from = *at;

	while (*at < end && is_digit(**at))
		(*at)++;
	return (int) (*at - from);
}

/* An exponent at *at, 0 when there is none; false = it is none, or a huge one. */
static bool
read_exponent(const char **at, const char *end, int *exponent)
{
	bool		negative = false;
	int			n = 0;

	*exponent = 0;
	if (*at >= end || (**at != 'e' && **at != 'E'))
		return true;
	(*at)++;
	if (*at < end && (**at == '+' || **at == '-'))
		negative = *(*at)++ == '-';
	for (; *at < end && is_digit(**at); (*at)++, n++)
	{
		*exponent = *exponent * 10 + (**at - '0');
		if (*exponent > MOST_BEFORE + MOST_BEHIND)
			return false;
	}
	if (negative)
		*exponent = -*exponent;
	return n > 0;
}

bool
mlops_text_is_number(const char *text, int len)
{
	const char *at = text;
	const char *end = text + len;
	int			before;
	int			behind = 0;
	int			exponent;

	while (at < end && isspace((unsigned char) *at))
		at++;
	while (end > at && isspace((unsigned char) end[-1]))
		end--;
	if (at < end && (*at == '+' || *at == '-'))
		at++;
	before = skip_digits(&at, end);
	if (at < end && *at == '.')
	{
		at++;
		behind = skip_digits(&at, end);
	}
	if (before + behind == 0 || !read_exponent(&at, end, &exponent))
		return false;
	return at == end && (int64) before + exponent <= MOST_BEFORE && (int64) behind - exponent <= MOST_BEHIND;
}

/* ---- times ---- */

typedef enum Part
{
	PART_YEAR,
	PART_SHORT_YEAR,
	PART_MONTH,
	PART_MONTH_NAME,
	PART_DAY,
	PART_HOUR,
	PART_HOUR12,
	PART_MINUTE,
	PART_SECOND,
	PART_MILLI,
	PART_MICRO,
	PART_MERIDIAN,
	PART_LITERAL
} Part;

static const struct
{
	const char *name;
	Part		part;
	int			digits;			/* exactly so many */
}			patterns[] =
{
	/* the longer of two that begin alike first */
	{"YYYY", PART_YEAR, 4},
	{"YY", PART_SHORT_YEAR, 2},
	{"MM", PART_MONTH, 2},
	{"Mon", PART_MONTH_NAME, 0},
	{"MI", PART_MINUTE, 2},
	{"MS", PART_MILLI, 3},
	{"DD", PART_DAY, 2},
	{"HH24", PART_HOUR, 2},
	{"HH12", PART_HOUR12, 2},
	{"HH", PART_HOUR12, 2},
	{"SS", PART_SECOND, 2},
	{"US", PART_MICRO, 6},
	{"AM", PART_MERIDIAN, 0},
	{"PM", PART_MERIDIAN, 0}
};

typedef struct Piece
{
	Part		part;
	int			digits;
	char		literal;
} Piece;

struct MlopsTimeFormat
{
	int			n;
	bool		has[PART_LITERAL + 1];
	Piece		piece[FLEXIBLE_ARRAY_MEMBER];
};

static void
bad_format(const char *format, int len, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("format \"%.*s\" of a time cannot be used", len, format),
			 errdetail("%s", detail),
			 errhint("Known are YYYY, YY, MM, Mon, DD, HH24, HH12, AM, MI, SS, MS and US; quote other letters: "
					 "'YYYY-MM-DD\"T\"HH24:MI:SS'.")));
}

/* Number of the pattern at `at`, -1 = none. */
static int
find_pattern(const char *at, const char *end)
{
	for (int i = 0; i < (int) lengthof(patterns); i++)
	{
		size_t		size = strlen(patterns[i].name);

		if ((size_t) (end - at) >= size && memcmp(at, patterns[i].name, size) == 0)
			return i;
	}
	return -1;
}

static void
add_piece(MlopsTimeFormat *f, Part part, int digits, char literal)
{
	f->piece[f->n++] = (Piece) {.part = part,.digits = digits,.literal = literal};
	f->has[part] = true;
}

/* What contradicts itself, or leaves the day open. */
static void
check_parts(const MlopsTimeFormat *f, const char *format, int len)
{
	if (f->has[PART_YEAR] == f->has[PART_SHORT_YEAR] || f->has[PART_MONTH] == f->has[PART_MONTH_NAME] ||
		!f->has[PART_DAY])
		bad_format(format, len, "It must have one year, one month and one day.");
	if (f->has[PART_HOUR12] != f->has[PART_MERIDIAN])
		bad_format(format, len, "HH12 and AM belong together.");
	if (f->has[PART_HOUR] && f->has[PART_HOUR12])
		bad_format(format, len, "It has two hours.");
}

MlopsTimeFormat *
mlops_time_format(const char *format, int len)
{
	MlopsTimeFormat *f = palloc0(offsetof(MlopsTimeFormat, piece) + sizeof(Piece) * Max(len, 1));
	const char *end = format + len;
	bool		quoted = false;

	for (const char *at = format; at < end;)
	{
		int			i = quoted ? -1 : find_pattern(at, end);

		if (i >= 0)
		{
			if (f->has[patterns[i].part])
				bad_format(format, len, psprintf("It has %s twice.", patterns[i].name));
			add_piece(f, patterns[i].part, patterns[i].digits, 0);
			at += strlen(patterns[i].name);
			continue;
		}
		if (*at == '"')
			quoted = !quoted;
		else if (!quoted && (isalpha((unsigned char) *at) || is_digit(*at)))
			bad_format(format, len, psprintf("There is no pattern at \"%.*s\".", (int) Min(end - at, 8), at));
		else
			add_piece(f, PART_LITERAL, 0, *at);
		at++;
	}
	if (quoted)
		bad_format(format, len, "A quote is not closed.");
	check_parts(f, format, len);
	return f;
}

static bool
read_name(const char **at, const char *end, const char *const *name, int n, int *value)
{
	for (int i = 0; i < n; i++)
	{
		size_t		size = strlen(name[i]);

		if ((size_t) (end - *at) >= size && pg_strncasecmp(*at, name[i], size) == 0)
		{
			*at += size;
			*value = i;
			return true;
		}
	}
	return false;
}

static bool
read_piece(const Piece *piece, const char **at, const char *end, int *value)
{
	static const char *const month[] = {
		"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"
	};
	static const char *const half[] = {"AM", "PM"};

	if (piece->part == PART_LITERAL)
		return *at < end && *(*at)++ == piece->literal;
	if (piece->part == PART_MONTH_NAME)
		return read_name(at, end, month, lengthof(month), value);
	if (piece->part == PART_MERIDIAN)
		return read_name(at, end, half, lengthof(half), value);
	*value = 0;
	for (int i = 0; i < piece->digits; i++)
	{
		if (*at >= end || !is_digit(**at))
			return false;
		*value = *value * 10 + (*(*at)++ - '0');
	}
	return true;
}

/* The parts as a time; false = there is no such one. */
static bool
make_time(const MlopsTimeFormat *f, const int *value, Timestamp *at)
{
	struct pg_tm tm = {0};

	tm.tm_year = f->has[PART_YEAR] ? value[PART_YEAR]
		: value[PART_SHORT_YEAR] + (value[PART_SHORT_YEAR] < 70 ? 2000 : 1900);
	tm.tm_mon = f->has[PART_MONTH] ? value[PART_MONTH] : value[PART_MONTH_NAME] + 1;
	tm.tm_mday = value[PART_DAY];
	tm.tm_hour = f->has[PART_HOUR] ? value[PART_HOUR] : value[PART_HOUR12] % 12 + 12 * value[PART_MERIDIAN];
	tm.tm_min = value[PART_MINUTE];
	tm.tm_sec = value[PART_SECOND];
	if (tm.tm_year < 1 || tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1 ||
		tm.tm_mday > day_tab[isleap(tm.tm_year)][tm.tm_mon - 1] || tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 59)
		return false;
	if (f->has[PART_HOUR12] && (value[PART_HOUR12] < 1 || value[PART_HOUR12] > 12))
		return false;
	return tm2timestamp(&tm, value[PART_MILLI] * 1000 + value[PART_MICRO], NULL, at) == 0;
}

bool
mlops_time_parse(const MlopsTimeFormat *format, const char *text, int len, Timestamp *at)
{
	int			value[PART_LITERAL + 1] = {0};
	const char *from = text;
	const char *end = text + len;

	while (from < end && isspace((unsigned char) *from))
		from++;
	while (end > from && isspace((unsigned char) end[-1]))
		end--;
	for (int i = 0; i < format->n; i++)
	{
		if (!read_piece(format->piece + i, &from, end, &value[format->piece[i].part]))
			return false;
	}
	return from == end && make_time(format, value, at);
}
