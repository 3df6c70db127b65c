/*
 * tree_write.c: from grown trees to stored ones.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "learn/bytes.h"
#include "learn/tree_bytes.h"

#define FIRST_ROOM 1024

/* Room for `wanted` records; the array moves. */
static MlCode
make_room(MlHost *host, void **array, size_t *room, size_t used, size_t wanted, size_t size, MlStatus *status)
{
	size_t		more = *room ? *room : FIRST_ROOM;
	void	   *bigger;

	if (wanted <= *room)
		return ML_OK;
	while (more < wanted)
		more *= 2;
	bigger = ml_alloc_array(host, more, size);
	if (bigger == NULL)
		return ml_no_memory(status, more * size, "trees");
	if (*array)
	{
		memcpy(bigger, *array, used * size);
		host->release(host, *array);
	}
	*array = bigger;
	*room = more;
	return ML_OK;
}

MlCode
ml_trees_begin(MlHost *host, int n_outputs, uint32_t flags, MlTreeMaker *maker, MlStatus *status)
{
	memset(maker, 0, sizeof(*maker));
	maker->host = host;
	maker->trees.flags = flags;
	maker->trees.n_outputs = n_outputs;
	maker->base = ml_alloc_zero(host, (size_t) n_outputs, sizeof(double));
	maker->trees.base = maker->base;
	return maker->base ? ML_OK : ml_no_memory(status, (size_t) n_outputs * sizeof(double), "trees");
}

static MlCode
reserve(MlTreeMaker *m, uint64_t nodes, uint64_t words, uint64_t vectors, MlStatus *status)
{
	MlTrees    *t = &m->trees;
	size_t		room = m->node_room;
	MlCode		code;

	if (t->n_nodes + nodes > UINT32_MAX / 2)
		return ml_status_set(status, ML_TOO_LARGE, "trees of more than %u nodes are not supported", UINT32_MAX / 2);
	code = make_room(m->host, (void **) &m->root, &m->root_room, t->n_trees, t->n_trees + 1, sizeof(uint32_t), status);
	if (code == ML_OK)
		code = make_room(m->host, (void **) &m->node, &room, t->n_nodes, t->n_nodes + nodes,
						 sizeof(MlTreeNode), status);
	room = m->node_room;
	if (code == ML_OK)
		code = make_room(m->host, (void **) &m->cover, &room, t->n_nodes, t->n_nodes + nodes, sizeof(double), status);
	if (code == ML_OK)
		code = make_room(m->host, (void **) &m->says, &m->node_room, t->n_nodes, t->n_nodes + nodes,
						 sizeof(double), status);
	if (code == ML_OK)
		code = make_room(m->host, (void **) &m->word, &m->word_room, t->n_words, t->n_words + words,
						 sizeof(uint64_t), status);
	if (code == ML_OK)
		code = make_room(m->host, (void **) &m->vector, &m->vector_room, t->n_vectors, t->n_vectors + vectors,
						 sizeof(double), status);
	t->root = m->root;
	t->node = m->node;
	t->cover = m->cover;
	t->says = m->says;
	t->word = m->word;
	t->vector = m->vector;
	return code;
}

static size_t
words_of(const MlBinColumn *info)
{
	return ((size_t) info->n_levels + 63) / 64;
}

/* The threshold of a number as it came; what is filled in may lie beyond the bounds, where no number is. */
static double
threshold_of(const MlBinColumn *info, int bin)
{
	double		cut = bin < info->n_bins - 1 ? info->cut[bin] : INFINITY;

	if (info->prep == NULL)
		return cut;
	return cut < info->prep->low ? -INFINITY : cut >= info->prep->high ? INFINITY : cut;
}

/* Where missing ones go that something else takes the place of: with that. */
static bool
filled_goes_left(const MlBinColumn *info, const MlSplit *split)
{
	double		fill = info->prep->impute;

	if (split->category)
		return ml_split_left(split, info->bin_of_level[(int32_t) fill]);
	return split->bin == info->n_bins - 1 || fill <= info->cut[split->bin];
}

