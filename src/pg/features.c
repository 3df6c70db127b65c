/*
 * features.c: a set of feature expressions, from a SELECT list to a plan.
 *
 * The list is analysed once as its author wrote it, under the author's
 * search_path, and written back with every name qualified.  That text is then
 * analysed again, as the owner and under pg_catalog alone, against a row of
 * just the columns used: training and prediction both run the second tree, so
 * what a stored version computes cannot differ from what was trained on.
 */
#include "postgres.h"

#include "access/transam.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "pg/feature_tree.h"

static void
release_plan(void *arg)
{
	MlopsFeatureSet *set = arg;

	if (set->plan != NULL)
		mlops_plan_release(set->plan);
	set->plan = NULL;
}

MlopsFeatureSet *
mlops_features_make(int n, Oid owner, MemoryContext parent)
{
	MemoryContext context = AllocSetContextCreate(parent, "mlops features", ALLOCSET_SMALL_SIZES);
	MlopsFeatureSet *set = MemoryContextAllocZero(context, sizeof(MlopsFeatureSet));
	MemoryContextCallback *callback = MemoryContextAllocZero(context, sizeof(MemoryContextCallback));

	set->context = context;
	set->owner = owner;
	set->n = n;
	set->feature = MemoryContextAllocZero(context, sizeof(MlopsFeature) * Max(n, 1));
	for (int i = 0; i < n; i++)
		set->feature[i].noun = "feature";
	callback->func = release_plan;
	callback->arg = set;
	MemoryContextRegisterResetCallback(context, callback);
	return set;
}

/* ---- errors ---- */

static bool
means_gone(int sqlstate)
{
	return sqlstate == ERRCODE_UNDEFINED_SCHEMA ||
		(ERRCODE_TO_CATEGORY(sqlstate) == ERRCODE_SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION &&
		 sqlstate != ERRCODE_INSUFFICIENT_PRIVILEGE);
}

void
mlops_features_rethrow(const char *what, MemoryContext caller)
{
	ErrorData  *error;

	MemoryContextSwitchTo(caller);
	error = CopyErrorData();
	if (!means_gone(error->sqlerrcode))
		PG_RE_THROW();
	FlushErrorState();
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("%s cannot be used", what),
			 errdetail("The server says: %s.", error->message),
			 errhint("Create what is missing, or train a new version.")));
}

static void
refuse_type(const char *name, Oid type)
{
	Oid			base = getBaseType(type);
	char		category;
	bool		preferred;

	get_type_category_preferred(base, &category, &preferred);
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("feature \"%s\" has type %s, which cannot be a feature", name, format_type_be(type)),
			 base == DATEOID ?
			 errhint("Turn it into a number, as in (%s - date '2020-01-01') AS days"
					 " or extract(month from %s) AS month.",
					 quote_identifier(name), quote_identifier(name)) :
			 category == TYPCATEGORY_DATETIME || category == TYPCATEGORY_TIMESPAN ?
			 errhint("Turn it into a number, as in extract(epoch from %s) AS seconds"
					 " or extract(hour from %s) AS hour.",
					 quote_identifier(name), quote_identifier(name)) :
			 category == TYPCATEGORY_STRING ?
			 errhint("Cast it: %s::text AS %s.", quote_identifier(name), quote_identifier(name)) :
			 base == CASHOID ?
			 errhint("Cast it: %s::numeric AS %s.", quote_identifier(name), quote_identifier(name)) :
			 errhint("Use an expression that gives a number, a boolean, a text or an array of float8.")));
}

/* ---- trees ---- */

/* The column an expression text is nothing but the name of; 0 = it is more. */
static AttrNumber
bare_column(const char *expression, TupleDesc desc)
{
	for (int i = 0; i < desc->natts; i++)
		if (strcmp(expression, quote_identifier(NameStr(TupleDescAttr(desc, i)->attname))) == 0)
			return i + 1;
	return 0;
}

static Node *
parse_expression(const MlopsFeature *feature, TupleDesc desc)
{
	AttrNumber	attno = bare_column(feature->expression, desc);
	List	   *parsed;

	if (attno > 0)
	{
		Form_pg_attribute att = TupleDescAttr(desc, attno - 1);

		return (Node *) makeVar(1, attno, att->atttypid, att->atttypmod, att->attcollation, 0);
	}
	parsed = mlops_feature_parse(psprintf("%s AS %s", feature->expression, quote_identifier(feature->name)),
								 desc, NIL, NULL, "feature");
	if (list_length(parsed) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("feature \"%s\" is not one expression", feature->name)));
	return ((MlopsParsedFeature *) linitial(parsed))->expr;
}

