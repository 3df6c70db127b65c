/*
 * check_suggest_text.c: checks of the form of texts.
 *
 * Regular expressions are made of shapes, in which digits and letters stand
 * for their kinds, and of nothing else that was read.
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "pg/check_suggest_state.h"

static void
append_run(StringInfo regex, char c, int n, bool any)
{
	const char *set = c == '9' ? "[0-9]" : c == 'A' ? "[A-Z]" : c == 'a' ? "[a-z]" : NULL;

	if (set != NULL)
		appendStringInfoString(regex, set);
	else
	{
		if (strchr(" -_/:,;@#%&=!\"'<>~`", c) == NULL && !IS_HIGHBIT_SET(c))
			appendStringInfoChar(regex, '\\');
		appendStringInfoChar(regex, c);
	}
	if (set != NULL && any)
		appendStringInfoChar(regex, '+');
	else if (n > 1)
		appendStringInfo(regex, "{%d}", n);
}

/* A shape as a regular expression; any: a run of one kind may have any length. */
static void
append_shape(StringInfo regex, const char *shape, bool any)
{
	while (*shape != '\0')
	{
		int			n = 1;

		/* signs of several bytes are not run together */
		while (!IS_HIGHBIT_SET(shape[0]) && shape[n] == shape[0] && n < 255)
			n++;
		append_run(regex, shape[0], n, any);
		shape += n;
	}
}

static void
suggest_shapes(MlopsSuggest *s, const MlopsColumnFacts *f, const MlopsFactCount *shape, int n, bool any)
{
	MlopsJson	json = MLOPS_JSON_INIT;
	StringInfoData regex;
	int64		fewest = f->rows;
	MlopsProposal *p;

	initStringInfo(&regex);
	appendStringInfoString(&regex, n > 1 ? "^(" : "^");
	for (int i = 0; i < n; i++)
	{
		if (i > 0)
			appendStringInfoChar(&regex, '|');
		append_shape(&regex, shape[i].text, any);
		fewest = Min(fewest, shape[i].rows);
	}
	appendStringInfoString(&regex, n > 1 ? ")$" : "$");
	mlops_json_begin(&json);
	mlops_json_key(&json, "regex");
	mlops_json_text(&json, regex.data);
	p = mlops_propose(s, "match_regex", f, &json, "error",
					  n == 1 ? pstrdup("all values have one shape") : psprintf("all values have one of %d shapes", n));
	p->certain = false;
	if (fewest < 5)
		p->check.mostly = mlops_cut_share(1 - 10.0 / f->present);
}

/* Of free texts: length, signs, blanks at the ends. */
static void
suggest_text_form(MlopsSuggest *s, const MlopsColumnFacts *f)
{
	MlopsJson	json = MLOPS_JSON_INIT;
	StringInfoData regex;
	int64		low = f->shortest >= 5 ? (int64) (0.8 * f->shortest) : Min(f->shortest, 1);
	int64		high = (int64) (1.5 * f->longest) + 5;
	MlopsProposal *p;

	if (f->shortest == f->longest)
		low = high = f->longest;
	if (low == 0 && !f->trimmed && !f->ascii && !f->one_encoding)
		return;
	initStringInfo(&regex);
	appendStringInfoChar(&regex, '^');
	if (f->trimmed)
		appendStringInfoString(&regex, "(?!\\s)");
	if (!f->ascii && f->one_encoding)
		appendStringInfoString(&regex, "(?!.*[\\u0080-\\u00bf\\ufffd])");
	appendStringInfoString(&regex, f->ascii ? "[ -~]" : ".");
	/* what the regular expressions of the server can count */
	if (low > 255 || (low == 0 && high > 255))
		appendStringInfoChar(&regex, '*');
	else if (high > 255)
		appendStringInfo(&regex, "{" INT64_FORMAT ",}", low);
	else if (low == high)
		appendStringInfo(&regex, "{" INT64_FORMAT "}", low);
	else
		appendStringInfo(&regex, "{" INT64_FORMAT "," INT64_FORMAT "}", low, high);
	if (f->trimmed)
		appendStringInfoString(&regex, "(?<!\\s)");
	appendStringInfoChar(&regex, '$');
	mlops_json_begin(&json);
	mlops_json_key(&json, "regex");
	mlops_json_text(&json, regex.data);
	p = mlops_propose(s, "match_regex", f, &json, "error",
					  psprintf(INT64_FORMAT " to " INT64_FORMAT " characters%s%s", f->shortest, f->longest,
					  f->ascii ? ", all of them ASCII" : "", f->trimmed ? ", no blanks at the ends" : ""));
	p->check.mostly = p->tried = mlops_cut_share(1 - 10.0 / f->present);
	p->certain = false;
}

void
mlops_suggest_text(MlopsSuggest *s, const MlopsColumnFacts *f)
{
	if (f->n_values > 0)
		mlops_suggest_values(s, f);
	else if (f->kind != MLOPS_CHECK_TEXT || f->present < MLOPS_SUGGEST_ROWS)
		return;
	else
	{
		/* the first that holds is kept */
		if (f->n_shapes > 0)
			suggest_shapes(s, f, f->shape, f->n_shapes, false);
		if (f->n_patterns > 0)
			suggest_shapes(s, f, f->pattern, f->n_patterns, true);
		suggest_text_form(s, f);
	}
}
