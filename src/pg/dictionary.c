/*
 * dictionary.c: open addressing over byte strings, linear probing, at most
 * half full.
 */
#include "postgres.h"

#include "kernel/hash.h"
#include "pg/dictionary.h"

#define FIRST_ROOM 16
#define CHUNK_SIZE (64 * 1024)
#define HASH_SEED UINT64_C(0x6d6c6f70)

static void *
take(MlopsHost *host, Size size)
{
	void	   *p = host->host.alloc(&host->host, size);

	if (p == NULL)
		mlops_host_no_memory(host, size);
	return p;
}

static void
make_slots(MlopsDictionary *dictionary)
{
	Size		slots = (Size) dictionary->room * 2;

	dictionary->mask = (uint32) (slots - 1);
	dictionary->slot = take(dictionary->host, slots * sizeof(int32));
	memset(dictionary->slot, 0xff, slots * sizeof(int32));
}

MlopsDictionary *
mlops_dictionary_create(MlopsHost *host)
{
	MlopsDictionary *dictionary = take(host, sizeof(MlopsDictionary));

	memset(dictionary, 0, sizeof(*dictionary));
	dictionary->host = host;
	dictionary->room = FIRST_ROOM;
	dictionary->text = take(host, sizeof(char *) * FIRST_ROOM);
	dictionary->len = take(host, sizeof(uint32) * FIRST_ROOM);
	dictionary->hash = take(host, sizeof(uint64) * FIRST_ROOM);
	make_slots(dictionary);
	return dictionary;
}

static void
enlarge(MlopsDictionary *dictionary)
{
	MlopsHost  *host = dictionary->host;
	Size		room = (Size) dictionary->room * 2;

	if (room > PG_INT32_MAX / 2)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a category has too many distinct values")));
	dictionary->text = mlops_host_resize(host, dictionary->text, sizeof(char *) * room);
	dictionary->len = mlops_host_resize(host, dictionary->len, sizeof(uint32) * room);
	dictionary->hash = mlops_host_resize(host, dictionary->hash, sizeof(uint64) * room);
	dictionary->room = (int32) room;
	host->host.release(&host->host, dictionary->slot);
	dictionary->slot = NULL;
	make_slots(dictionary);
	for (int32 i = 0; i < dictionary->n; i++)
	{
		uint32		at = (uint32) dictionary->hash[i] & dictionary->mask;

		while (dictionary->slot[at] >= 0)
			at = (at + 1) & dictionary->mask;
		dictionary->slot[at] = i;
	}
}

/* A copy with a zero byte after it. */
static const char *
keep(MlopsDictionary *dictionary, const char *text, Size len)
{
	char	   *copy;

	if (dictionary->chunk_size - dictionary->chunk_used < len + 1)
	{
		/* the first chunk is small: most categories have few levels */
		Size		size = dictionary->chunk_size == 0 ? 256 : Min(dictionary->chunk_size * 2, CHUNK_SIZE);

		dictionary->chunk_size = Max(size, len + 1);
		dictionary->chunk = take(dictionary->host, dictionary->chunk_size);
		dictionary->chunk_used = 0;
	}
	copy = dictionary->chunk + dictionary->chunk_used;
	memcpy(copy, text, len);
	copy[len] = '\0';
	dictionary->chunk_used += len + 1;
	return copy;
}

int32
mlops_dictionary_code(MlopsDictionary *dictionary, const char *text, Size len)
{
	uint64		hash = ml_hash_bytes(text, len, HASH_SEED);
	uint32		at = (uint32) hash & dictionary->mask;
	int32		code;

	while ((code = dictionary->slot[at]) >= 0)
	{
		if (dictionary->hash[code] == hash && dictionary->len[code] == len &&
			memcmp(dictionary->text[code], text, len) == 0)
			return code;
		at = (at + 1) & dictionary->mask;
	}
	if (dictionary->n == dictionary->room)
	{
		enlarge(dictionary);
		return mlops_dictionary_code(dictionary, text, len);
	}
	code = dictionary->n;
	dictionary->text[code] = keep(dictionary, text, len);
	dictionary->len[code] = (uint32) len;
	dictionary->hash[code] = hash;
	dictionary->slot[at] = code;
	dictionary->n++;
	return code;
}

void
mlops_dictionary_rename(MlopsDictionary *dictionary, int32 code, const char *text, Size len)
{
	dictionary->text[code] = keep(dictionary, text, len);
	dictionary->len[code] = (uint32) len;
}

static int
compare_texts(const void *a, const void *b, void *arg)
{
	const char **text = arg;

	/* texts hold no zero byte, so this is the order of COLLATE "C" */
	return strcmp(text[*(const int32 *) a], text[*(const int32 *) b]);
}

const char **
mlops_dictionary_finish(MlopsDictionary *dictionary, int32 *code, int64 n)
{
	MlopsHost  *host = dictionary->host;
	int32		levels = dictionary->n;
	int32	   *order = take(host, sizeof(int32) * Max(levels, 1));
	int32	   *rank = take(host, sizeof(int32) * Max(levels, 1));
	const char **text = take(host, sizeof(char *) * Max(levels, 1));

	for (int32 i = 0; i < levels; i++)
		order[i] = i;
	qsort_arg(order, levels, sizeof(int32), compare_texts, dictionary->text);
	for (int32 i = 0; i < levels; i++)
	{
		rank[order[i]] = i;
		text[i] = dictionary->text[order[i]];
	}
	for (int64 i = 0; i < n; i++)
		if (code[i] >= 0)
			code[i] = rank[code[i]];
	host->host.release(&host->host, order);
	host->host.release(&host->host, rank);
	host->host.release(&host->host, dictionary->text);
	host->host.release(&host->host, dictionary->len);
	host->host.release(&host->host, dictionary->hash);
	host->host.release(&host->host, dictionary->slot);
	dictionary->text = NULL;
	return text;
}
