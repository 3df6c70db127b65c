/*
 * test_linear.c: linear regression.
 *
 * Golden coefficients (make_golden_fits.py): 1e-9 absolute, they are of order
 * one and both sides work in double precision; lasso and elastic net 1e-8,
 * scikit-learn's own stopping rule.
 */
#include "fixture.h"
#include "tap.h"

#define COUNT(a) ((int) (sizeof(a) / sizeof((a)[0])))

static void
golden(TestHost *t)
{
	static const double *const ols[] = {golden_ols_plain, golden_ols_weighted};
	static const double *const raw[] = {golden_ols_raw_plain, golden_ols_raw_weighted};
	static const double *const error[] = {golden_ols_se_plain, golden_ols_se_weighted};
	static const double *const ridge[] = {golden_ridge_plain, golden_ridge_weighted};
	static const double *const lasso[] = {golden_lasso_plain, golden_lasso_weighted};
	static const double *const enet[] = {golden_enet_plain, golden_enet_weighted};
	Fixture		f;
	Fitted		r;
	MlParams	params;
	int			w;
	int			j;

	for (w = 0; w < 2; w++)
	{
		double		worst = 0.0;

		fixture_golden(&f, ML_REGRESSION, w == 1);
		fixture_params(&params, &ml_linear_regression, NULL);
		OK(fixture_fit(t, &f.data, &params, &r) == ML_OK, "least squares");
		OK(fixture_distance(&r.fit, ols[w], COUNT(golden_ols_plain)) < 1e-9, "coefficients");
		for (j = 0; j < r.fit.n_coefficients; j++)
			if (!r.fit.coefficient[j].aliased)
				worst = fmax(worst, fmax(fabs(r.fit.coefficient[j].coefficient_raw / raw[w][j] - 1.0),
										 fabs(r.fit.coefficient[j].std_error / error[w][j] - 1.0)));
		OK(worst < 1e-9, "raw coefficients and standard errors");
		OK(r.fit.coefficient[3].aliased && isnan(r.fit.coefficient[3].std_error), "the constant column is dropped");
		OK(r.fit.rank == 6 && t->n_warn == 1 && strstr(t->warning, "\"x2\"") != NULL,
		   "rank, and a warning that names it");
		test_host_reset(t);

		fixture_params(&params, &ml_linear_regression, "l2");
		fixture_set(&params, "alpha", 2.0);
		OK(fixture_fit(t, &f.data, &params, &r) == ML_OK && fixture_distance(&r.fit, ridge[w],
																			 COUNT(golden_ridge_plain)) < 1e-9,
																				"ridge");
		test_host_reset(t);
		fixture_params(&params, &ml_linear_regression, "l1");
		fixture_set(&params, "alpha", 0.2);
		OK(fixture_fit(t, &f.data, &params, &r) == ML_OK && fixture_distance(&r.fit, lasso[w],
																			 COUNT(golden_lasso_plain)) < 1e-8,
																				"lasso");
		test_host_reset(t);
		fixture_params(&params, &ml_linear_regression, "elasticnet");
		fixture_set(&params, "alpha", 0.3);
		fixture_set(&params, "l1_ratio", 0.6);
		OK(fixture_fit(t, &f.data, &params, &r) == ML_OK && fixture_distance(&r.fit, enet[w],
																			 COUNT(golden_enet_plain)) < 1e-8,
																				"elastic net");
		test_host_reset(t);
	}
}

static void
same_bytes(void)
{
	static const char *const penalty[] = {"none", "l2", "elasticnet"};
	static const int threads[] = {1, 2, 8};
	MlDataset  *d = fixture_random(30011, 6, 40, ML_REGRESSION);
	int			k;
	int			i;

	for (k = 0; k < 3; k++)
	{
		uint8_t    *first = NULL;
		size_t		size = 0;
		bool		same = true;

		for (i = 0; i < 3; i++)
		{
			TestHost	t;
			Fitted		r;
			MlParams	params;

			test_host_init(&t, threads[i]);
			fixture_params(&params, &ml_linear_regression, penalty[k]);
			same = fixture_fit(&t, d, &params, &r) == ML_OK && same;
			if (i == 0)
			{
				size = r.size;
				first = malloc(size);
				memcpy(first, r.bytes, size);
			}
			else
				same = same && r.size == size && memcmp(first, r.bytes, size) == 0;
			test_host_reset(&t);
		}
		OK(same, "1, 2 and 8 threads give the same bytes");
		free(first);
	}
	fixture_free(d);
}

