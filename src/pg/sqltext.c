/*
 * sqltext.c: SQL text given as an argument, turned into trees.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "parser/parser.h"
#include "parser/scansup.h"

#include "pg/sqltext.h"

static void
transpose_position(void *arg)
{
	MlopsSqlText *where = arg;
	int			position = geterrposition();

	if (position <= 0)
		return;
	errposition(0);
	internalerrposition(Max(position - where->offset, 1));
	internalerrquery(where->text);
}

void
mlops_sqltext_begin(MlopsSqlText *where, ErrorContextCallback *callback, const char *text, int offset)
{
	where->text = text;
	where->offset = offset;
	where->previous = error_context_stack;
	callback->callback = transpose_position;
	callback->arg = where;
	callback->previous = error_context_stack;
	error_context_stack = callback;
}

void
mlops_sqltext_end(MlopsSqlText *where)
{
	error_context_stack = where->previous;
}

/* Past white space and comments, as the server's scanner sees them. */
static const char *
skip_space(const char *s)
{
	for (;;)
	{
		while (scanner_isspace(*s))
			s++;
		if (s[0] == '-' && s[1] == '-')
		{
			while (*s != '\0' && *s != '\n' && *s != '\r')
				s++;
		}
		else if (s[0] == '/' && s[1] == '*')
		{
			int			depth = 0;

			do
			{
				if (s[0] == '/' && s[1] == '*')
					depth++, s += 2;
				else if (s[0] == '*' && s[1] == '/')
					depth--, s += 2;
				else
					s++;
			} while (depth > 0 && *s != '\0');
		}
		else
			return s;
	}
}

static bool
is_word_character(char c)
{
	return IS_HIGHBIT_SET(c) || c == '_' || c == '$' ||
		(c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool
mlops_sqltext_is_query(const char *text)
{
	static const char *const words[] = {"select", "with", "table", "values"};
	const char *s = skip_space(text);
	int			len = 0;

	if (*s == '(')
		return true;
	while (is_word_character(s[len]))
		len++;
	for (int i = 0; i < (int) lengthof(words); i++)
	{
		if (len != (int) strlen(words[i]) || pg_strncasecmp(s, words[i], len) != 0)
			continue;
		/* a word alone, or the first part of a dotted name, is a relation's name */
		s = skip_space(s + len);
		return *s != '\0' && *s != '.';
	}
	return false;
}

RawStmt *
mlops_sqltext_parse(const char *text, const char *what)
{
	List	   *raw = raw_parser(text, RAW_PARSE_DEFAULT);

	if (list_length(raw) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 raw == NIL ? errmsg("%s is empty", what) :
				 errmsg("%s must be one statement, not %d", what, list_length(raw))));
	return linitial_node(RawStmt, raw);
}
