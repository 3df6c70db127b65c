/*
 * test_dist.c: distribution functions against golden figures.
 *
 * Tolerance 1e-12 relative, tails included: what is promised and what the
 * golden figures are good for (scipy's, or those with 160 digits where scipy
 * is worse: the script says where).
 */
#include "golden_dist.h"
#include "kernel/dist.h"
#include "tap.h"

#define ROWS(t) ((int) (sizeof(t) / sizeof(t[0])))

static double worst;

static bool
agrees(double got, double want, double tolerance, const char *what, const double *row, int n)
{
	int			i;

	if (want != 0 && fabs(got / want - 1) > worst)
		worst = fabs(got / want - 1);
	if (tap_close(got, want, tolerance, 1e-307))
		return true;
	printf("# %s(", what);
	for (i = 0; i < n; i++)
		printf("%s%.17g", i ? ", " : "", row[i]);
	printf(") = %.17g, want %.17g, off by %.2g\n", got, want, fabs(got / want - 1));
	return false;
}

static void
finish(bool good, const char *name)
{
	OK(good, name);
	printf("# worst relative difference %.2g\n", worst);
	worst = 0;
}

int
main(void)
{
	bool		good;
	int			i;
	double		p;
	double		q;

	for (good = true, i = 0; i < ROWS(golden_norm_sf); i++)
	{
		const double *g = golden_norm_sf[i];

		good &= agrees(ml_norm_sf(g[0]), g[1], 1e-12, "norm_sf", g, 1);
		good &= agrees(ml_norm_cdf(-g[0]), g[1], 1e-12, "norm_cdf", g, 1);
	}
	finish(good, "normal tail");
	for (good = true, i = 0; i < ROWS(golden_norm_cdf); i++)
		good &= agrees(ml_norm_cdf(golden_norm_cdf[i][0]), golden_norm_cdf[i][1], 1e-12, "norm_cdf",
				golden_norm_cdf[i], 1);
	finish(good, "normal cdf");
	for (good = true, i = 0; i < ROWS(golden_norm_ppf); i++)
		good &= agrees(ml_norm_ppf(golden_norm_ppf[i][0]), golden_norm_ppf[i][1], 1e-12, "norm_ppf",
				golden_norm_ppf[i], 1);
	finish(good, "normal quantile");
	OK(isinf(ml_norm_ppf(0)) && ml_norm_ppf(0) < 0 && isinf(ml_norm_ppf(1)) && ml_norm_ppf(1) > 0,
			"normal quantile of 0 and 1");
	for (good = true, i = -370; i <= 80; i++)
	{
		double		x = i / 10.0;

		/* a relative step e of p moves x by e / |x| in the tail; near 1, p itself has lost digits */
		if (x < 5)
			good &= fabs(ml_norm_ppf(ml_norm_cdf(x)) - x) < 1e-12 + (x > 0 ? 2e-16 / (0.39 * exp(-x * x / 2)) : 0);
	}
	finish(good, "normal quantile undoes the cdf");

	for (good = true, i = 0; i < ROWS(golden_chi2_sf); i++)
		good &= agrees(ml_chi2_sf(golden_chi2_sf[i][0], golden_chi2_sf[i][1]), golden_chi2_sf[i][2], 1e-12,
				"chi2_sf", golden_chi2_sf[i], 2);
	finish(good, "chi-square tail");
	for (good = true, i = 0; i < ROWS(golden_gamma); i++)
	{
		const double *g = golden_gamma[i];

		ml_gamma_inc(g[0], g[1], &p, &q);
		good &= agrees(p, g[2], 1e-12, "gamma_p", g, 2);
		good &= agrees(q, g[3], 1e-12, "gamma_q", g, 2);
	}
	finish(good, "incomplete gamma");
	for (good = true, i = 0; i < ROWS(golden_t_sf2); i++)
	{
		good &= agrees(ml_t_sf2(golden_t_sf2[i][0], golden_t_sf2[i][1]), golden_t_sf2[i][2], 1e-12, "t_sf2",
				golden_t_sf2[i], 2);
		good &= ml_t_sf2(-golden_t_sf2[i][0], golden_t_sf2[i][1]) == ml_t_sf2(golden_t_sf2[i][0], golden_t_sf2[i][1]);
	}
	finish(good, "Student's t, both tails");
	NEAR(ml_t_sf2(2.5, INFINITY), 2 * ml_norm_sf(2.5), 1e-15, "t with infinite degrees of freedom is the normal");
	for (good = true, i = 0; i < ROWS(golden_f_sf); i++)
		good &= agrees(ml_f_sf(golden_f_sf[i][0], golden_f_sf[i][1], golden_f_sf[i][2]), golden_f_sf[i][3], 1e-12,
				"f_sf", golden_f_sf[i], 3);
	finish(good, "F tail");
	for (good = true, i = 0; i < ROWS(golden_beta); i++)
	{
		const double *g = golden_beta[i];

		ml_beta_inc(g[0], g[1], g[2], 1 - g[2], &p, &q);
		good &= agrees(p, g[3], 1e-12, "beta", g, 3);
		good &= agrees(q, g[4], 1e-12, "beta q", g, 3);
	}
	finish(good, "incomplete beta");

	OK(ml_chi2_sf(0, 3) == 1 && ml_chi2_sf(-1, 3) == 1 && ml_chi2_sf(INFINITY, 3) == 0, "chi-square at the ends");
	OK(ml_f_sf(0, 3, 4) == 1 && ml_f_sf(INFINITY, 3, 4) == 0, "F at the ends");
	OK(ml_t_sf2(0, 3) == 1 && ml_t_sf2(INFINITY, 3) == 0, "t at the ends");
	OK(isnan(ml_t_sf2(NAN, 3)) && isnan(ml_f_sf(NAN, 1, 1)) && isnan(ml_chi2_sf(NAN, 1)), "NaN stays");
	return tap_done();
}