/* Fits y on columns of one small dataset; the caller looks at r. */
static MlCode
fit_numbers(TestHost *t, int n, int p, double *const *x, double *y, const char *penalty, Fitted *r)
{
	MlColumn	column[8];
	MlDataset	d = {.n = n,.n_train = n,.p = p,.column = column,.task = ML_REGRESSION,.y = y};
	MlParams	params;
	int			c;

	for (c = 0; c < p; c++)
		column[c] = fixture_number("x", x[c]);
	fixture_params(&params, &ml_linear_regression, penalty);
	return fixture_fit(t, &d, &params, r);
}

static void
extremes(TestHost *t)
{
	double		a[5] = {1e300, 2e300, 3e300, 4e300, 5.5e300};
	double		b[5] = {0.1, 0.1, 0.1, 0.1, 0.1};
	double		c[5] = {1, 0, 1, 0, 0};
	double		y[5] = {1e300, 2e300, 3e300, 4e300, 5.5e300};
	double		margin;
	double	   *columns[] = {a, b, c};
	double	   *copies[] = {a, c, a, c, a, c, a, c};
	Fitted		r;

	OK(fit_numbers(t, 5, 3, columns, y, "none", &r) == ML_OK &&
	   fabs(r.fit.coefficient[1].coefficient_raw - 1.0) < 1e-12, "values of 1e300");
	OK(r.fit.coefficient[2].aliased, "a constant whose mean rounds is still constant");
	margin = r.fit.coefficient[0].coefficient;
	OK(isfinite(margin), "finite intercept");
	test_host_reset(t);
	OK(fit_numbers(t, 5, 8, copies, y, "none", &r) == ML_OK && r.fit.rank == 3, "more columns than rows");
	test_host_reset(t);
	OK(fit_numbers(t, 5, 8, copies, c, "l2", &r) == ML_OK &&
	   fabs(r.fit.coefficient[1].coefficient - r.fit.coefficient[3].coefficient) < 1e-12,
		"ridge shares among copies");
	test_host_reset(t);
	OK(fit_numbers(t, 1, 3, columns, c, "none", &r) == ML_OK && r.fit.rank == 1 &&
	   r.fit.coefficient[0].coefficient == 1.0, "one row");
	OK(isnan(r.fit.coefficient[0].std_error), "without degrees of freedom no error");
	test_host_reset(t);
	OK(fit_numbers(t, 5, 1, columns + 1, c, "l1", &r) == ML_OK &&
	   fabs(r.fit.coefficient[0].coefficient - 0.4) < 1e-15, "all columns constant");
	test_host_reset(t);
	OK(fit_numbers(t, 5, 0, columns, c, "none", &r) == ML_OK &&
	   fabs(r.fit.coefficient[0].coefficient - 0.4) < 1e-15, "no column at all");
	test_host_reset(t);
}

/* A column 1e-6 away from another is its own, one 1e-9 away is not: as R decides. */
static void
near_copies(TestHost *t)
{
	static const double distance[] = {1e-6, 1e-9};
	int			k;

	for (k = 0; k < 2; k++)
	{
		double		a[500];
		double		b[500];
		double		y[500];
		double	   *columns[] = {a, b};
		Fitted		r;
		int			i;

		for (i = 0; i < 500; i++)
		{
			a[i] = fixture_noise((uint64_t) i);
			b[i] = a[i] + distance[k] * fixture_noise((uint64_t) i + 1000);
			y[i] = 2.0 * a[i] + (a[i] - b[i]) / distance[k];
		}
		OK(fit_numbers(t, 500, 2, columns, y, "none", &r) == ML_OK && r.fit.rank == 3 - k, "rank of near copies");
		/* the answer is 1e6 away from the data: six digits are lost to their own rounding */
		if (k == 0)
			NEAR(r.fit.coefficient[2].coefficient_raw, -1e6, 1e-8, "and the coefficient of the nearer one");
		test_host_reset(t);
	}
}

