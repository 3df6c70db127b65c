/*
 * test_model.c: model bytes and what is asked of them.
 *
 * Not here: damaged bytes (test_fuzz.c).
 */
#include "fixture.h"
#include "tap.h"

/* Margins and explanations agree with coefficients times design columns. */
static void
meaning(TestHost *t)
{
	static const MlTaskKind task[] = {ML_REGRESSION, ML_BINARY, ML_MULTICLASS};
	int			k;

	for (k = 0; k < 3; k++)
	{
		Fixture		f;
		Fitted		r;
		MlParams	params;
		double		x[GOLDEN_N * 4];
		double		margin[GOLDEN_N * 3];
		double		worst = 0.0;
		double		worst_phi = 0.0;
		double		worst_p = 0.0;
		bool		classes = true;
		double		mean[3] = {0, 0, 0};
		double		total = 0.0;
		int			outputs;
		int			i;
		int			o;
		int			j;

		fixture_golden(&f, task[k], false);
		fixture_params(&params, k == 0 ? &ml_linear_regression : &ml_logistic_regression, "l2");
		OK(fixture_fit(t, &f.data, &params, &r) == ML_OK, "model");
		outputs = r.model.n_outputs;
		ml_prep_rows(&r.model.prep, &f.data, 0, GOLDEN_N, x);
		ml_model_margin(&r.model, x, GOLDEN_N, margin, NULL);
		for (i = 0; i < GOLDEN_N; i++)
		{
			double		z[16];
			double		phi[5];
			double		proba[3];
			double		sum = 0.0;
			int			best = 0;
			MlStatus	status;

			ml_prep_apply(&r.model.prep, x + 4 * i, z);
			for (o = 0; o < outputs; o++)
			{
				const MlCoefficient *w = r.fit.coefficient + o * (r.prep.width + 1);
				double		want = w[0].coefficient;

				for (j = 0; j < r.prep.width; j++)
					want += w[j + 1].coefficient * z[j];
				worst = fmax(worst, fabs(want - margin[i * outputs + o]));
				ml_model_explain(&t->host, &r.model, x + 4 * i, o, NULL, phi, &status);
				for (j = 0, want = 0.0; j < 5; j++)
					want += phi[j];
				worst_phi = fmax(worst_phi, fabs(want - margin[i * outputs + o]));
				if (i < GOLDEN_TRAIN)
					mean[o] += (want - phi[4]) / GOLDEN_TRAIN;
				if (margin[i * outputs + o] > margin[i * outputs + best])
					best = o;
			}
			ml_model_proba(&r.model, margin + i * outputs, proba);
			for (j = 0; j < r.model.n_classes; j++)
				sum += proba[j];
			if (k > 0)
				worst_p = fmax(worst_p, fabs(sum - 1.0));
			else
				worst_p = fmax(worst_p, fabs(proba[0] - margin[i]));
			if (k == 1)
				classes = classes && ml_model_class(&r.model, margin + i, proba, 0.5) == (proba[1] >= 0.5);
			if (k == 2)
				classes = classes && ml_model_class(&r.model, margin + i * 3, proba, 0.5) == best;
		}
		OK(worst < 1e-12, "margins");
		OK(worst_phi < 1e-12, "explanations add up");
		OK(fabs(mean[0]) + fabs(mean[1]) + fabs(mean[2]) < 1e-12, "and are zero on average");
		OK(worst_p < 1e-15, "probabilities");
		OK(classes, "classes");
		for (j = 0; j < r.fit.n_importance; j++)
			total += r.fit.importance[j];
		OK(r.fit.n_importance == 4 && fabs(total - 1.0) < 1e-12 && r.fit.importance[2] == 0.0, "importance");
		test_host_reset(t);
	}
}

static void
prior(TestHost *t)
{
	Fixture		f;
	Fitted		plain;
	Fitted		weighted;
	MlParams	params;
	double		margin = 0.3;
	double		p[2];

	fixture_golden(&f, ML_BINARY, false);
	fixture_params(&params, &ml_logistic_regression, NULL);
	OK(fixture_fit(t, &f.data, &params, &plain) == ML_OK && plain.model.log_prior == NULL, "no weights, no prior");
	params.balanced = true;
	OK(fixture_fit(t, &f.data, &params, &weighted) == ML_OK && weighted.model.log_prior != NULL, "prior");
	ml_model_proba(&weighted.model, &margin, p);
	NEAR(p[1] / p[0], exp(0.3) * exp(weighted.fit.log_prior[0] - weighted.fit.log_prior[1]), 1e-14,
		 "is taken out of the odds");
	test_host_reset(t);
}

static void
writer(TestHost *t)
{
	Fixture		f;
	Fitted		r;
	MlParams	params;
	uint8_t    *again;
	size_t		size;
	MlStatus	status;

	fixture_golden(&f, ML_BINARY, false);
	fixture_params(&params, &ml_logistic_regression, NULL);
	OK(fixture_fit(t, &f.data, &params, &r) == ML_OK, "model");
	OK(ml_model_write(&t->host, params.learner, &f.data, &r.model.prep, NULL, r.model.section,
					  r.model.section_size, &again, &size, &status) == ML_OK &&
	   size == r.size && memcmp(again, r.bytes, size) == 0, "writing what was read gives the same bytes");
	OK(r.size % 8 == 0 && strcmp(r.model.class_name[1], "yes") == 0 &&
	   strcmp(r.model.prep.column[3].level[2], "c") == 0 &&
	   strcmp(r.model.prep.column[3].name, "g") == 0, "texts");
	test_host_reset(t);
}

int
main(void)
{
	TestHost	t;

	test_host_init(&t, 1);
	meaning(&t);
	prior(&t);
	writer(&t);
	return tap_done();
}
