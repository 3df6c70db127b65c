/*
 * tree_bytes.h: the section of tree learners within a model's bytes.
 *
 *	  0	MlTreeHead	(below)
 *	 32	double		base[n_outputs]
 *		uint32		root[n_trees], zeroes up to a multiple of 8
 *		MlTreeNode	node[n_nodes]: 16 bytes each
 *		double		cover[n_nodes]
 *		double		gain[n_nodes]
 *		uint64		word[n_words]: bits of category nodes, (levels + 63) / 64 words a node
 *		double		vector[n_vectors]
 */
#ifndef ML_TREE_BYTES_H
#define ML_TREE_BYTES_H

#include "learn/tree.h"

typedef struct MlTreeHead
{
	uint32_t	flags;
	uint32_t	n_outputs;
	uint32_t	n_trees;
	uint32_t	n_nodes;
	uint64_t	n_words;
	uint64_t	n_vectors;
} MlTreeHead;

_Static_assert(sizeof(MlTreeHead) == 32, "stored struct");
_Static_assert(sizeof(MlTreeNode) == 16, "stored struct");
_Static_assert(offsetof(MlTreeNode, left) == 8, "stored struct");

#endif
