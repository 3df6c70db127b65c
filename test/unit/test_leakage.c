/*
 * test_leakage.c: what columns say by themselves, and rows that stand on both sides of the split.
 */
#include "kernel/hash.h"
#include "kernel/metrics.h"
#include "learn/leakage.h"

#include "fixture.h"
#include "tap.h"

#define MOST 60000
#define COLUMNS 16

static double value[COLUMNS][MOST];
static int32_t code[COLUMNS][MOST];
static double y[MOST];
static uint64_t key[MOST];
static uint32_t read_at[MOST];
static MlColumn column[COLUMNS];
static MlColumnLeakage found[COLUMNS];
static const char *level[MOST];

static MlDataset
rows(int64_t n, MlTaskKind task, int classes)
{
	MlDataset	d = {.n = n,.n_train = n * 4 / 5,.column = column,.task = task,.y = y,.n_classes = classes,
					 .class_name = fixture_class};

	for (int64_t i = 0; i < n; i++)
	{
		key[i] = ml_mix64((uint64_t) i);
		read_at[i] = (uint32_t) (n - 1 - i);
	}
	return d;
}

static void
add_number(MlDataset *d)
{
	column[d->p] = fixture_number("number", value[d->p]);
	column[d->p].feature = d->p;
	d->p++;
}

static void
add_category(MlDataset *d, int32_t levels)
{
	column[d->p] = (MlColumn) {.name = "category",.feature = d->p,.kind = ML_CATEGORY,.code = code[d->p],
							   .n_levels = levels,.level = level};
	d->p++;
}

static void
look(TestHost *t, const MlDataset *d)
{
	MlStatus	status;

	OK(ml_leakage_columns(&t->host, d, key, read_at, found, &status) == ML_OK, "looked at");
	OK(t->n_alive == 0, "nothing is kept");
	test_host_reset(t);
}

static double
noise(int64_t i, int stream)
{
	return fixture_noise((uint64_t) i * 64 + (uint64_t) stream);
}

/* ---- classes ---- */

static void
two_classes(TestHost *t)
{
	int64_t		n = 4000;
	MlDataset	d = rows(n, ML_BINARY, 2);
	uint32_t	order[4000];
	void	   *room = malloc(ml_score_scratch(n));
	double		known;

	for (int64_t i = 0; i < n; i++)
	{
		double		u = noise(i, 0);

		y[i] = u > 0.6;
		value[0][i] = u;		/* a threshold */
		value[1][i] = (noise(i, 1) > 0 ? 1 : -1) * (y[i] == 1 ? 2 + u : u / 2);	/* both ends */
		value[2][i] = noise(i, 2);	/* nothing */
		value[3][i] = u + noise(i, 3);	/* something */
		value[4][i] = y[i] == 1 ? NAN : noise(i, 4);	/* missing tells */
		value[5][i] = 7;
		value[6][i] = NAN;
		value[7][i] = y[i];
		code[8][i] = (int32_t) (i % 4 * 2 + y[i]) - 1;	/* levels tell, missing among them */
		code[9][i] = (int32_t) (i % 5);
		code[10][i] = (int32_t) i;	/* nobody's level is another's */
	}
	for (int c = 0; c < 8; c++)
		add_number(&d);
	add_category(&d, 7);
	add_category(&d, 5);
	add_category(&d, (int32_t) n);
	look(t, &d);
	OK(found[0].figure > 0.9995, "a threshold is found");
	OK(found[1].figure > 0.9995, "so are both ends against the middle");
	OK(fabs(found[2].figure - 0.5) < 0.03, "noise tells nothing");
	ml_score_order(value[3], n, order, room);
	known = ml_roc_auc(y, 1, value[3], NULL, order, n);
	OK(found[3].figure < known + 0.005 && found[3].figure > known - 0.05, "a good feature is as good as its order");
	OK(found[4].figure > 0.9995 && found[4].rows < n, "missing values that tell");
	OK(isnan(found[5].figure) && isnan(found[6].figure) && found[6].rows == 0, "constants and gaps tell nothing");
	OK(found[7].figure > 0.9999, "the target itself");
	OK(found[8].figure > 0.9995, "levels that tell");
	OK(fabs(found[9].figure - 0.5) < 0.03 && fabs(found[10].figure - 0.5) < 0.03, "levels that do not");
	OK(found[0].distinct > 0.999 && isnan(found[0].density), "different values, not whole");
	OK(found[10].distinct == 1 && found[9].distinct == 5.0 / (double) n, "different levels");
	OK(found[7].density > 1000, "whole numbers");
	OK(found[0].repeats == 0 && found[5].repeats == 1 && found[6].repeats == 1, "values that never repeat, and always");
	NEAR(found[9].repeats, 799.0 / 3999.0, 1e-12, "five levels alike");
	free(room);
}

