/*
 * test_tree_bytes.c: damaged bytes of trees: refused, or let in and harmless.
 */
#include "fixture_tree.h"
#include "tap.h"

static void
seal(uint8_t *bytes, size_t size)
{
	uint64_t	sum = ml_hash_bytes(bytes + 32, size - 32, ml_hash_bytes(bytes, 24, 1));

	memcpy(bytes + 24, &sum, sizeof(sum));
}

/* Opens; what opens is walked and explained.  Was it let in? */
static bool
survives(TestHost *t, const uint8_t *bytes, size_t size)
{
	/* exactly as long as said, so that nothing may be read behind it */
	uint8_t    *copy = malloc(size);
	MlModel		model;
	MlStatus	status;
	MlCode		code;

	memcpy(copy, bytes, size);
	code = ml_model_open(&t->host, copy, size, &model, &status);
	if (code == ML_OK && model.prep.p <= 4096 && model.learner == &ml_gradient_boosting)
	{
		int			p = model.prep.p;
		double	   *x = malloc(((size_t) p + 1) * 4 * sizeof(double));
		double	   *margin = malloc((size_t) model.n_outputs * 4 * sizeof(double));
		double	   *proba = malloc(((size_t) model.n_classes + 1) * sizeof(double));
		double	   *phi = malloc(((size_t) p + 1) * sizeof(double));
		double	   *room = malloc(ml_model_explain_room(&model) * sizeof(double));
		double	   *margin_room = malloc((ml_model_margin_room(&model) + 1) * sizeof(double));
		int			i;
		int			r;

		for (r = 0; r < 4; r++)
			for (i = 0; i < p; i++)
			{
				const MlPrepColumn *column = model.prep.column + i;
				double		top = column->kind == ML_CATEGORY ? column->n_levels - 1 : 1e300;

				x[r * p + i] = r == 0 ? NAN : r == 1 && top >= 0 ? 0 : r == 2 ? top : -1;
			}
		ml_model_margin(&model, x, 4, margin, margin_room);
		for (i = 0; i < model.n_outputs && i < 3; i++)
			ml_model_explain(&t->host, &model, x + p, i, room, phi, &status);
		ml_model_proba(&model, margin, proba);
		free(x);
		free(margin);
		free(proba);
		free(phi);
		free(room);
		free(margin_room);
	}
	else if (code != ML_OK && code != ML_BAD_BYTES && code != ML_NOT_SUPPORTED && code != ML_NO_MEMORY)
		tap_ok(false, __FILE__, __LINE__, "a code of its own");
	test_host_reset(t);
	free(copy);
	return code == ML_OK;
}