/* Least squares is where the gradient vanishes: against finite differences of the objective. */
static void
optimality(TestHost *t)
{
	static const char *const penalty[] = {"none", "l2", "l1", "elasticnet"};
	MlDataset  *d = fixture_random(700, 5, 4, ML_REGRESSION);
	int			k;

	for (k = 0; k < 4; k++)
	{
		Fitted		r;
		MlParams	params;
		bool		minimum = true;
		int			j;
		int			side;

		fixture_params(&params, &ml_linear_regression, penalty[k]);
		OK(fixture_fit(t, d, &params, &r) == ML_OK && r.fit.converged, penalty[k]);
		for (j = 0; j < r.fit.n_coefficients; j++)
			for (side = -1; side <= 1; side += 2)
			{
				double		alpha = k == 0 ? 0.0 : k == 1 ? 1.0 : 0.1;
				double		ratio = k == 2 ? 1.0 : k == 3 ? 0.5 : 0.0;
				double		w[16];
				double		rss = 0.0;
				double		z[16];
				double		x[16];
				double		value;
				double		absolute = 0.0;
				double		square = 0.0;
				int64_t		i;
				int			m;

				for (m = 0; m < r.fit.n_coefficients; m++)
					w[m] = r.fit.coefficient[m].coefficient + (m == j ? side * 1e-4 : 0.0);
				for (m = 1; m < r.fit.n_coefficients; m++)
				{
					absolute += fabs(w[m]);
					square += w[m] * w[m];
				}
				for (i = 0; i < d->n; i++)
				{
					double		e = d->y[i] - w[0];

					ml_prep_rows(&r.prep, d, i, i + 1, x);
					ml_prep_apply(&r.prep, x, z);
					for (m = 1; m < r.fit.n_coefficients; m++)
						e -= w[m] * z[m - 1];
					rss += e * e;
				}
				value = k < 2 ? rss + alpha * square
					: rss / (2.0 * (double) d->n) + alpha * (ratio * absolute + 0.5 * (1.0 - ratio) * square);
				minimum = minimum && value >= r.fit.objective - 1e-12 * fabs(r.fit.objective);
			}
		OK(minimum, "no step aside lowers the objective");
		test_host_reset(t);
	}
	fixture_free(d);
}

static void
wide(TestHost *t)
{
	MlDataset  *d = fixture_random(40000, 2, 12000, ML_REGRESSION);
	Fitted		r;
	MlParams	params;

	fixture_params(&params, &ml_linear_regression, "none");
	OK(fixture_fit(t, d, &params, &r) == ML_TOO_LARGE && strlen(r.status.hint) > 0,
	   "a matrix too large is refused, with a hint");
	OK(t->peak < ((size_t) 100 << 20), "before it is built");
	test_host_reset(t);
	fixture_params(&params, &ml_linear_regression, "l2");
	OK(fixture_fit(t, d, &params, &r) == ML_OK && strcmp(r.fit.solver, "conjugate gradients") == 0,
	   "ridge takes conjugate gradients");
	OK(r.fit.converged, "and converges");
	test_host_reset(t);
	fixture_free(d);
}

static void
trouble(TestHost *t)
{
	static const char *const penalty[] = {"none", "l2", "l1"};
	Fixture		f;
	Fitted		r;
	MlParams	params;
	MlDataset  *d = fixture_random(200000, 4, 3, ML_REGRESSION);
	int			k;
	double		hole[4] = {1, NAN, 2, 3};
	double		y[4] = {1, 2, 3, 4};
	MlColumn	column = fixture_number("x", hole);
	MlDataset	small = {.n = 4,.n_train = 4,.p = 1,.column = &column,.task = ML_REGRESSION,.y = y};
	MlPrepSpec	spec;
	MlPrep		prep;
	MlStatus	status;
	void	   *section;
	size_t		size;
	MlFit		fit;

	for (k = 0; k < 3; k++)
	{
		long		fail;
		bool		clean = true;
		MlCode		code = ML_NO_MEMORY;

		fixture_golden(&f, ML_REGRESSION, true);
		fixture_params(&params, &ml_linear_regression, penalty[k]);
		for (fail = 1; code == ML_NO_MEMORY && fail < 1000; fail++)
		{
			t->fail_at = fail;
			code = fixture_fit(t, &f.data, &params, &r);
			clean = clean && (code == ML_OK || code == ML_NO_MEMORY);
			test_host_reset(t);
		}
		OK(clean && code == ML_OK && fail > 10, "every allocation may fail");
		t->fail_at = 0;
		t->stop_at = 3;
		OK(fixture_fit(t, d, &params, &r) == ML_CANCELLED, "cancelled");
		t->stop_at = 0;
		test_host_reset(t);
	}
	fixture_free(d);
	ml_prep_default(&spec, ML_NUMERIC, true);
	spec.impute = ML_IMPUTE_NONE;
	fixture_params(&params, &ml_linear_regression, NULL);
	OK(ml_prep_fit(&t->host, &small, &spec, true, true, &prep, &status) == ML_OK &&
	   ml_linear_regression.train(&t->host, &small, 4, &prep, &params, 1, &section, &size, &fit,
								  &status) == ML_BAD_DATA, "gaps are refused");
	IS_TEXT(status.message, "column \"x\" has missing values that nothing replaces", "by name");
	test_host_reset(t);
}

int
main(void)
{
	TestHost	t;

	test_host_init(&t, 2);
	golden(&t);
	same_bytes();
	extremes(&t);
	near_copies(&t);
	optimality(&t);
	wide(&t);
	trouble(&t);
	return tap_done();
}