/* Few of one class: nearly all rows are the other's, and yet a threshold is found. */
static void
rare_class(TestHost *t)
{
	int64_t		n = MOST;
	MlDataset	d = rows(n, ML_BINARY, 2);

	for (int64_t i = 0; i < n; i++)
	{
		value[0][i] = noise(i, 0);
		y[i] = value[0][i] > 0.998;
		value[1][i] = (double) (i / 2);
	}
	add_number(&d);
	add_number(&d);
	look(t, &d);
	OK(found[0].figure > 0.999, "a threshold in front of one row of a thousand");
	OK(found[0].rows == 50000, "of so many rows at most");
	OK(fabs(found[1].figure - 0.5) < 0.1, "and noise is none");
}

static void
many_classes(TestHost *t)
{
	int64_t		n = 3000;
	MlDataset	d = rows(n, ML_MULTICLASS, 40);

	for (int64_t i = 0; i < n; i++)
	{
		y[i] = (double) (i % 3 == 0 ? i % 40 : i % 5);
		value[0][i] = y[i] + 0.4 * noise(i, 0);
		value[1][i] = noise(i, 1);
		value[2][i] = y[i] == 2;	/* one class only */
		code[3][i] = (int32_t) y[i] * 2 + (int32_t) (i % 2);
	}
	for (int c = 0; c < 3; c++)
		add_number(&d);
	add_category(&d, 80);
	look(t, &d);
	OK(found[0].figure > 0.999 && found[3].figure > 0.999, "columns that tell every class");
	OK(found[1].figure < 0.55, "one that tells none");
	OK(found[2].figure > 0.5 && found[2].figure < 0.7, "one that tells one of many");
}

/* ---- regression ---- */

static void
regression(TestHost *t)
{
	int64_t		n = 3000;
	MlDataset	d = rows(n, ML_REGRESSION, 0);

	for (int64_t i = 0; i < n; i++)
	{
		double		u = noise(i, 0);

		y[i] = u * 50 + 3;
		value[0][i] = y[i];
		value[1][i] = exp(-u * 20);	/* its order, backwards */
		value[2][i] = fabs(u);	/* half of it */
		value[3][i] = u + noise(i, 1) * 0.5;
		value[4][i] = noise(i, 2);
		value[5][i] = i % 9 == 0 ? NAN : u * 1e300;
		code[6][i] = (int32_t) floor(u * 20) + 20;
		code[7][i] = (int32_t) (i % 3) - 1;
	}
	for (int c = 0; c < 6; c++)
		add_number(&d);
	add_category(&d, 40);
	add_category(&d, 2);
	look(t, &d);
	OK(found[0].figure > 0.99999 && found[0].rank_correlation > 1 - 1e-12, "a copy");
	OK(found[1].rank_correlation > 1 - 1e-12, "a copy under a falling function");
	OK(found[2].figure < 0.3 && found[2].rank_correlation < 0.1, "the distance from the middle tells no side");
	OK(found[3].figure > 0.5 && found[3].figure < 0.85 && found[3].rank_correlation < 0.95, "a good feature");
	OK(found[4].figure < 0.1 && found[4].rank_correlation < 0.06, "noise");
	OK(found[5].rank_correlation > 1 - 1e-12 && found[5].figure > 0.8 && found[5].figure < 0.95,
	   "a copy with gaps: its order where it has values");
	OK(found[6].figure > 0.999 && found[6].figure < 0.9995 && isnan(found[6].rank_correlation), "levels near to it");
	OK(found[7].figure < 0.01, "levels that tell nothing");
	/* a function that turns back is found as well */
	for (int64_t i = 0; i < n; i++)
		y[i] = sin(value[4][i] * 6);
	look(t, &d);
	OK(found[4].figure > 0.9999 && found[4].rank_correlation < 0.9, "a wave");
	for (int64_t i = 0; i < n; i++)
		y[i] = 5;
	look(t, &d);
	OK(isnan(found[0].figure) && isnan(found[0].rank_correlation), "a constant target");
}

