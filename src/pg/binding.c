/*
 * binding.c: a row as the caller has it -> a row of the model's input
 * signature, columns found by name.
 *
 * Identical types are handed over as they are.  Otherwise an assignment cast
 * is compiled once and run for each row; numbers that go into integers are
 * converted here, so that nothing is lost silently.  Casts that use anything
 * not built in run as the model's owner, those that depend on settings under
 * the settings stored with the version: the same row gives the same answer in
 * every session.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "funcapi.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/typcache.h"

#include "pg/callsite.h"
#include "pg/pg_compat.h"

/* of a value in a message */
#define SHOWN_DIGITS 40

typedef struct BoundColumn
{
	AttrNumber	attno;			/* in the passed row */
	const char *name;
	Oid			given;			/* type, domains looked through; only when it is not the wanted one */
	Oid			integer;		/* integer type to convert to first, or InvalidOid */
	ExprState  *cast;			/* of what is then there; NULL = none */
} BoundColumn;

struct MlopsBinding
{
	TupleTableSlot *slot;		/* rows that come as datums; NULL for those of a source */
	HeapTupleData tuple;
	AttrNumber	last;			/* no column after it is needed */
	bool		converts;		/* any column has integer or cast */
	bool		bare;			/* all features are columns as they come */
	bool		builtin;		/* what the casts need */
	bool		immutable;
	ExprContext *econtext;
	int			n;
	BoundColumn column[FLEXIBLE_ARRAY_MEMBER];
};

/* ---------- identity of conversions ---------- */

bool
mlops_conversion_begin(MlopsCallSite *site, bool builtin, bool immutable, MlopsIdentity *id)
{
	MlopsFeatureSet *set = site->entry->features;

	if (!builtin)
	{
		mlops_identity_begin_owner(id, set->owner, &set->settings);
		return true;
	}
	if (!immutable && !mlops_settings_current(&set->settings))
	{
		mlops_identity_begin_settings(id, &set->settings);
		return true;
	}
	return false;
}

static bool
foreign_function(Oid function, void *context)
{
	return function >= FirstNormalObjectId;
}

static bool
foreign_walker(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (check_functions_in_node(node, foreign_function, NULL))
		return true;
	/* its constraints may call anything */
	if (IsA(node, CoerceToDomain) && ((CoerceToDomain *) node)->resulttype >= FirstNormalObjectId)
		return true;
	return expression_tree_walker(node, foreign_walker, context);
}

/* ---------- numbers into integers ---------- */

void
mlops_value_misfit(MlopsCallSite *site, const char *column, Oid given, Oid wanted, Datum value)
{
	Oid			output;
	bool		varlena;
	char	   *text;

	getTypeOutputInfo(given, &output, &varlena);
	text = OidOutputFunctionCall(output, value);
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("value %.*s%s of column \"%s\" does not fit type %s", SHOWN_DIGITS, text,
					strlen(text) > SHOWN_DIGITS ? "..." : "", column, format_type_be(wanted)),
			 errdetail("What was passed to model \"%s\" has it as %s.", site->ref.model, format_type_be(given))));
}

static bool
float_to_int64(double value, int64 *result)
{
	if (value != rint(value) || !FLOAT8_FITS_IN_INT64(value))
		return false;
	*result = (int64) value;
	return true;
}

static bool
numeric_to_int64(Numeric value, int64 *result)
{
	Datum		number = NumericGetDatum(value);
	Datum		minimum = NumericGetDatum(int64_to_numeric(PG_INT64_MIN));
	Datum		maximum = NumericGetDatum(int64_to_numeric(PG_INT64_MAX));

	if (numeric_is_inf(value) ||
		DatumGetBool(DirectFunctionCall2(numeric_lt, number, minimum)) ||
		DatumGetBool(DirectFunctionCall2(numeric_gt, number, maximum)) ||
		!DatumGetBool(DirectFunctionCall2(numeric_eq, number,
										  DirectFunctionCall2(numeric_trunc, number, Int32GetDatum(0)))))
		return false;
	*result = DatumGetInt64(DirectFunctionCall1(numeric_int8, number));
	return true;
}