static void
damage(TestHost *t, uint32_t flags, int outputs, int mutations)
{
	Forest	   *f = make_forest(t, 8, P, 3, 8, flags, outputs);
	size_t		size = f->size;
	uint8_t    *bytes = malloc(size);
	uint8_t    *copy = malloc(size);
	static const uint8_t change[] = {0x01, 0x02, 0x10, 0x40, 0x80, 0xff};
	static const uint64_t word[] = {0, 1, UINT64_MAX, UINT64_C(1) << 63, UINT64_C(0x7ff0000000000000),
									UINT64_C(0x7ff8000000000000), UINT64_C(0x7fefffffffffffff), 0x80000000,
									0xffffffff, UINT64_C(0xffffffff00000000), UINT64_C(0x100000001), 64, 65};
	TestHost	other;
	bool		truncated = false;
	long		opened = 0;
	size_t		at;
	size_t		v;
	int			m;

	memcpy(bytes, f->bytes, size);
	test_host_init(&other, 1);
	OK(survives(&other, bytes, size), "whole");
	for (at = 0; at < size; at++)
		for (v = 0; v < sizeof(change); v++)
		{
			memcpy(copy, bytes, size);
			copy[at] ^= change[v];
			if (at < 24 || at >= 32)
				seal(copy, size);
			opened += survives(&other, copy, size);
		}
	OK(opened > 0, "every byte changed, with a checksum that fits: no harm");
	for (at = 0; at < size; at++)
	{
		memcpy(copy, bytes, size);
		truncated = survives(&other, copy, at) || truncated;
		/* and one that tells its new length and fits */
		if (at >= 144)
		{
			uint64_t	length = at;

			memcpy(copy + 16, &length, sizeof(length));
			seal(copy, at);
			truncated = survives(&other, copy, at) || truncated;
		}
	}
	OK(!truncated, "every truncation is noticed");
	opened = 0;
	for (at = 32; at + 8 <= size; at += 4)
		for (v = 0; v < sizeof(word) / sizeof(word[0]); v++)
		{
			memcpy(copy, bytes, size);
			memcpy(copy + at, word + v, at % 8 ? 4 : 8);
			seal(copy, size);
			opened += survives(&other, copy, size);
		}
	OK(opened > 0, "every number replaced by odd ones: no harm");
	opened = 0;
	for (m = 0; m < mutations; m++)
	{
		int			n = 1 + below(f, 8);

		memcpy(copy, bytes, size);
		while (n-- > 0)
		{
			at = 32 + (size_t) below(f, (int) size - 32);
			if (unit(f) < 0.5)
				copy[at] = (uint8_t) below(f, 256);
			else
				memcpy(copy + at / 8 * 8, bytes + (size_t) below(f, (int) size / 8) * 8, 8);
		}
		seal(copy, size);
		opened += survives(&other, copy, size);
	}
	OK(opened > 0, "many mutations at once: no harm");
	for (at = 1;; at++)
	{
		MlCode		code;

		other.fail_at = (long) at;
		code = ml_model_open(&other.host, bytes, size, &f->model, &f->status);
		test_host_reset(&other);
		if (code != ML_NO_MEMORY)
		{
			OK(code == ML_OK && at > 4, "every allocation may fail");
			break;
		}
	}
	free(bytes);
	free(copy);
	free(f);
	test_host_reset(t);
}

/* Shapes that no grower makes. */
static void
shapes(TestHost *t)
{
	Forest	   *f = make_forest(t, 9, P, 6, 12, 0, 1);
	MlTreeNode *node = f->maker.node;
	MlTreeNode	kept;
	uint32_t	inner[2];
	int			n = 0;
	int			i;

	for (i = 0; n < 2; i++)
		if (node[i].left != (uint32_t) i)
			inner[n++] = (uint32_t) i;
	kept = node[inner[1]];
	node[inner[1]].left = node[inner[0]].left;
	ml_trees_write(&f->maker, &f->section, &f->section_size, &f->status);
	ml_model_write(&t->host, &ml_gradient_boosting, &f->data, &f->prep, NULL, f->section, f->section_size,
				   &f->bytes, &f->size, &f->status);
	OK(ml_model_open(&t->host, f->bytes, f->size, &f->model, &f->status) == ML_BAD_BYTES, "two parents of a child");
	node[inner[1]] = kept;

	f->column[1].has_impute = true;
	ml_model_write(&t->host, &ml_gradient_boosting, &f->data, &f->prep, NULL, f->section, f->section_size,
				   &f->bytes, &f->size, &f->status);
	OK(ml_model_open(&t->host, f->bytes, f->size, &f->model, &f->status) == ML_BAD_BYTES, "trees behind imputing");
	f->column[1].has_impute = false;

	f->data.task = ML_MULTICLASS;
	f->data.n_classes = 3;
	f->n_trees = 4;
	OK(write_and_open(t, f, 0, 3) == ML_BAD_BYTES, "four trees for three classes");
	f->n_trees = 3;
	OK(write_and_open(t, f, 0, 3) == ML_OK, "three trees for three classes");
	OK(write_and_open(t, f, ML_TREES_LOG_LINK, 3) == ML_BAD_BYTES, "a link that classes do not have");
	free(f);
	test_host_reset(t);
}

int
main(void)
{
	TestHost	t;

	test_host_init(&t, 1);
	shapes(&t);
	damage(&t, 0, 3, 3000);
	damage(&t, ML_TREES_VECTOR | ML_TREES_AVERAGE, 3, 3000);
	return tap_done();
}