/* A stored expression that does not parse any more says which feature it is. */
static Node *
parse_stored(const MlopsFeature *feature, TupleDesc desc, const char *what)
{
	MemoryContext caller = CurrentMemoryContext;
	Node	   *volatile expr = NULL;

	PG_TRY();
	{
		expr = parse_expression(feature, desc);
	}
	PG_CATCH();
	{
		mlops_features_rethrow(what, caller);
	}
	PG_END_TRY();
	return expr;
}

static List *
parse_expressions(MlopsFeatureSet *set, TupleDesc desc, bool stored, Bitmapset **columns)
{
	List	   *exprs = NIL;

	for (int i = 0; i < set->n; i++)
	{
		const MlopsFeature *feature = &set->feature[i];
		char	   *what = psprintf("feature \"%s\"", feature->name);
		Node	   *expr = stored ? parse_stored(feature, desc, what) : parse_expression(feature, desc);

		mlops_feature_check(expr, what, desc, columns);
		exprs = lappend(exprs, expr);
	}
	return exprs;
}

static TupleDesc
project_columns(TupleDesc desc, Bitmapset *columns)
{
	TupleDesc	reduced = CreateTemplateTupleDesc(bms_num_members(columns));
	int			column = -1;
	AttrNumber	attno = 0;

	while ((column = bms_next_member(columns, column)) >= 0)
	{
		Form_pg_attribute att = TupleDescAttr(desc, column - 1);

		attno++;
		TupleDescInitEntry(reduced, attno, NameStr(att->attname), att->atttypid, att->atttypmod, 0);
		TupleDescInitEntryCollation(reduced, attno, att->attcollation);
	}
	return reduced;
}

static void
describe(MlopsFeatureSet *set, MlopsFeature *feature, Node *expr)
{
	Oid			output;
	bool		varlena;
	Oid			type = exprType(expr);

	/* planned again: what runs already reads values by this type */
	if (OidIsValid(feature->type) && feature->type != type)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("feature \"%s\" was of type %s and is now %s", feature->name,
						format_type_be(feature->type), format_type_be(type)),
				 errhint("Restore the former definition, or train a new version.")));
	feature->type = type;
	if (!mlops_type_kind(feature->type, &feature->kind, &feature->base_type, &feature->element_type))
		refuse_type(feature->name, feature->type);
	feature->attno = IsA(expr, Var) ? ((Var *) expr)->varattno : 0;
	if (feature->kind != MLOPS_VECTOR)
		feature->width = 1;
	if (feature->kind != MLOPS_CATEGORY)
		return;
	getTypeOutputInfo(feature->base_type, &output, &varlena);
	fmgr_info_cxt(output, &feature->output, set->context);
}

static bool
all_text_is_bare(const MlopsFeatureSet *set, TupleDesc desc)
{
	for (int i = 0; i < set->n; i++)
		if (bare_column(set->feature[i].expression, desc) == 0)
			return false;
	return true;
}

/* Trees against *desc, which becomes the signature; what is planned and run. */
static List *
analyze_expressions(MlopsFeatureSet *set, TupleDesc *desc, bool stored)
{
	MlopsSettings literal = mlops_settings_literal(&set->settings);
	bool		bare = all_text_is_bare(set, *desc);
	Bitmapset  *columns = NULL;
	MlopsIdentity id;
	List	   *exprs;

	/* names of columns need nobody's rights */
	if (!bare)
		mlops_identity_begin_owner(&id, set->owner, &literal);
	exprs = parse_expressions(set, *desc, stored, &columns);
	if (!stored && bms_num_members(columns) < (*desc)->natts)
	{
		*desc = project_columns(*desc, columns);
		exprs = parse_expressions(set, *desc, stored, &columns);
	}
	if (!bare)
		mlops_identity_end(&id);
	return exprs;
}

static List *
not_bare(List *exprs)
{
	List	   *rest = NIL;
	ListCell   *lc;

	foreach(lc, exprs)
		if (!IsA(lfirst(lc), Var))
			rest = lappend(rest, lfirst(lc));
	return rest;
}