/* False when the value is no integer of 64 bits; *missing = it is NaN. */
static bool
number_to_int64(Oid given, Datum value, int64 *result, bool *missing)
{
	*missing = false;
	switch (given)
	{
		case INT2OID:
			*result = DatumGetInt16(value);
			return true;
		case INT4OID:
			*result = DatumGetInt32(value);
			return true;
		case INT8OID:
			*result = DatumGetInt64(value);
			return true;
		case FLOAT4OID:
			*missing = isnan(DatumGetFloat4(value));
			return *missing || float_to_int64(DatumGetFloat4(value), result);
		case FLOAT8OID:
			*missing = isnan(DatumGetFloat8(value));
			return *missing || float_to_int64(DatumGetFloat8(value), result);
		default:
			Assert(given == NUMERICOID);
			*missing = numeric_is_nan(DatumGetNumeric(value));
			return *missing || numeric_to_int64(DatumGetNumeric(value), result);
	}
}

bool
mlops_integer_exact(MlopsCallSite *site, const char *column, Oid given, Oid wanted, Datum value, Datum *result)
{
	int64		number = 0;
	bool		missing;

	if (!number_to_int64(given, value, &number, &missing))
		mlops_value_misfit(site, column, given, wanted, value);
	if (missing)
		return false;
	switch (wanted)
	{
		case INT2OID:
			if (number < PG_INT16_MIN || number > PG_INT16_MAX)
				mlops_value_misfit(site, column, given, wanted, value);
			*result = Int16GetDatum((int16) number);
			break;
		case INT4OID:
			if (number < PG_INT32_MIN || number > PG_INT32_MAX)
				mlops_value_misfit(site, column, given, wanted, value);
			*result = Int32GetDatum((int32) number);
			break;
		default:
			Assert(wanted == INT8OID);
			*result = Int64GetDatum(number);
			break;
	}
	return true;
}

/* ---------- building ---------- */

static bool
is_integer(Oid type)
{
	return type == INT2OID || type == INT4OID || type == INT8OID;
}

static bool
is_number(Oid type)
{
	return is_integer(type) || type == FLOAT4OID || type == FLOAT8OID || type == NUMERICOID;
}

/* The cast of a value of type `given` to `wanted`, NULL when the bits are the same. Raises 42804. */
static Expr *
cast_expression(MlopsCallSite *site, const char *column, Oid given, Oid shown, Form_pg_attribute wanted)
{
	CaseTestExpr *input = makeNode(CaseTestExpr);
	Node	   *cast;

	input->typeId = given;
	input->typeMod = -1;
	input->collation = get_typcollation(given);
	cast = coerce_to_target_type(NULL, (Node *) input, given, getBaseType(wanted->atttypid), -1,
								 COERCION_ASSIGNMENT, COERCE_IMPLICIT_CAST, -1);
	/*
	 * The caller chose the type: its cast must not run with the owner's
	 * rights, nor the owner's with the caller's.
	 */
	if (cast != NULL && foreign_walker(cast, NULL))
		cast = NULL;
	if (cast != NULL && getBaseType(wanted->atttypid) != wanted->atttypid)
		cast = coerce_to_domain(cast, InvalidOid, -1, wanted->atttypid, COERCION_ASSIGNMENT,
								COERCE_IMPLICIT_CAST, -1, false);
	if (cast == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of the row passed to model \"%s\" is of type %s, but type %s is needed",
						column, site->ref.model, format_type_be(shown), format_type_be(wanted->atttypid)),
				 errhint("Cast it in the query.")));
	if (cast == (Node *) input ||
		(IsA(cast, RelabelType) && ((RelabelType *) cast)->arg == (Expr *) input))
		return NULL;
	return (Expr *) cast;
}

static void
bind_column(MlopsCallSite *site, struct MlopsBinding *binding, BoundColumn *column,
			Form_pg_attribute given, Form_pg_attribute wanted, List **casts)
{
	Oid			type = given->atttypid;
	Expr	   *cast = NULL;

	column->attno = given->attnum;
	column->name = NameStr(wanted->attname);
	binding->last = Max(binding->last, column->attno);
	if (type != wanted->atttypid)
	{
		Oid			base = getBaseType(wanted->atttypid);

		column->given = getBaseType(type);
		if (is_integer(base) && is_number(column->given) && column->given != base)
		{
			column->integer = base;
			type = base;
		}
		if (type != wanted->atttypid)
			cast = cast_expression(site, column->name, type, given->atttypid, wanted);
	}
	if (OidIsValid(column->integer) || cast != NULL)
		binding->converts = true;
	*casts = lappend(*casts, cast);
}

