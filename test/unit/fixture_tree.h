/*
 * fixture_tree.h: trees made by chance, as they would have been grown.
 */
#ifndef FIXTURE_TREE_H
#define FIXTURE_TREE_H

#include <stdlib.h>

#include "fixture.h"
#include "kernel/hash.h"
#include "learn/tree.h"

#define P 5						/* three numbers, categories of 70 and of 3 levels */
#define CUTS 6
#define MAX_NODES 800
#define MAX_TREES 40
#define MAX_OUTPUTS 3

typedef struct Forest
{
	uint64_t	seed;
	double		cut[3][CUTS];
	uint8_t		bin_of_level[70];
	MlBinColumn info[P];
	MlBinned	binned;
	MlPrepColumn column[P];
	MlPrep		prep;
	MlDataset	data;
	char		text[70][16];
	const char *level[70];
	int			n_trees;
	int			n_nodes[MAX_TREES];
	MlGrowNode	node[MAX_TREES][MAX_NODES];
	double		value[MAX_TREES][MAX_NODES * MAX_OUTPUTS];
	MlTreeMaker maker;
	void	   *section;
	size_t		section_size;
	uint8_t    *bytes;
	size_t		size;
	MlModel		model;
	MlStatus	status;
} Forest;

static __attribute__((unused)) double
unit(Forest *f)
{
	f->seed = ml_mix64(f->seed + 1);
	return (double) (f->seed >> 11) * 0x1p-53;
}

static __attribute__((unused)) int
below(Forest *f, int n)
{
	return (int) (unit(f) * n);
}

static __attribute__((unused)) void
make_columns(Forest *f, int p, MlTaskKind task)
{
	int			c;
	int			l;

	for (l = 0; l < 70; l++)
	{
		snprintf(f->text[l], sizeof(f->text[l]), "L%02d", l);
		f->level[l] = f->text[l];
		f->bin_of_level[l] = (uint8_t) (l % 20);
	}
	for (c = 0; c < p; c++)
	{
		bool		category = c >= 3;
		MlPrepColumn plain = {.name = "column",.kind = category ? ML_CATEGORY : ML_NUMERIC,.feature = c,
							  .scale = 1.0,.first = c,.width = 1,.level = f->level,
							  .n_levels = c == 3 ? 70 : c == 4 ? 3 : 0,.n_texts = c == 3 ? 70 : c == 4 ? 3 : 0,
							  .impute = NAN,.low = -INFINITY,.high = INFINITY};

		f->column[c] = plain;
		f->info[c] = (MlBinColumn) {.at = c,.category = category,.n_bins = c == 3 ? 20 : c == 4 ? 3 : CUTS + 1,
									.cut = category ? NULL : f->cut[c],.n_levels = plain.n_levels,
									.bin_of_level = f->bin_of_level};
		for (l = 0; l < CUTS && !category; l++)
			f->cut[c][l] = l + 0.25 * unit(f);
	}
	f->prep = (MlPrep) {.p = p,.width = p,.column = f->column};
	f->binned = (MlBinned) {.p = p,.info = f->info};
	f->data = (MlDataset) {.p = p,.task = task,.class_name = fixture_class,
						   .n_classes = task == ML_REGRESSION ? 0 : task == ML_BINARY ? 2 : 3};
}

static __attribute__((unused)) void
make_split(Forest *f, MlSplit *split)
{
	int			bins;
	int			b;

	memset(split, 0, sizeof(*split));
	split->gain = 1.0 + unit(f);
	split->column = below(f, f->prep.p);
	bins = f->info[split->column].n_bins;
	split->category = f->info[split->column].category;
	split->missing = unit(f) < 0.5;
	split->missing_left = unit(f) < 0.5;
	/* all bins: a threshold of +infinity */
	split->bin = below(f, bins);
	for (b = 0; b < bins; b++)
		if (split->category ? unit(f) < 0.5 : b <= split->bin)
			split->left[b >> 6] |= UINT64_C(1) << (b & 63);
}

/* One tree by chance: leaves are split until there are enough; more than 200 make a chain. */
static __attribute__((unused)) void
make_tree(Forest *f, int leaves, int outputs, bool empty_children)
{
	int			tree = f->n_trees++;
	MlGrowNode *node = f->node[tree];
	int			n = 1;
	int			i;

	memset(node, 0, sizeof(f->node[tree]));
	while ((n + 1) / 2 < leaves)
	{
		int			at = leaves > 200 ? n - 1 : below(f, n);

		if (node[at].left != 0)
			continue;
		make_split(f, &node[at].split);
		node[at].left = n;
		n += 2;
	}
	f->n_nodes[tree] = n;
	for (i = n - 1; i >= 0; i--)
		node[i].total.h = node[i].left ? node[node[i].left].total.h + node[node[i].left + 1].total.h
			: empty_children && unit(f) < 0.2 ? 0 : 1 + below(f, 1000);
	for (i = 0; i < n * outputs; i++)
		f->value[tree][i] = 4.0 * unit(f) - 2.0;
}

static __attribute__((unused)) MlCode
write_and_open(TestHost *t, Forest *f, uint32_t flags, int outputs)
{
	MlCode		code = ml_trees_begin(&t->host, outputs, flags, &f->maker, &f->status);
	int			i;

	for (i = 0; code == ML_OK && i < outputs; i++)
		f->maker.base[i] = 0.5 + i;
	for (i = 0; code == ML_OK && i < f->n_trees; i++)
		code = ml_trees_add(&f->maker, &f->binned, f->node[i], f->n_nodes[i], f->value[i], 0.25, &f->status);
	if (code == ML_OK)
		code = ml_trees_write(&f->maker, &f->section, &f->section_size, &f->status);
	if (code == ML_OK)
		code = ml_model_write(&t->host, &ml_gradient_boosting, &f->data, &f->prep, NULL, f->section,
							  f->section_size, &f->bytes, &f->size, &f->status);
	if (code == ML_OK)
		code = ml_model_open(&t->host, f->bytes, f->size, &f->model, &f->status);
	return code;
}

static __attribute__((unused)) Forest *
make_forest(TestHost *t, uint64_t seed, int p, int trees, int leaves, uint32_t flags, int outputs)
{
	Forest	   *f = calloc(1, sizeof(Forest));
	int			i;

	f->seed = seed;
	make_columns(f, p, outputs == 1 ? ML_REGRESSION : ML_MULTICLASS);
	for (i = 0; i < trees; i++)
		make_tree(f, leaves, flags & ML_TREES_VECTOR ? outputs : 1, seed % 2 == 0);
	if (write_and_open(t, f, flags, outputs) != ML_OK)
		printf("# %s\n", f->status.message);
	return f;
}

static __attribute__((unused)) void
make_row(Forest *f, double *x)
{
	int			c;

	for (c = 0; c < f->prep.p; c++)
	{
		double		u = unit(f);

		if (u < 0.2)
			x[c] = NAN;
		else if (f->info[c].category)
			x[c] = u < 0.3 ? ML_UNSEEN : below(f, f->info[c].n_levels);
		else
			x[c] = u < 0.5 ? f->cut[c][below(f, CUTS)] : u < 0.55 ? 1e300 : u < 0.6 ? -1e300 : 8.0 * unit(f) - 1.0;
	}
}

#endif