/* ---- types of the signature that users made ---- */

/* Counted by callbacks: any type, any relation of this database was changed. */
static uint64 type_changes = 0;
static uint64 relation_changes = 0;

static void
on_type_change(Datum arg, int cache, uint32 hash)
{
	type_changes++;
}

static void
on_relation_change(Datum arg, Oid relation)
{
	relation_changes++;
}

void
mlops_features_watch(void)
{
	CacheRegisterSyscacheCallback(TYPEOID, on_type_change, (Datum) 0);
	CacheRegisterRelcacheCallback(on_relation_change, (Datum) 0);
}

uint64
mlops_relation_changes(void)
{
	return relation_changes;
}

static void
note_types(MlopsFeatureSet *set, uint64 types, uint64 relations)
{
	set->user_types = false;
	set->row_types = false;
	for (int i = 0; i < set->signature->natts; i++)
	{
		Oid			type = TupleDescAttr(set->signature, i)->atttypid;

		set->user_types |= type >= FirstNormalObjectId;
		set->row_types |= type >= FirstNormalObjectId && get_typtype(getBaseType(type)) != TYPTYPE_ENUM;
	}
	set->type_changes = types;
	set->relation_changes = relations;
}

bool
mlops_features_stand(const MlopsFeatureSet *set)
{
	return (!set->user_types || set->type_changes == type_changes) &&
		(!set->row_types || set->relation_changes == relation_changes);
}

static void
plan_expressions(MlopsFeatureSet *set, List *exprs)
{
	struct MlopsPlan *former = set->plan;
	struct MlopsPlan *plan = NULL;
	MlopsIdentity id;

	set->all_bare = exprs == NIL;
	if (exprs != NIL)
	{
		mlops_identity_begin_owner(&id, set->owner, &set->settings);
		plan = mlops_plan_create(exprs);
		mlops_identity_end(&id);
	}
	set->all_immutable = plan == NULL || !contain_mutable_functions(mlops_plan_tree(plan));

	/*
	 * Before and after planning: an inlined function's body is the owner's
	 * SQL, whatever it calls.  And what is not immutable may find the owner's
	 * code by itself: domain_in takes its type as a number.
	 */
	set->all_builtin = plan == NULL ||
		(set->all_immutable && !contain_mutable_functions((Node *) exprs) &&
		 mlops_feature_builtin((Node *) exprs) && mlops_feature_builtin(mlops_plan_tree(plan)));
	/* an error above leaves the former, invalid plan: the next use tries again */
	set->plan = plan;
	if (former != NULL)
		mlops_plan_release(former);
}

static void
lay_out(MlopsFeatureSet *set)
{
	int			width = 0;

	for (int i = 0; i < set->n; i++)
	{
		set->feature[i].first = width;
		width += set->feature[i].width;
		if (set->feature[i].width == 0)
		{
			set->width = 0;
			return;
		}
	}
	set->width = width;
}

static void
compile_in(MlopsFeatureSet *set, TupleDesc desc, bool stored)
{
	/* before the types are looked at: what changes meanwhile counts as changed */
	uint64		types = type_changes;
	uint64		relations = relation_changes;
	List	   *exprs = analyze_expressions(set, &desc, stored);
	ListCell   *lc;
	int			i = 0;

	foreach(lc, exprs)
		describe(set, &set->feature[i++], lfirst(lc));
	plan_expressions(set, not_bare(exprs));
	if (set->signature != desc)
	{
		MemoryContext caller = MemoryContextSwitchTo(set->context);

		set->signature = CreateTupleDescCopy(desc);
		MemoryContextSwitchTo(caller);
	}
	note_types(set, types, relations);
	lay_out(set);
}

void
mlops_features_compile(MlopsFeatureSet *set, TupleDesc desc, bool stored)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "mlops feature analysis",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);

	compile_in(set, desc, stored);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
}

/* ---- from text ---- */