static void
missing(MlopsCallSite *site, TupleDesc desc, const char *column)
{
	const char **names = palloc(sizeof(char *) * Max(desc->natts, 1));
	int			n = 0;
	bool		anonymous = true;
	const char *hint = NULL;

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);
		char		name[NAMEDATALEN];

		if (attribute->attisdropped)
			continue;
		snprintf(name, sizeof(name), "f%d", i + 1);
		anonymous &= strcmp(NameStr(attribute->attname), name) == 0;
		names[n++] = NameStr(attribute->attname);
		if (get_typtype(getBaseType(attribute->atttypid)) == TYPTYPE_COMPOSITE)
			hint = psprintf("Column \"%s\" of the row is a row itself: pass that one.", NameStr(attribute->attname));
	}
	if (n > 0 && anonymous)
	{
		hint = "ROW(...) has no column names: write a subquery, "
			"SELECT mlops_predict('model', r) FROM (SELECT ... AS name) AS r.";
		n = 0;
	}
	else if (hint == NULL && OidIsValid(site->tuple_type))
		hint = "For the whole row of a table that has a column of the table's own name, pass name.* instead of name.";
	mlops_missing_column(site, column, names, n, hint);
}

static void
compile_casts(MlopsCallSite *site, struct MlopsBinding *binding, List *casts)
{
	MlopsIdentity id;
	bool		switched;
	ListCell   *lc;

	binding->builtin = !foreign_walker((Node *) casts, NULL);
	binding->immutable = !contain_mutable_functions((Node *) casts);
	switched = mlops_conversion_begin(site, binding->builtin, binding->immutable, &id);
	binding->econtext = CreateStandaloneExprContext();
	foreach(lc, casts)
	{
		if (lfirst(lc))
			binding->column[foreach_current_index(lc)].cast =
				ExecInitExpr(expression_planner(lfirst(lc)), NULL);
	}
	if (switched)
		mlops_identity_end(&id);
}

/* Columns mostly stand in the signature's order: the search starts where the last one ended. */
static AttrNumber
find_column(TupleDesc desc, const char *name, AttrNumber after)
{
	for (int i = 0; i < desc->natts; i++)
	{
		AttrNumber	attno = (after + i) % desc->natts + 1;
		Form_pg_attribute attribute = TupleDescAttr(desc, attno - 1);

		if (!attribute->attisdropped && strcmp(NameStr(attribute->attname), name) == 0)
			return attno;
	}
	return 0;
}

static bool
features_are_columns(const MlopsFeatureSet *set)
{
	for (int i = 0; i < set->n; i++)
	{
		if (set->feature[i].attno <= 0)
			return false;
	}
	return true;
}

/* The current context is record_context. */
static struct MlopsBinding *
bind(MlopsCallSite *site, TupleDesc desc)
{
	TupleDesc	signature = site->entry->features->signature;
	struct MlopsBinding *binding;
	List	   *casts = NIL;
	AttrNumber	attno = 0;

	binding = palloc0(offsetof(struct MlopsBinding, column) + sizeof(BoundColumn) * signature->natts);
	binding->n = signature->natts;
	binding->builtin = binding->immutable = true;
	for (int i = 0; i < signature->natts; i++)
	{
		Form_pg_attribute wanted = TupleDescAttr(signature, i);

		attno = find_column(desc, NameStr(wanted->attname), attno);
		if (attno == 0)
			missing(site, desc, NameStr(wanted->attname));
		bind_column(site, binding, &binding->column[i], TupleDescAttr(desc, attno - 1), wanted, &casts);
	}
	if (binding->converts)
		compile_casts(site, binding, casts);
	binding->bare = !binding->converts && features_are_columns(site->entry->features);
	return binding;
}

/* ---------- running ---------- */

/* What a cast function says does not name the column. */
static void
name_column(void *arg)
{
	BoundColumn **column = arg;

	if (*column)
		errcontext("column \"%s\" of the row passed to the model", (*column)->name);
}

static void
run_cast(struct MlopsBinding *binding, BoundColumn *column, Datum *value, bool *isnull)
{
	binding->econtext->caseValue_datum = *value;
	binding->econtext->caseValue_isNull = *isnull;
	*value = ExecEvalExpr(column->cast, binding->econtext, isnull);
}

static void
convert_all(MlopsCallSite *site, struct MlopsBinding *binding, Datum *values, bool *isnull)
{
	BoundColumn *current = NULL;
	ErrorContextCallback callback = {error_context_stack, name_column, &current};
	MlopsIdentity id;
	bool		switched = mlops_conversion_begin(site, binding->builtin, binding->immutable, &id);

	error_context_stack = &callback;
	for (int i = 0; i < binding->n; i++)
	{
		BoundColumn *column = &binding->column[i];

		/* our own messages name the column */
		current = NULL;
		if (OidIsValid(column->integer) && !isnull[i])
			isnull[i] = !mlops_integer_exact(site, column->name, column->given, column->integer,
											 values[i], &values[i]);
		current = column;
		if (column->cast)
			run_cast(binding, column, &values[i], &isnull[i]);
	}
	error_context_stack = callback.previous;
	if (switched)
		mlops_identity_end(&id);
}

