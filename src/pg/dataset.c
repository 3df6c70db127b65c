/*
 * dataset.c: the data sets that come with the extension.
 *
 * The server's own COPY reads the file, called as the server calls it for
 * replication; the right to read files of the server is not asked for,
 * because the file is one of ours.
 */
#include "postgres.h"

#include <sys/stat.h>

#include "access/table.h"
#include "commands/copy.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "parser/parse_relation.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/rel.h"

#include "pg/dataset.h"
#include "pg/new_table.h"
#include "pg/status.h"

static const MlopsDataset datasets[] = {
	{
		"iris",
		"i rid, f sepal_length_cm, f sepal_width_cm, f petal_length_cm, f petal_width_cm, t target",
		"Iris: measures of 150 flowers of three species (target). R. A. Fisher 1936, as in scikit-learn."
		" Licence: BSD-3-Clause, UCI: CC BY 4.0"
	},
	{
		"wine",
		"i rid, f alcohol, f malic_acid, f ash, f alcalinity_of_ash, f magnesium, f total_phenols, "
		"f flavanoids, f nonflavanoid_phenols, f proanthocyanins, f color_intensity, f hue, "
		"f od280_od315_of_diluted_wines, f proline, t target",
		"Wine: chemical analysis of 178 wines of three cultivars (target). M. Forina and S. Aeberhard 1991,"
		" as in scikit-learn. Licence: BSD-3-Clause, UCI: CC BY 4.0"
	},
	{
		"breast_cancer",
		"i rid, f mean_radius, f mean_texture, f mean_perimeter, f mean_area, f mean_smoothness, "
		"f mean_compactness, f mean_concavity, f mean_concave_points, f mean_symmetry, "
		"f mean_fractal_dimension, f radius_error, f texture_error, f perimeter_error, f area_error, "
		"f smoothness_error, f compactness_error, f concavity_error, f concave_points_error, "
		"f symmetry_error, f fractal_dimension_error, f worst_radius, f worst_texture, f worst_perimeter, "
		"f worst_area, f worst_smoothness, f worst_compactness, f worst_concavity, f worst_concave_points, "
		"f worst_symmetry, f worst_fractal_dimension, t target",
		"Breast cancer (Wisconsin, diagnostic): measures of cell nuclei of 569 tumours, malignant or benign (target)."
		" W. Wolberg and others 1995, as in scikit-learn. Licence: BSD-3-Clause, UCI: CC BY 4.0"
	},
	{
		"telco_churn",
		"i rid, t customer_id, t gender, i senior_citizen, t partner, t dependents, i tenure, "
		"t phone_service, t multiple_lines, t internet_service, t online_security, t online_backup, "
		"t device_protection, t tech_support, t streaming_tv, t streaming_movies, t contract, "
		"t paperless_billing, t payment_method, f monthly_charges, f total_charges, t churn",
		"Telco churn: 7,043 customers of a telephone company that does not exist, some of whom left (churn)."
		" IBM sample data (IBM/telco-customer-churn-on-icp4d). Licence: Apache License 2.0"
	},
	{
		"car_prices",
		"i rid, f price, i mileage, i cylinder, i doors, i cruise, i sound, i leather, i buick, i cadillac, "
		"i chevy, i pontiac, i saab, i saturn, i convertible, i coupe, i hatchback, i sedan, i wagon",
		"Car prices: resale prices of 804 cars of the model year 2005 (price). S. Kuiper 2008,"
		" as in the R package modeldata. Licence: MIT"
	}
};

const MlopsDataset *
mlops_dataset_find(const char *name)
{
	const char *names[lengthof(datasets)];
	const char *nearest;
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < (int) lengthof(datasets); i++)
	{
		if (strcmp(datasets[i].name, name) == 0)
			return &datasets[i];
		names[i] = datasets[i].name;
		appendStringInfo(&list, "%s%s", i > 0 ? ", " : "", names[i]);
	}
	nearest = mlops_nearest(name, names, lengthof(datasets));
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("data set \"%s\" does not exist", name),
			 errdetail("Known names are: %s.", list.data),
			 nearest != NULL ? errhint("Did you mean \"%s\"?", nearest) : 0));
}

/* ---- where the files are ---- */

static char *
file_in(const char *share, const MlopsDataset *dataset)
{
	char	   *path = psprintf("%s/extension/mlops-%s.csv", share, dataset->name);
	struct stat status;

	return stat(path, &status) == 0 && S_ISREG(status.st_mode) ? path : NULL;
}

/*
 * Beside the extension's scripts: in the server's share directory, or where
 * extension_control_path (PostgreSQL 18; set by superusers) has extensions.
 */
static char *
data_file(const MlopsDataset *dataset)
{
	const char *setting = GetConfigOption("extension_control_path", true, false);
	char	   *paths = pstrdup(setting != NULL ? setting : "$system");
	char		share[MAXPGPATH];

	get_share_path(my_exec_path, share);
	for (char *rest = paths, *path; (path = strsep(&rest, ":")) != NULL;)
	{
		char	   *file = file_in(strcmp(path, "$system") == 0 ? share : path, dataset);

		if (file != NULL)
			return file;
	}
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_FILE),
			 errmsg("the file of data set \"%s\" is not installed", dataset->name),
			 errhint("Install the extension's files again: \"mlops-%s.csv\" belongs beside its SQL scripts.",
					 dataset->name)));
}

/* ---- loading ---- */

/* The columns as CREATE TABLE takes them, the first as its key; *n: how many. */
static char *
column_list(const char *columns, int *n)
{
	StringInfoData list;
	char	   *rest = pstrdup(columns);
	char	   *column;

	*n = 0;
	initStringInfo(&list);
	while ((column = strsep(&rest, ",")) != NULL)
	{
		column += strspn(column, " ");
		appendStringInfo(&list, "%s%s pg_catalog.%s%s", *n > 0 ? ", " : "", quote_identifier(column + 2),
						 column[0] == 'i' ? "int4" : column[0] == 'f' ? "float8" : "text",
						 *n == 0 ? " PRIMARY KEY" : "");
		++*n;
	}
	return list.data;
}

static void
copy_file(Relation relation, const char *file)
{
	ParseState *parse = make_parsestate(NULL);
	List	   *options = list_make3(makeDefElem("format", (Node *) makeString("csv"), -1),
									 makeDefElem("header", (Node *) makeString("true"), -1),
									 makeDefElem("encoding", (Node *) makeString("UTF8"), -1));
	CopyFromState copy;

	(void) addRangeTableEntryForRelation(parse, relation, RowExclusiveLock, NULL, false, false);
	copy = BeginCopyFrom(parse, relation, NULL, file, false, NULL, NIL, options);
	(void) CopyFrom(copy);
	EndCopyFrom(copy);
	free_parsestate(parse);
}

Oid
mlops_dataset_load(const MlopsDataset *dataset, const char *table)
{
	char	   *file = data_file(dataset);
	char	   *schema;
	char	   *name;
	int			n;
	char	   *columns = column_list(dataset->columns, &n);
	Relation	relation;
	Oid			result;

	mlops_new_table_name(table != NULL ? table : dataset->name, &schema, &name);
	relation = mlops_new_table_create(schema, name, columns, n);
	result = RelationGetRelid(relation);
	copy_file(relation, file);
	table_close(relation, NoLock);
	mlops_new_table_comment(schema, name, dataset->comment);
	return result;
}