/* One inner node: bins become a threshold, or a bit a level. */
static void
store_split(MlTreeMaker *m, const MlBinColumn *info, const MlGrowNode *all, const MlGrowNode *from, MlTreeNode *to)
{
	const MlSplit *split = &from->split;
	bool		missing_left = split->missing_left;
	int32_t		l;

	/* nobody was missing here: with the larger part */
	if (!split->missing)
		missing_left = all[from->left].total.h >= all[from->left + 1].total.h;
	if (info->prep != NULL && info->prep->has_impute)
		missing_left = filled_goes_left(info, split);
	to->column = (uint32_t) info->at | (missing_left ? ML_NODE_MISSING_LEFT : 0);
	if (!split->category)
	{
		to->u.threshold = threshold_of(info, split->bin);
		return;
	}
	to->column |= ML_NODE_CATEGORY;
	to->u.set = m->trees.n_words;
	memset(m->word + m->trees.n_words, 0, words_of(info) * sizeof(uint64_t));
	for (l = 0; l < info->n_levels; l++)
		if (ml_split_left(split, info->bin_of_level[l]))
			m->word[m->trees.n_words + (size_t) (l >> 6)] |= UINT64_C(1) << (l & 63);
	m->trees.n_words += words_of(info);
}

MlCode
ml_trees_add(MlTreeMaker *m, const MlBinned *binned, const MlGrowNode *node, int n_nodes,
			 const double *value, double cover_unit, MlStatus *status)
{
	MlTrees    *t = &m->trees;
	size_t		k = (size_t) t->n_outputs;
	uint64_t	words = 0;
	uint64_t	leaves = 0;
	MlCode		code;
	int			i;

	for (i = 0; i < n_nodes; i++)
		if (node[i].left == 0)
			leaves++;
		else if (node[i].split.category)
			words += words_of(binned->info + node[i].split.column);
	code = reserve(m, (uint64_t) n_nodes, words, t->flags & ML_TREES_VECTOR ? leaves * k : 0, status);
	if (code != ML_OK)
		return code;
	m->root[t->n_trees++] = t->n_nodes;
	for (i = 0; i < n_nodes; i++)
	{
		MlTreeNode *to = m->node + t->n_nodes + i;

		double	   *says = m->says + t->n_nodes + i;

		to->left = t->n_nodes + (uint32_t) (node[i].left != 0 ? node[i].left : i);
		m->cover[t->n_nodes + (uint32_t) i] = (double) node[i].total.h * cover_unit;
		if (node[i].left != 0)
		{
			*says = node[i].split.gain;
			store_split(m, binned->info + node[i].split.column, node, node + i, to);
			continue;
		}
		to->u.threshold = INFINITY;
		to->column = ML_NODE_MISSING_LEFT;
		*says = t->flags & ML_TREES_VECTOR ? (double) t->n_vectors : value[i];
		if (t->flags & ML_TREES_VECTOR)
		{
			memcpy(m->vector + t->n_vectors, value + (size_t) i * k, k * sizeof(double));
			t->n_vectors += k;
		}
	}
	t->n_nodes += (uint32_t) n_nodes;
	return ML_OK;
}

void
ml_trees_cut(MlTreeMaker *m, uint32_t n)
{
	MlTrees    *t = &m->trees;
	uint32_t	i;

	if (n >= t->n_trees)
		return;
	/* words and values of the trees that go lie behind those that stay */
	for (i = t->root[n]; i < t->n_nodes; i++)
	{
		if ((t->node[i].column & ML_NODE_CATEGORY) && t->node[i].u.set < t->n_words)
			t->n_words = t->node[i].u.set;
		if (ml_tree_is_leaf(t, i) && (t->flags & ML_TREES_VECTOR) && t->says[i] < (double) t->n_vectors)
			t->n_vectors = (uint64_t) t->says[i];
	}
	t->n_nodes = t->root[n];
	t->n_trees = n;
}