void
mlops_callsite_fill(MlopsCallSite *site, const Datum *value, const bool *isnull)
{
	struct MlopsBinding *binding = site->binding;
	TupleTableSlot *row = site->evaluator->slot;

	for (int i = 0; i < binding->n; i++)
	{
		int			source = binding->column[i].attno - 1;

		row->tts_values[i] = value[source];
		row->tts_isnull[i] = isnull[source];
	}
	if (binding->converts)
		convert_all(site, binding, row->tts_values, row->tts_isnull);
}

/* A row of the caller's, in a slot -> x. The current context is row_context. */
static void
take_row(MlopsCallSite *site, TupleTableSlot *slot)
{
	const struct MlopsBinding *binding = site->binding;
	const MlopsFeatureSet *set = site->entry->features;

	slot_getsomeattrs(slot, binding->last);
	if (!binding->bare)
	{
		mlops_callsite_fill(site, slot->tts_values, slot->tts_isnull);
		mlops_callsite_evaluate(site);
		return;
	}
	for (int i = 0; i < set->n; i++)
	{
		int			source = binding->column[set->feature[i].attno - 1].attno - 1;

		site->value[i] = slot->tts_values[source];
		site->isnull[i] = slot->tts_isnull[source];
	}
	mlops_callsite_encode(site);
}

/* Is the type still what was bound?  Asked only when some relation was changed: looking it up takes a row's time. */
static bool
type_is_bound(MlopsCallSite *site, Oid type, int32 typmod)
{
	uint64		changes = mlops_relation_changes();

	if (site->binding == NULL || site->tuple_type != type || site->tuple_typmod != typmod)
		return false;
	if (site->relation_changes == changes)
		return true;
	if (site->tupdesc_id != assign_record_type_identifier(type, typmod))
		return false;
	site->relation_changes = changes;
	return true;
}

static void
bind_record(MlopsCallSite *site, Oid type, int32 typmod)
{
	MemoryContext old;
	TupleDesc	desc;
	struct MlopsBinding *binding;

	site->binding = NULL;
	site->tuple_type = type;
	MemoryContextReset(site->record_context);
	old = MemoryContextSwitchTo(site->record_context);
	desc = lookup_rowtype_tupdesc_copy(type, typmod);
	binding = bind(site, desc);
	binding->slot = MakeSingleTupleTableSlot(desc, &TTSOpsHeapTuple);
	site->tuple_typmod = typmod;
	site->relation_changes = mlops_relation_changes();
	/* after the look-up: a parallel worker learns only there which type this is */
	site->tupdesc_id = assign_record_type_identifier(type, typmod);
	site->binding = binding;
	MemoryContextSwitchTo(old);
}

void
mlops_callsite_record(MlopsCallSite *site, Datum record)
{
	MemoryContext old = MemoryContextSwitchTo(site->row_context);
	HeapTupleHeader header = DatumGetHeapTupleHeader(record);
	Oid			type = HeapTupleHeaderGetTypeId(header);
	int32		typmod = HeapTupleHeaderGetTypMod(header);
	HeapTupleData *tuple;

	if (!type_is_bound(site, type, typmod))
		bind_record(site, type, typmod);
	tuple = &site->binding->tuple;
	tuple->t_len = HeapTupleHeaderGetDatumLength(header);
	ItemPointerSetInvalid(&tuple->t_self);
	tuple->t_tableOid = InvalidOid;
	tuple->t_data = header;
	take_row(site, ExecStoreHeapTuple(tuple, site->binding->slot, false));
	MemoryContextSwitchTo(old);
}

void
mlops_callsite_bind(MlopsCallSite *site, TupleDesc desc)
{
	MemoryContext old;

	site->binding = NULL;
	site->tuple_type = InvalidOid;
	MemoryContextReset(site->record_context);
	old = MemoryContextSwitchTo(site->record_context);
	site->binding = bind(site, desc);
	MemoryContextSwitchTo(old);
}

void
mlops_callsite_slot(MlopsCallSite *site, TupleTableSlot *slot)
{
	MemoryContext old;

	MemoryContextReset(site->row_context);
	old = MemoryContextSwitchTo(site->row_context);
	take_row(site, slot);
	MemoryContextSwitchTo(old);
}