/* ---- identifiers ---- */

static void
identifiers(TestHost *t)
{
	int64_t		n = 2000;
	MlDataset	d = rows(n, ML_BINARY, 2);

	for (int64_t i = 0; i < n; i++)
	{
		y[i] = (double) (i % 2);
		value[0][i] = (double) (n - i);	/* counts up as rows are read */
		value[1][i] = (double) (ml_mix64((uint64_t) i) % 1000000000);	/* drawn */
		value[2][i] = (double) (i / 2);
		value[3][i] = (double) i + 0.5;
		value[4][i] = (double) (i * i * 1000);
	}
	for (int c = 0; c < 5; c++)
		add_number(&d);
	look(t, &d);
	OK(found[0].distinct == 1 && found[0].density == 1 && found[0].read_order > 1 - 1e-12, "a number that counts");
	OK(found[1].distinct == 1 && found[1].density < 0.001 && found[1].read_order < 0.1, "a number that was drawn");
	OK(found[2].distinct == 0.5 && isnan(found[2].read_order), "a number that repeats");
	OK(isnan(found[3].density), "not whole");
	OK(found[4].density < 0.001 && found[4].read_order > 1 - 1e-12, "a number that grows");
}

/* A key's rows are asked about together: what only says which key it is says nothing. */
static void
keys(TestHost *t)
{
	int64_t		n = 3000;
	MlDataset	d = rows(n, ML_BINARY, 2);

	for (int64_t i = 0; i < n; i++)
	{
		int64_t		group = i / 10;

		key[n - 1 - i] = ml_mix64((uint64_t) group);
		y[i] = noise(group, 0) > 0;
		value[0][i] = noise(group, 1);
		code[1][i] = (int32_t) group;
	}
	add_number(&d);
	add_category(&d, (int32_t) (n / 10));
	look(t, &d);
	OK(found[0].figure < 0.6 && found[1].figure < 0.6, "rows of one key judge together");
}

/* ---- few rows, odd numbers ---- */

static void
few_rows(TestHost *t)
{
	for (int64_t n = 1; n <= 60; n += n < 45 ? 11 : 1)
		for (int task = ML_REGRESSION; task <= ML_MULTICLASS; task *= 2)
		{
			MlDataset	d = rows(n, (MlTaskKind) task, task == ML_REGRESSION ? 0 : task);
			bool		good = true;

			for (int64_t i = 0; i < n; i++)
			{
				y[i] = (double) (i % 2);
				value[0][i] = i % 2 == 0 ? -1.7e308 : 1.7e308;
				value[1][i] = i % 2 == 0 ? NAN : 1e-310 * (double) i;
				code[2][i] = -1;
			}
			add_number(&d);
			add_number(&d);
			add_category(&d, 0);
			look(t, &d);
			for (int c = 0; c < 3; c++)
				good = good && (n >= 50 && c < 2 ? found[c].figure > 0.99 : isnan(found[c].figure));
			OK(good, "figures from fifty rows on");
		}
	{
		MlDataset	d = rows(200, ML_BINARY, 2);

		for (int64_t i = 0; i < 200; i++)
		{
			y[i] = i < 4;
			value[0][i] = (double) (i < 4);
		}
		add_number(&d);
		look(t, &d);
		OK(isnan(found[0].figure), "four rows of a class are too few");
	}
}

/* ---- rows on both sides ---- */