static void
write_all(MlWriter *writer, const MlTrees *t)
{
	MlTreeHead	head = {
		.flags = t->flags,.n_outputs = (uint32_t) t->n_outputs,.n_trees = t->n_trees,.n_nodes = t->n_nodes,
		.n_words = t->n_words,.n_vectors = t->n_vectors
	};

	ml_write_bytes(writer, &head, sizeof(head));
	ml_write_bytes(writer, t->base, (size_t) t->n_outputs * sizeof(double));
	ml_write_bytes(writer, t->root, (size_t) t->n_trees * sizeof(uint32_t));
	ml_write_align(writer);
	ml_write_bytes(writer, t->node, (size_t) t->n_nodes * sizeof(MlTreeNode));
	ml_write_bytes(writer, t->cover, (size_t) t->n_nodes * sizeof(double));
	ml_write_bytes(writer, t->says, (size_t) t->n_nodes * sizeof(double));
	ml_write_bytes(writer, t->word, (size_t) t->n_words * sizeof(uint64_t));
	ml_write_bytes(writer, t->vector, (size_t) t->n_vectors * sizeof(double));
}

size_t
ml_trees_size(const MlTrees *trees)
{
	MlWriter	writer = {0};

	write_all(&writer, trees);
	return writer.size;
}

MlCode
ml_trees_check_least(const MlHost *host, int n_outputs, uint32_t flags, uint32_t n_trees, MlStatus *status)
{
	MlTrees		leaves = {.n_outputs = n_outputs,.n_trees = n_trees,.n_nodes = n_trees};
	size_t		size;

	leaves.n_vectors = flags & ML_TREES_VECTOR ? (uint64_t) n_trees * (uint64_t) n_outputs : 0;
	size = ml_trees_size(&leaves);
	if (host->model_limit == 0 || size <= host->model_limit)
		return ML_OK;
	ml_status_set(status, ML_TOO_LARGE, "the model needs at least %zu kB, more than mlops.max_model_size (%zu kB)",
				  size / 1024, host->model_limit / 1024);
	ml_status_detail(status, "It has %u trees, which take that much even when none of them has a split.", n_trees);
	ml_status_hint(status, "Lower \"n_estimators\", or raise mlops.max_model_size.");
	return ML_TOO_LARGE;
}

MlCode
ml_trees_check_size(const MlTreeMaker *m, int n_trees, MlStatus *status)
{
	double		size = (double) ml_trees_size(&m->trees) / m->trees.n_trees * n_trees;

	if (m->host->model_limit == 0 || size <= (double) m->host->model_limit)
		return ML_OK;
	ml_status_set(status, ML_TOO_LARGE, "the model needs %.0f kB, more than mlops.max_model_size (%zu kB)",
				  size / 1024, m->host->model_limit / 1024);
	ml_status_hint(status, "Lower %s\"max_leaves\" or \"max_depth\", raise \"min_samples_leaf\", "
				   "or raise mlops.max_model_size.", n_trees > 1 ? "\"n_estimators\", " : "");
	return ML_TOO_LARGE;
}

MlCode
ml_trees_write(const MlTreeMaker *m, void **out, size_t *size, MlStatus *status)
{
	MlWriter	writer = {0};

	*size = ml_trees_size(&m->trees);
	*out = m->host->alloc(m->host, *size);
	if (*out == NULL)
		return ml_no_memory(status, *size, "model");
	writer.start = *out;
	write_all(&writer, &m->trees);
	return ML_OK;
}

void
ml_trees_end(MlTreeMaker *m)
{
	void	   *array[] = {m->base, m->root, m->node, m->cover, m->says, m->word, m->vector};
	size_t		i;

	for (i = 0; i < sizeof(array) / sizeof(array[0]); i++)
		if (array[i])
			m->host->release(m->host, array[i]);
	memset(m, 0, sizeof(*m));
}

void
ml_trees_importance(const MlTrees *trees, const MlPrep *prep, double *importance)
{
	double		total = 0;
	uint32_t	i;
	int			c;
	int			k;

	for (c = 0; c < prep->p; c++)
		importance[c] = 0;
	for (i = 0; i < trees->n_nodes; i++)
		if (!ml_tree_is_leaf(trees, i))
		{
			c = ml_prep_extended_owner(prep, (int) (trees->node[i].column & ML_NODE_COLUMN), &k);
			importance[c] += trees->says[i];
			total += trees->says[i];
		}
	for (c = 0; c < prep->p && total > 0; c++)
		importance[c] /= total;
}