static MlopsFeatureSet *
set_of_parsed(List *parsed, TupleDesc source, Oid owner, const char *noun)
{
	MlopsFeatureSet *set = mlops_features_make(list_length(parsed), owner, CurrentMemoryContext);
	MemoryContext caller = MemoryContextSwitchTo(set->context);
	ListCell   *lc;
	int			i = 0;

	mlops_settings_capture(&set->settings);
	foreach(lc, parsed)
	{
		MlopsParsedFeature *feature = lfirst(lc);

		set->feature[i].name = pstrdup(feature->name);
		set->feature[i].noun = noun;
		set->feature[i].expression = mlops_feature_deparse(feature->expr, source, &set->settings);
		set->feature[i].from_star = feature->from_star;
		i++;
	}
	MemoryContextSwitchTo(caller);
	mlops_features_compile(set, source, false);
	return set;
}

/* Refused before anything is written back, so that messages are about what was typed. */
static void
check_parsed(List *parsed, TupleDesc source, const char *noun)
{
	ListCell   *lc;

	foreach(lc, parsed)
	{
		MlopsParsedFeature *feature = lfirst(lc);
		Bitmapset  *columns = NULL;
		Oid			type = exprType(feature->expr);

		mlops_feature_check(feature->expr,
							noun != NULL ? psprintf("%s \"%s\"", noun, feature->name) : feature->name,
							source, &columns);
		if (!mlops_type_kind(type, NULL, NULL, NULL))
			refuse_type(feature->name, type);
	}
}

MlopsFeatureSet *
mlops_features_analyze(const char *select_list, TupleDesc source, List *exclude,
					   Oid owner, List **skipped)
{
	List	   *unused = NIL;
	List	   *parsed;

	if (skipped == NULL)
		skipped = &unused;
	*skipped = NIL;
	parsed = mlops_feature_parse(select_list != NULL ? select_list : "*", source, exclude, skipped,
								 "feature");
	if (parsed == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no column of the source can be a feature"),
				 errhint("Name features, or choose a source with more columns.")));
	check_parsed(parsed, source, "feature");
	return set_of_parsed(parsed, source, owner, "feature");
}

MlopsFeatureSet *
mlops_features_texts(const char *select_list, const char *noun, TupleDesc source, Oid owner)
{
	List	   *parsed = mlops_feature_parse(select_list, source, NIL, NULL, noun);
	ListCell   *lc;

	foreach(lc, parsed)
	{
		MlopsParsedFeature *feature = lfirst(lc);

		feature->expr = coerce_to_target_type(NULL, feature->expr, exprType(feature->expr), TEXTOID, -1,
											  COERCION_EXPLICIT, COERCE_EXPLICIT_CAST, -1);
	}
	check_parsed(parsed, source, noun);
	return set_of_parsed(parsed, source, owner, noun);
}

MlopsFeatureSet *
mlops_features_condition(const char *condition, const char *what, TupleDesc source, Oid owner)
{
	/* the line break ends a comment that the condition may end with */
	List	   *parsed = mlops_feature_parse(psprintf("(%s\n) AS %s", condition, quote_identifier(what)),
											 source, NIL, NULL, "condition");
	MlopsParsedFeature *feature = linitial(parsed);

	if (list_length(parsed) != 1 || getBaseType(exprType(feature->expr)) != BOOLOID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("%s must be one boolean expression over a row of the source", what),
				 errdetail("It reads: %s", condition)));
	check_parsed(parsed, source, NULL);
	return set_of_parsed(parsed, source, owner, NULL);
}

/* ---- changes ---- */

void
mlops_features_keep(MlopsFeatureSet *set, const bool *keep)
{
	int			n = 0;

	for (int i = 0; i < set->n; i++)
		if (keep[i])
			set->feature[n++] = set->feature[i];
	Assert(n > 0);
	if (n == set->n)
		return;
	set->n = n;
	mlops_features_compile(set, set->signature, false);
}

bool
mlops_feature_from_star(const MlopsFeatureSet *set, int index)
{
	return set->feature[index].from_star;
}

void
mlops_features_set_width(MlopsFeatureSet *set, int index, int width)
{
	set->feature[index].width = width;
	lay_out(set);
}

void
mlops_features_revalidate(MlopsFeatureSet *set)
{
	if (set->plan == NULL || mlops_plan_valid(set->plan))
		return;
	for (int i = 0; i < set->signature->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(set->signature, i);

		if (!SearchSysCacheExists1(TYPEOID, ObjectIdGetDatum(att->atttypid)))
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("the type of column \"%s\" no longer exists", NameStr(att->attname)),
					 errhint("Restore the type, or train a new version.")));
	}
	mlops_features_compile(set, set->signature, true);
}