static void
shared_rows(TestHost *t)
{
	int64_t		n = 1000;
	MlDataset	d = rows(n, ML_BINARY, 2);
	MlSharedRows shared;
	MlStatus	status;

	for (int64_t i = 0; i < n; i++)
	{
		value[0][i] = (double) i;
		code[1][i] = (int32_t) (i % 3);
		y[i] = (double) (i % 2);
	}
	add_number(&d);
	add_category(&d, 3);
	OK(ml_leakage_rows(&t->host, &d, &shared, &status) == ML_OK, "compared");
	OK(shared.test == 200 && shared.shared == 0 && shared.same_target == 0 && shared.different == n, "no row twice");
	for (int64_t i = 800; i < 850; i++)
	{
		value[0][i] = (double) (i - 800);
		code[1][i] = (int32_t) ((i - 800) % 3);
		y[i] = (double) (i < 830 ? i % 2 : 1 - i % 2);
	}
	/* the same number with another category is another row; -0 is 0 */
	value[0][800] = -0.0;
	code[1][849] = -1;
	/* a row twice among the test rows, and twice among those that learn, with both targets */
	value[0][998] = value[0][999] = -5;
	code[1][998] = code[1][999] = 0;
	value[0][100] = value[0][101] = 40;
	code[1][100] = code[1][101] = 40 % 3;
	OK(ml_leakage_rows(&t->host, &d, &shared, &status) == ML_OK, "compared");
	OK(shared.shared == 49 && shared.same_target == 31 && shared.different == n - 49 - 1 - 2, "rows of both sides");
	/* missing values are equal */
	for (int64_t i = 0; i < n; i++)
		value[0][i] = NAN;
	OK(ml_leakage_rows(&t->host, &d, &shared, &status) == ML_OK, "compared");
	OK(shared.different == 4 && shared.shared == 199, "missing ones are equal");
	OK(t->n_alive == 0, "nothing is kept");
	test_host_reset(t);
}

/* ---- threads, memory, cancel ---- */

static void
refusals(void)
{
	MlDataset	d = rows(500, ML_MULTICLASS, 3);
	MlColumnLeakage serial[4];
	MlSharedRows shared;
	MlStatus	status;
	TestHost	t;
	bool		good = true;
	MlCode		code_of = ML_NO_MEMORY;

	for (int64_t i = 0; i < 500; i++)
	{
		y[i] = (double) (i % 3);
		for (int c = 0; c < 3; c++)
			value[c][i] = noise(i, c) + y[i] * c;
		code[3][i] = (int32_t) (i % 7);
	}
	for (int c = 0; c < 3; c++)
		add_number(&d);
	add_category(&d, 7);
	test_host_init(&t, 1);
	look(&t, &d);
	memcpy(serial, found, sizeof(serial));
	test_host_init(&t, 3);
	look(&t, &d);
	OK(memcmp(serial, found, sizeof(serial)) == 0, "the same for any number of threads");
	for (long k = 1; k < 50 && code_of != ML_OK; k++)
	{
		t.fail_at = k;
		code_of = ml_leakage_columns(&t.host, &d, key, read_at, found, &status);
		if (code_of == ML_OK)
			code_of = ml_leakage_rows(&t.host, &d, &shared, &status);
		good = good && (code_of == ML_OK || code_of == ML_NO_MEMORY) && t.n_alive == 0;
		test_host_reset(&t);
	}
	OK(good && code_of == ML_OK, "no memory");
	t.fail_at = 0;
	t.stop_at = 1;
	OK(ml_leakage_columns(&t.host, &d, key, read_at, found, &status) == ML_CANCELLED, "cancelled");
	OK(ml_leakage_rows(&t.host, &d, &shared, &status) == ML_CANCELLED, "cancelled");
	test_host_reset(&t);
}

int
main(void)
{
	TestHost	t;

	for (int i = 0; i < MOST; i++)
		level[i] = "level";
	test_host_init(&t, 2);
	two_classes(&t);
	rare_class(&t);
	many_classes(&t);
	regression(&t);
	identifiers(&t);
	keys(&t);
	few_rows(&t);
	shared_rows(&t);
	refusals();
	return tap_done();
}
